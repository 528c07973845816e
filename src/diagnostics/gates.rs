//! Statistics of the gates along a sequence, and of the recurrent matrices that feed them.

use tch::{Kind, Tensor, no_grad};

use super::segments::Segments;
use crate::cell::{Activation, Parameters, PreparedLayer, Products, Recurrent, State};
use crate::engine::{check, engine, exact_engine};
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
    let method = exact_engine(p.cell);
    let initial = check(engine(method), p, input, initial)?;
    Ok(no_grad(|| {
        let names = p.cell.gates();
        let layers: Vec<PreparedLayer> = p.layers.iter().map(|layer| p.cell.prepare(layer)).collect();
        let sums = activation_sums(p, &layers, &Segments::new(method, p, input, initial));
        let recurrent = p.cell.layout().recurrent;
        let mut values = Vec::new();
        for (layer, (prepared, sums)) in layers.iter().zip(&sums).enumerate() {
            for ((&gate, weights), sums) in names.iter().zip(&prepared.gates).zip(sums) {
                let found = sums.means().into_iter().chain(matrix_statistics(recurrent, &weights.w_h));
                values.extend(found.map(|(statistic, value)| GateValue { layer, gate, statistic, value }));
            }
        }
        values
    }))
}

/// Returns sums over the activations of each layer and gate.
fn activation_sums(p: &Parameters, layers: &[PreparedLayer], segments: &Segments) -> Vec<Vec<Sums>> {
    let cell = p.cell;
    let of_layer = |_| (0..cell.gates().len()).map(|gate| Sums::new(cell.activation(gate))).collect();
    let mut sums: Vec<Vec<Sums>> = layers.iter().map(of_layer).collect();
    let rows = |tensor: &Tensor| tensor.flatten(0, 1);
    for (segment, _) in segments.ranges() {
        let mut below = segments.input(segment);
        for ((layer, prepared), sums) in segments.run(segment).iter().zip(layers).zip(&mut sums) {
            let (x, before) = (rows(&below), layer.before().map(rows));
            let activations = cell.activations(&Products::separate(prepared, &x, &before.h), &before);
            sums.iter_mut().zip(&activations).for_each(|(sums, activation)| sums.add(activation));
            below = layer.output();
        }
    }
    sums
}

/// Sums over the activations of a gate.
struct Sums {
    activation: Activation,
    count: f64,
    value: f64,
    low: f64,
    high: f64,
    log10: f64,
}

impl Sums {
    fn new(activation: Activation) -> Sums {
        Sums { activation, count: 0.0, value: 0.0, low: 0.0, high: 0.0, log10: 0.0 }
    }

    /// Returns the least and the largest value of the activation, if it has them.
    fn range(&self) -> Option<(f64, f64)> {
        match self.activation {
            Activation::Sigmoid => Some((0.0, 1.0)),
            Activation::Tanh => Some((-1.0, 1.0)),
            Activation::Unbounded => None,
        }
    }

    fn add(&mut self, activation: &Tensor) {
        let sum = |tensor: &Tensor| tensor.sum(Kind::Double).double_value(&[]);
        self.count += activation.numel() as f64;
        self.value += sum(activation);
        if let Some((low, high)) = self.range() {
            let margin = SATURATED_PART * (high - low);
            self.low += sum(&activation.lt(low + margin));
            self.high += sum(&activation.gt(high - margin));
        }
        if self.activation == Activation::Sigmoid {
            self.log10 += sum(&activation.to_kind(Kind::Double).log10());
        }
    }

    /// Returns the means. An activation without ends does not saturate. The mean logarithm is only for a
    /// sigmoid, because other activations may be negative.
    fn means(&self) -> Vec<(GateStatistic, f64)> {
        let mut means = vec![(GateStatistic::Mean, self.value / self.count)];
        if self.range().is_some() {
            means.push((GateStatistic::SaturatedLow, self.low / self.count));
            means.push((GateStatistic::SaturatedHigh, self.high / self.count));
        }
        if self.activation == Activation::Sigmoid {
            means.push((GateStatistic::MeanLog10, self.log10 / self.count));
        }
        means
    }
}

/// Returns log10 of the spectral radius and of the largest singular value of a gate's recurrent matrix, `[H,
/// H]`. A vector `[H]` is a diagonal matrix. A cell without recurrent weights has neither. A matrix `[H, P]`
/// of a cell with a projection has no eigenvalues, so it has no spectral radius.
fn matrix_statistics(recurrent: Recurrent, w_h: &Tensor) -> Vec<(GateStatistic, f64)> {
    let w_h = match recurrent {
        Recurrent::Matrices => w_h.to_kind(Kind::Double),
        Recurrent::Vector => w_h.to_kind(Kind::Double).diag(0),
        Recurrent::None => return vec![],
    };
    let norm = w_h.linalg_norm(2, [0, 1].as_slice(), false, Kind::Double).double_value(&[]);
    let radius = || w_h.linalg_eigvals().abs().max().double_value(&[]);
    let is_square = w_h.size()[0] == w_h.size()[1];
    let radius = is_square.then(|| (GateStatistic::SpectralRadius, radius().log10()));
    radius.into_iter().chain([(GateStatistic::SpectralNorm, norm.log10())]).collect()
}
