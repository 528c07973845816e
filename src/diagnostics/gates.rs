//! Statistics of the gates along a sequence, and of the recurrent matrices that feed them.

use tch::{Kind, Tensor, no_grad};

use super::segments::Segments;
use crate::cell::{Gate, Parameters, State};
use crate::engine::analytic::Analytic;
use crate::engine::check;
use crate::error::Result;
use crate::settings::names::GateStatistic;

/// One statistic of one gate.
#[derive(Debug, Clone, PartialEq)]
pub struct GateValue {
    /// The layer, from 0.
    pub layer: usize,
    /// The gate, as in [`crate::cell::Cell::gates`].
    pub gate: &'static str,
    /// The statistic.
    pub statistic: GateStatistic,
    /// The value of the statistic. It is −∞ for the logarithm of 0.
    pub value: f64,
}

/// The fraction of its range, at either end, in which an activation counts as saturated. For sigmoids, 0.1
/// follows Karpathy, Johnson & Fei-Fei (2015).
const SATURATED_PART: f64 = 0.1;

/// Returns statistics of every gate of every layer, over all steps, sequences and units of `input` `[T, B,
/// I]`. The initial states are `initial` or zeros.
///
/// # Errors
/// A shape that does not fit the parameters.
pub fn statistics(p: &Parameters, input: &Tensor, initial: Option<&[State]>) -> Result<Vec<GateValue>> {
    let initial = check(&Analytic, p, input, initial)?;
    Ok(no_grad(|| {
        let cell = p.cell();
        let names = cell.gates();
        let gates: Vec<Vec<Gate>> = p.layers.iter().map(|layer| layer.gates(names.len())).collect();
        let sums = activation_sums(p, &gates, &Segments::new(p, input, initial));
        let mut values = Vec::new();
        for (layer, (gates, sums)) in gates.iter().zip(&sums).enumerate() {
            for ((&gate, weights), sums) in names.iter().zip(gates).zip(sums) {
                let found = sums.means().into_iter().chain(matrix_statistics(&weights.w_h));
                values.extend(found.map(|(statistic, value)| GateValue { layer, gate, statistic, value }));
            }
        }
        values
    }))
}

/// Returns sums over the activations of each layer and gate.
fn activation_sums(p: &Parameters, gates: &[Vec<Gate>], segments: &Segments) -> Vec<Vec<Sums>> {
    let cell = p.cell();
    let of_gate = |n| Sums { is_tanh: n == cell.candidate(), ..Sums::default() };
    let mut sums: Vec<Vec<Sums>> =
        gates.iter().map(|gates| (0..gates.len()).map(of_gate).collect()).collect();
    let rows = |tensor: &Tensor| tensor.flatten(0, 1);
    for (segment, _) in segments.ranges() {
        let mut below = segments.input(segment);
        for ((layer, gates), sums) in segments.run(segment).iter().zip(gates).zip(&mut sums) {
            let activations = cell.activations(gates, &rows(&below), &rows(&layer.before()));
            sums.iter_mut().zip(&activations).for_each(|(sums, activation)| sums.add(activation));
            below = layer.output();
        }
    }
    sums
}

/// Sums over the activations of a gate.
#[derive(Default)]
struct Sums {
    is_tanh: bool,
    count: f64,
    activation: f64,
    low: f64,
    high: f64,
    log10: f64,
}

impl Sums {
    fn add(&mut self, activation: &Tensor) {
        let (low, high) = if self.is_tanh { (-1.0, 1.0) } else { (0.0, 1.0) };
        let margin = SATURATED_PART * (high - low);
        let sum = |tensor: &Tensor| tensor.sum(Kind::Double).double_value(&[]);
        self.count += activation.numel() as f64;
        self.activation += sum(activation);
        self.low += sum(&activation.lt(low + margin));
        self.high += sum(&activation.gt(high - margin));
        if !self.is_tanh {
            self.log10 += sum(&activation.to_kind(Kind::Double).log10());
        }
    }

    /// Returns the means. The mean logarithm is only for a sigmoid, because a tanh may be negative.
    fn means(&self) -> Vec<(GateStatistic, f64)> {
        let mut means = vec![
            (GateStatistic::Mean, self.activation / self.count),
            (GateStatistic::SaturatedLow, self.low / self.count),
            (GateStatistic::SaturatedHigh, self.high / self.count),
        ];
        if !self.is_tanh {
            means.push((GateStatistic::MeanLog10, self.log10 / self.count));
        }
        means
    }
}

/// Returns log10 of the spectral radius and of the largest singular value of a gate's recurrent matrix,
/// `[H, H]`.
fn matrix_statistics(w_h: &Tensor) -> [(GateStatistic, f64); 2] {
    let w_h = w_h.to_kind(Kind::Double);
    let radius = w_h.linalg_eigvals().abs().max().double_value(&[]);
    let norm = w_h.linalg_norm(2, [0, 1].as_slice(), false, Kind::Double);
    [
        (GateStatistic::SpectralRadius, radius.log10()),
        (GateStatistic::SpectralNorm, norm.double_value(&[]).log10()),
    ]
}
