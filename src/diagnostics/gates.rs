//! Statistics of the gates along a sequence, and of the matrices that feed them from the last state.

use tch::{Kind, Tensor, no_grad};

use super::pieces::{Layer, Pieces};
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
    /// Which statistic.
    pub statistic: GateStatistic,
    /// The number; −∞ for the logarithm of 0.
    pub value: f64,
}

/// How near to an end of its range an activation counts as saturated: a tenth of the range (for sigmoids as in Karpathy,
/// Johnson & Fei-Fei 2015).
const NEAR_END: f64 = 0.1;

/// Statistics of every gate of every layer over all steps, sequences and units of `input` `[T, B, I]`, run from the states
/// `first` or zeros.
///
/// # Errors
/// A shape that does not fit the parameters.
pub fn statistics(p: &Parameters, input: &Tensor, first: Option<&[State]>) -> Result<Vec<GateValue>> {
    let first = check(&Analytic, p, input, first)?;
    Ok(no_grad(|| {
        let pieces = Pieces::new(p, input, first);
        let names = p.cell().gates();
        let gates: Vec<Vec<Gate>> = p.layers.iter().map(|layer| layer.gates(names.len())).collect();
        let mut sums = vec![vec![Sums::default(); names.len()]; p.layers.len()];
        for (piece, _) in pieces.ranges() {
            let mut below = pieces.input(piece);
            for ((layer, gates), sums) in pieces.run(piece).iter().zip(&gates).zip(&mut sums) {
                let activations = activations(p, gates, &below, layer);
                for (n, (sums, activation)) in sums.iter_mut().zip(&activations).enumerate() {
                    sums.add(activation, n == p.cell().candidate());
                }
                below = layer.output();
            }
        }
        let mut values = Vec::new();
        for (layer, (gates, sums)) in gates.iter().zip(&sums).enumerate() {
            for (n, &gate) in names.iter().enumerate() {
                let mut found = sums[n].means(n == p.cell().candidate());
                found.extend(of_matrix(&gates[n].w_h));
                values.extend(found.into_iter().map(|(statistic, value)| GateValue {
                    layer,
                    gate,
                    statistic,
                    value,
                }));
            }
        }
        values
    }))
}

/// The activations of all gates at all steps of a piece, each `[t · B, H]`.
fn activations(p: &Parameters, gates: &[Gate], input: &Tensor, layer: &Layer) -> Vec<Tensor> {
    let rows = |tensor: &Tensor| tensor.flatten(0, 1);
    p.cell().activations(gates, &rows(input), &rows(&layer.before()))
}

/// Sums over activations.
#[derive(Default, Clone)]
struct Sums {
    count: f64,
    mean: f64,
    low: f64,
    high: f64,
    log10: f64,
}

impl Sums {
    fn add(&mut self, activation: &Tensor, is_tanh: bool) {
        let (low, high) = if is_tanh { (-1.0, 1.0) } else { (0.0, 1.0) };
        let margin = NEAR_END * (high - low);
        let sum = |tensor: &Tensor| tensor.sum(Kind::Double).double_value(&[]);
        self.count += activation.numel() as f64;
        self.mean += sum(activation);
        self.low += sum(&activation.lt(low + margin));
        self.high += sum(&activation.gt(high - margin));
        if !is_tanh {
            self.log10 += sum(&activation.to_kind(Kind::Double).log10());
        }
    }

    fn means(&self, is_tanh: bool) -> Vec<(GateStatistic, f64)> {
        let mut means = vec![
            (GateStatistic::Mean, self.mean / self.count),
            (GateStatistic::SaturatedLow, self.low / self.count),
            (GateStatistic::SaturatedHigh, self.high / self.count),
        ];
        if !is_tanh {
            means.push((GateStatistic::MeanLog10, self.log10 / self.count));
        }
        means
    }
}

/// log10 of the spectral radius and of the largest singular value of a gate's recurrent matrix, `[H, H]`.
fn of_matrix(w_h: &Tensor) -> [(GateStatistic, f64); 2] {
    let w_h = w_h.to_kind(Kind::Double);
    let radius = w_h.linalg_eigvals().abs().max().double_value(&[]);
    let norm = w_h.linalg_norm(2, [0, 1].as_slice(), false, Kind::Double);
    [
        (GateStatistic::SpectralRadius, radius.log10()),
        (GateStatistic::SpectralNorm, norm.double_value(&[]).log10()),
    ]
}
