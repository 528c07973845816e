//! The terms of the gradient of each parameter, one for each step.
//!
//! A parameter acts at every step, so its gradient is a sum over steps. The term of step t is the adjoint of
//! s_t, pulled back to the parameter through step t alone.

use tch::{Kind, Tensor, with_grad};

use super::scaled::Scaled;
use crate::cell::{Parameters, PreparedLayer, State};
use crate::engine::gradients::vjp;

/// A gradient with an extended exponent: `mantissa · 2^exponent`.
#[derive(Debug)]
pub struct Wide {
    mantissa: Tensor,
    exponent: f64,
}

impl Wide {
    /// The exponent of a sum without terms. It is far below those of other numbers.
    const EMPTY: f64 = -1e18;

    fn zero(like: &Tensor) -> Wide {
        Wide { mantissa: Tensor::zeros(like.size(), (Kind::Double, like.device())), exponent: Wide::EMPTY }
    }

    /// Adds `factor` times another gradient. The larger exponent remains.
    fn add(&mut self, other: &Wide, factor: f64) {
        let exponent = self.exponent.max(other.exponent);
        let scale = |wide: &Wide| (wide.exponent - exponent).exp2();
        self.mantissa = &self.mantissa * scale(self) + &other.mantissa * (factor * scale(other));
        self.exponent = exponent;
    }

    /// Returns the L2 norm of the mantissa over all components.
    fn norm(&self) -> f64 {
        self.mantissa.norm().double_value(&[])
    }

    /// Returns log10 of the L2 norm; −∞ for 0.
    fn log10_norm(&self) -> f64 {
        let norm = self.norm();
        if norm == 0.0 { f64::NEG_INFINITY } else { norm.log10() + self.exponent * std::f64::consts::LOG10_2 }
    }
}

/// The part of the gradient of a parameter that belongs to one lag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// log10 of the norm of the term of this lag.
    pub log10_term: f64,
    /// log10 of the norm of the sum of the terms up to this lag.
    pub log10_sum: f64,
    /// The scalar product of the term with the whole gradient, over the square of the norm of the whole. The
    /// shares of all lags add up to 1.
    pub share: f64,
    /// The norm of the rest of the sum, over the norm of the whole gradient: the relative error of a gradient
    /// whose backward pass stops after this lag. It is at least rounding, about 1e-16.
    pub truncation_error: f64,
}

/// The terms of all parameters, added up while a backward sweep goes from the last step to the first.
pub struct Terms {
    /// The parameters, as leaves of the autograd graph.
    p: Parameters,
    layer: Option<LayerSteps>,
    /// The sums of the terms so far, for each layer and parameter.
    sums: Vec<Vec<Wide>>,
    /// The whole gradients with the norms of their mantissas, from an earlier sweep.
    whole: Option<Vec<Vec<(Wide, f64)>>>,
    /// The parts of each layer and parameter by lag, if the whole gradients are known.
    parts: Vec<Vec<Vec<Part>>>,
}

impl Terms {
    /// Returns sums without terms. With the sums of an earlier sweep, the parts of each lag are recorded.
    pub fn new(p: &Parameters, whole: Option<Vec<Vec<Wide>>>) -> Terms {
        let sums = p.layers.iter().map(|layer| layer.tensors().into_iter().map(Wide::zero).collect());
        let parts = p.layers.iter().map(|layer| layer.tensors().iter().map(|_| Vec::new()).collect());
        let with_norm = |sum: Wide| {
            let norm = sum.norm();
            (sum, norm)
        };
        let of_layer = |sums: Vec<Wide>| sums.into_iter().map(with_norm).collect();
        let whole = whole.map(|layers| layers.into_iter().map(of_layer).collect());
        Terms { p: p.leaves(), layer: None, sums: sums.collect(), whole, parts: parts.collect() }
    }

    /// Begins a segment of a layer, given its states before and after each step, `[t+1, B, H]`, and its
    /// input, `[t, B, I]`.
    pub fn enter(&mut self, n: usize, states: &State, input: Tensor) {
        let (cell, p) = (self.p.cell, &self.p.layers[n]);
        let prepared = with_grad(|| (cell.prepare(p), cell.input_bias(p)));
        self.layer = Some(LayerSteps { n, prepared, states: states.shallow_clone(), input });
    }

    /// Adds the terms of step t of the segment. The adjoint of s_t is that of
    /// [`super::recursion::Recursion`], times 2^exponent, `[B, 1]`. The terms are those of the mean over
    /// the sequences.
    pub fn add(&mut self, t: usize, adjoint: &State, exponent: &Tensor) {
        let layer = self.layer.as_ref().expect("a segment was entered");
        let largest = exponent.max();
        let factor = Scaled::factor(exponent, &largest) / exponent.size()[0];
        let adjoint = adjoint.map(|adjoint| (adjoint * &factor).to_kind(adjoint.kind()));
        let exponent = largest.double_value(&[]);
        let n = layer.n;
        for (m, gradient) in layer.gradients(&self.p, t, &adjoint).into_iter().enumerate() {
            let term = Wide { mantissa: gradient.to_kind(Kind::Double), exponent };
            self.sums[n][m].add(&term, 1.0);
            if let Some(whole) = &self.whole {
                self.parts[n][m].push(part(&term, &self.sums[n][m], &whole[n][m]));
            }
        }
    }

    /// Returns the sums.
    pub fn into_sums(self) -> Vec<Vec<Wide>> {
        self.sums
    }

    /// Returns the parts of each layer and parameter by lag.
    pub fn into_parts(self) -> Vec<Vec<Vec<Part>>> {
        self.parts
    }
}

fn part(term: &Wide, sum: &Wide, (whole, norm): &(Wide, f64)) -> Part {
    let mut rest = Wide { mantissa: whole.mantissa.shallow_clone(), exponent: whole.exponent };
    rest.add(sum, -1.0);
    let product = (&term.mantissa * &whole.mantissa).sum(Kind::Double).double_value(&[]);
    let scale = |wide: &Wide| (wide.exponent - whole.exponent).exp2();
    Part {
        log10_term: term.log10_norm(),
        log10_sum: sum.log10_norm(),
        share: product / norm.powi(2) * scale(term),
        truncation_error: rest.norm() / norm * scale(&rest),
    }
}

/// One layer over one segment.
struct LayerSteps {
    n: usize,
    /// The parameters in the forms that a loop over time needs, and the bias of the input, with their graph.
    prepared: (PreparedLayer, Tensor),
    states: State,
    input: Tensor,
}

impl LayerSteps {
    /// Returns the gradients of all parameters through step t, in the order of
    /// [`crate::cell::LayerParameters::tensors`].
    fn gradients(&self, stack: &Parameters, t: usize, adjoint: &State) -> Vec<Tensor> {
        let p = &stack.layers[self.n];
        let previous = self.states.map(|states| states.get(t as i64));
        let next = with_grad(|| {
            let (layer, bias) = &self.prepared;
            let projection = p.project(bias, &self.input.narrow(0, t as i64, 1)).squeeze_dim(0);
            stack.cell.step_from_projection(layer, &projection, &previous)
        });
        vjp(&next.tensors(), &adjoint.tensors(), &p.tensors())
    }
}
