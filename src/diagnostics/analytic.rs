//! Adjoints at any sequence length, without underflow or overflow, in memory that grows as √T.
//!
//! Autograd keeps every step and multiplies floats: after some hundred steps a gradient is exactly 0 or
//! infinite. The analytic backward recursion avoids this with an extended exponent for each sequence.
//! Gradient checkpointing bounds the memory.

use std::ops::Range;

use tch::{Kind, Tensor, no_grad};

use super::norm::{Norm, norms_scaled};
use super::paths::Paths;
use super::profile::{DiagnosticOptions, Profile, ProfileBuilder, SegmentLoss};
use super::scaled::Scaled;
use super::segments::{LayerSegment, Segments};
use crate::cell::{LayerParameters, Parameters, State};
use crate::engine::analytic::{Analytic, BackwardStep};
use crate::engine::check;
use crate::error::Result;
use crate::settings::names::Quantity;

/// Returns `total_h`, `total_c` (LSTM) and `direct_h` of every layer and `input_x`, at every step of
/// `input` `[T, B, I]`. The initial states are `initial` or zeros. With `split_paths`, also returns
/// `cell_path` and `gate_path`.
///
/// # Errors
/// A shape that does not fit the parameters.
pub fn profiles(
    p: &Parameters,
    input: &Tensor,
    initial: Option<&[State]>,
    options: DiagnosticOptions,
    loss: &SegmentLoss,
) -> Result<Vec<Profile>> {
    let initial = check(&Analytic, p, input, initial)?;
    no_grad(|| {
        let segments = Segments::new(p, input, initial);
        let mut profiles = ProfileBuilder::new(p.layers.len(), input.size()[0] as usize);
        let mut adjoints: Vec<Option<Adjoint>> = p.layers.iter().map(|_| None).collect();
        for (segment, range) in segments.ranges().rev() {
            let layers = segments.run(segment);
            let output = layers.last().map(LayerSegment::output).expect("a stack has a layer");
            let mut direct = Scaled::new(&loss_gradient(loss, &output, &range));
            for (n, layer) in layers.into_iter().enumerate().rev() {
                let mut set = |quantity, norms| profiles.set(quantity, n, range.start, norms);
                let (p, adjoint) = (&p.layers[n], &mut adjoints[n]);
                direct = backward(&layer, p, direct, options.split_paths, adjoint, &mut set);
            }
            profiles.set(Quantity::InputX, 0, range.start, norms_scaled(&direct));
        }
        Ok(profiles.finish())
    })
}

/// Returns ∂loss/∂output of one segment, `[t, B, H]`, in f64.
fn loss_gradient(loss: &SegmentLoss, output: &Tensor, steps: &Range<usize>) -> Tensor {
    let leaf = output.detach().copy().set_requires_grad(true);
    let gradient = tch::with_grad(|| {
        let loss = loss(&leaf, steps.clone())?;
        Some(Tensor::run_backward(&[loss], &[&leaf], false, false).remove(0))
    });
    gradient.filter(Tensor::defined).unwrap_or_else(|| output.zeros_like()).to_kind(Kind::Double)
}

/// The adjoint of a layer's state at one step. Each tensor is `[B, H]`, times 2^exponent, `[B, 1]`.
struct Adjoint {
    h: Tensor,
    c: Option<Tensor>,
    exponent: Tensor,
    paths: Option<Paths>,
}

impl Adjoint {
    /// Returns the adjoint after the last step of a sequence, which is 0.
    fn zero(layer: &LayerSegment, split_paths: bool) -> Adjoint {
        let Scaled { mantissa: h, exponent } = Scaled::zeros_like(&layer.h.get(0));
        let c = layer.cache.c().map(|_| h.copy());
        let paths = split_paths.then(|| Paths::zeros_like(&h));
        Adjoint { h, c, exponent, paths }
    }

    /// Adds the direct part of a step to h. Both are aligned to the larger exponent.
    fn add_direct(&mut self, direct: &Scaled) {
        let larger = self.exponent.maximum(&direct.exponent);
        let factor = Scaled::factor(&self.exponent, &larger);
        let kind = self.h.kind();
        let direct = &direct.mantissa * Scaled::factor(&direct.exponent, &larger);
        self.h = (&self.h * &factor + direct).to_kind(kind);
        self.c = self.c.take().map(|c| (c * factor).to_kind(kind));
        self.exponent = larger;
    }

    /// Moves a power of two into the exponent, so that the largest component is near 1.
    fn rescale(&mut self) {
        let mut largest = self.h.abs().amax([-1], true);
        if let Some(c) = &self.c {
            largest = largest.maximum(&c.abs().amax([-1], true));
        }
        let rescaled = |mantissa: &Tensor| self.scaled(mantissa).normalised(&largest);
        let (h, c) = (rescaled(&self.h), self.c.as_ref().map(rescaled));
        (self.h, self.exponent) = (h.mantissa, h.exponent);
        self.c = c.map(|c| c.mantissa);
    }

    /// Returns a tensor with the exponent of the adjoint.
    fn scaled(&self, mantissa: &Tensor) -> Scaled {
        Scaled { mantissa: mantissa.shallow_clone(), exponent: self.exponent.shallow_clone() }
    }

    /// Computes the recursion from step t to the step before.
    fn step_back(&mut self, t: usize, step: &mut dyn BackwardStep, w_hh: &Tensor) {
        step.gate_grads(t, &self.h, self.c.as_mut());
        let mut earlier = step.delta(t).matmul(w_hh);
        if let Some(paths) = &mut self.paths {
            paths.step_back(t, step, earlier.copy());
        }
        step.add_skip_to_h(t, &self.h, &mut earlier);
        self.h = earlier;
    }
}

/// Runs the backward recursion of a layer through one segment, given the direct part of its adjoint, `[t,
/// B, H]`.
///
/// Calls `set` with the norms of the layer. Returns the gradient with respect to the input, `[t, B, I]`,
/// which is the direct part of the layer below.
fn backward(
    layer: &LayerSegment,
    p: &LayerParameters,
    direct: Scaled,
    split_paths: bool,
    adjoint: &mut Option<Adjoint>,
    set: &mut dyn FnMut(Quantity, Vec<Norm>),
) -> Scaled {
    set(Quantity::DirectH, norms_scaled(&direct));
    let mut step = layer.cache.backward_steps(&layer.h);
    let adjoint =
        adjoint.get_or_insert_with(|| Adjoint::zero(layer, split_paths && step.retention(0).is_some()));
    // If the loss depends on the last step only, this is true of every segment but the last.
    let no_direct = direct.is_zero();
    let (mut total_h, mut total_c) = (Vec::new(), Vec::new());
    for (t, direct) in direct.unbind().iter().enumerate().rev() {
        if let Some(paths) = &mut adjoint.paths {
            paths.add(t, step.as_ref(), direct, &adjoint.exponent);
        }
        if !no_direct {
            adjoint.add_direct(direct);
        }
        if let Some(c) = &mut adjoint.c {
            step.accumulate_cell_grad(t, &adjoint.h, c);
        }
        adjoint.rescale();
        total_h.push(adjoint.scaled(&adjoint.h));
        total_c.extend(adjoint.c.as_ref().map(|c| adjoint.scaled(&c.copy())));
        adjoint.step_back(t, step.as_mut(), &p.w_hh);
    }
    if let Some(paths) = &mut adjoint.paths {
        let [cell, gates] = paths.take_norms();
        set(Quantity::CellPath, cell);
        set(Quantity::GatePath, gates);
    }
    if !total_c.is_empty() {
        set(Quantity::TotalC, norms_scaled(&Scaled::stack_reversed(total_c)));
    }
    let total_h = Scaled::stack_reversed(total_h);
    set(Quantity::TotalH, norms_scaled(&total_h));
    let mantissa = step.deltas(&total_h.mantissa).of_input.matmul(&p.w_ih);
    Scaled { mantissa, exponent: total_h.exponent }.normalised_rows()
}
