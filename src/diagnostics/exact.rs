//! Adjoints at any sequence length, without underflow or overflow, in memory that grows as √T.
//!
//! Autograd keeps every step and multiplies floats: after some hundred steps a gradient is exactly 0 or
//! infinite. The backward recursion here avoids this with an extended exponent for each sequence: a step is
//! linear in the adjoint, so it commutes with a power of two. Gradient checkpointing bounds the memory.

use std::ops::Range;

use tch::{Kind, Tensor, no_grad};

use super::norm::{Norm, norms_scaled};
use super::paths::Paths;
use super::profile::{DiagnosticOptions, Profile, ProfileBuilder, SegmentLoss};
use super::recursion::{Recursion, recursion};
use super::scaled::Scaled;
use super::scaled_state::ScaledState;
use super::segments::{LayerSegment, Method, Segments};
use super::terms::Terms;
use crate::cell::{Cell, Parameters, State};
use crate::engine::simd::ScaledForward;
use crate::engine::{EngineName, check, engine, gradients};
use crate::error::Result;
use crate::settings::names::Quantity;

/// Returns `total_h`, the totals of carried states (`total_c`), `direct_h` and `later_h` of every layer, and
/// `input_x`, at every step of `input` `[T, B, I]`. The initial states are `initial` or those of
/// [`crate::cell::Cell::zero_state`]. With `split_paths`, also returns `cell_path` and `gate_path`. The
/// engine `analytic` uses its derivation; `recompute` serves any cell. `simd` uses its kernels, in f64,
/// without the paths and `later_h`.
///
/// # Errors
/// A shape that does not fit the parameters, or a cell without a derivation.
pub fn profiles(
    method: EngineName,
    p: &Parameters,
    input: &Tensor,
    initial: Option<&[State]>,
    options: DiagnosticOptions,
    loss: &SegmentLoss,
) -> Result<Vec<Profile>> {
    let initial = check(engine(method), p, input, initial)?;
    no_grad(|| {
        let segments = Segments::new(method, p, input, initial);
        Ok(sweep(&segments, p, loss, options.split_paths, None))
    })
}

/// Goes back through all segments. `terms` gets the adjoint of every step of every layer.
pub(super) fn sweep(
    segments: &Segments,
    p: &Parameters,
    loss: &SegmentLoss,
    split_paths: bool,
    terms: Option<&mut Terms>,
) -> Vec<Profile> {
    let direct = |output: &Tensor, steps: &Range<usize>| Scaled::new(&loss_gradient(loss, output, steps));
    let mut of_input = vec![Norm::Zero; segments.steps()];
    let mut profiles = sweep_from(segments, p, &direct, split_paths, terms, &mut |steps, gradient| {
        of_input[steps].copy_from_slice(&norms_scaled(&gradient));
    });
    profiles.push(Profile::new(Quantity::InputX, 0, 1.., of_input));
    profiles
}

/// Goes back through all segments like [`sweep`], given the gradient of the output of each segment at its
/// steps, `[t, B, H]`. `of_input` gets the gradient of the input at the steps of each segment, `[t, B, I]`.
pub(super) fn sweep_from(
    segments: &Segments,
    p: &Parameters,
    of_output: &dyn Fn(&Tensor, &Range<usize>) -> Scaled,
    split_paths: bool,
    mut terms: Option<&mut Terms>,
    of_input: &mut dyn FnMut(Range<usize>, Scaled),
) -> Vec<Profile> {
    let split_paths = split_paths && p.cell.has_direct_path();
    let mut profiles = ProfileBuilder::new(p.layers.len(), segments.steps());
    let mut adjoints: Vec<Option<Adjoint>> = p.layers.iter().map(|_| None).collect();
    for (segment, range) in segments.ranges().rev() {
        let layers = segments.run(segment);
        let output = layers.last().map(LayerSegment::output).expect("a stack has a layer");
        let mut direct = of_output(&output, &range);
        for (n, layer) in layers.iter().enumerate().rev() {
            if let Some(terms) = &mut terms {
                let below = n.checked_sub(1).map_or_else(|| segments.input(segment), |n| layers[n].output());
                terms.enter(n, &layer.states, below);
            }
            let mut set = |quantity, norms| profiles.set(quantity, n, range.start, norms);
            let adjoint = adjoints[n].get_or_insert_with(|| Adjoint::zero(&layer.states, split_paths));
            adjoint.whole.truncate(output.size()[1]);
            direct = if let Method::Kernels(pass) = &layer.method {
                backward_in_kernels(pass, direct, adjoint, &mut set)
            } else {
                let mut steps = recursion(p.cell, &p.layers[n], layer, split_paths);
                backward(p.cell, steps.as_mut(), direct, adjoint, terms.as_deref_mut(), &mut set)
            };
        }
        of_input(range, direct);
    }
    profiles.finish()
}

/// Returns ∂loss/∂output of one segment, `[t, B, H]`, in f64.
fn loss_gradient(loss: &SegmentLoss, output: &Tensor, steps: &Range<usize>) -> Tensor {
    let leaf = output.detach().copy().set_requires_grad(true);
    let gradient = tch::with_grad(|| {
        let loss = loss(&leaf, steps.clone())?;
        Some(gradients(&loss, &[&leaf]).remove(0))
    });
    gradient.unwrap_or_else(|| output.zeros_like()).to_kind(Kind::Double)
}

/// The adjoint of a layer's state at one step.
struct Adjoint {
    whole: ScaledState,
    paths: Option<Paths>,
}

impl Adjoint {
    /// Returns the adjoint after the last step of a sequence, which is 0. The states are `[T+1, B, H]`.
    fn zero(states: &State, split_paths: bool) -> Adjoint {
        let last = states.map(|states| states.get(0));
        let paths = split_paths.then(|| Paths::zero(&last));
        Adjoint { whole: ScaledState::zeros_like(&last), paths }
    }

    /// Goes from step t to the step before. Returns the adjoints of the states carried beside h_t, with the
    /// part that passes h_t.
    fn step_back(&mut self, t: usize, steps: &mut dyn Recursion) -> Vec<Tensor> {
        let back = steps.step_back(t, self.whole.state.shallow_clone());
        if let (Some(paths), Some(through_products)) = (&mut self.paths, back.through_products) {
            paths.step_back(t, steps, through_products);
        }
        self.whole.state = back.previous;
        back.totals
    }
}

/// Runs the backward recursion of a layer through one segment, given the direct part of its adjoint, `[t,
/// B, H]`.
///
/// Calls `set` with the norms of the layer, and `terms` with the adjoint of each step. Returns the
/// gradient with respect to the input, `[t, B, I]`, which is the direct part of the layer below.
fn backward(
    cell: &dyn Cell,
    steps: &mut dyn Recursion,
    direct: Scaled,
    adjoint: &mut Adjoint,
    mut terms: Option<&mut Terms>,
    set: &mut dyn FnMut(Quantity, Vec<Norm>),
) -> Scaled {
    set(Quantity::DirectH, norms_scaled(&direct));
    // If the loss depends on the last step only, this is true of every segment but the last.
    let no_direct = direct.is_zero();
    let (mut total_h, mut later_h) = (Vec::new(), Vec::new());
    let mut totals: Vec<Vec<Scaled>> = cell.carried().iter().map(|_| vec![]).collect();
    for (t, direct) in direct.unbind().iter().enumerate().rev() {
        if let Some(paths) = &mut adjoint.paths {
            paths.add(t, steps, direct, &adjoint.whole.exponent);
        }
        if !no_direct {
            later_h.push(adjoint.whole.scaled(&adjoint.whole.state.h));
            adjoint.whole.add_to_h(direct);
        }
        adjoint.whole.rescale();
        let whole = &adjoint.whole;
        total_h.push(whole.scaled(&whole.state.h));
        if let Some(terms) = &mut terms {
            terms.add(t, &whole.state, &whole.exponent);
        }
        for (all, total) in totals.iter_mut().zip(adjoint.step_back(t, steps)) {
            all.push(adjoint.whole.scaled(&total));
        }
    }
    if let Some(paths) = &mut adjoint.paths {
        let [cell, gates] = paths.take_norms();
        set(Quantity::CellPath, cell);
        set(Quantity::GatePath, gates);
    }
    for (state, total) in cell.carried().iter().zip(totals) {
        if let Some(quantity) = Quantity::total(*state) {
            set(quantity, norms_scaled(&Scaled::stack_reversed(total)));
        }
    }
    let total_h = Scaled::stack_reversed(total_h);
    let norms = norms_scaled(&total_h);
    // Without a direct part, the part through later steps is the whole.
    let of_later = match no_direct {
        true => norms.clone(),
        false => norms_scaled(&Scaled::stack_reversed(later_h).normalised_rows()),
    };
    set(Quantity::LaterH, of_later);
    set(Quantity::TotalH, norms);
    let mantissa = steps.input_gradients(&total_h.mantissa);
    Scaled { mantissa, exponent: total_h.exponent }.normalised_rows()
}

/// Runs the backward recursion of a layer through one segment, like [`backward`], in the kernels.
fn backward_in_kernels(
    pass: &ScaledForward,
    direct: Scaled,
    adjoint: &mut Adjoint,
    set: &mut dyn FnMut(Quantity, Vec<Norm>),
) -> Scaled {
    let steps = direct.mantissa.size()[0] as usize;
    let direct = (!direct.is_zero()).then_some(direct);
    set(Quantity::DirectH, direct.as_ref().map_or_else(|| vec![Norm::Zero; steps], norms_scaled));
    let parts = direct.as_ref().map(|direct| (&direct.mantissa, &direct.exponent));
    let ScaledState { state: State { h, carried }, exponent } = &mut adjoint.whole;
    let found = pass.backward(parts, h, carried.first_mut(), exponent);
    let norms =
        |norm: Tensor| norms_scaled(&Scaled { mantissa: norm, exponent: found.exponent.shallow_clone() });
    set(Quantity::TotalH, norms(found.h_norm));
    if let Some(c_norm) = found.c_norm {
        set(Quantity::TotalC, norms(c_norm));
    }
    Scaled { mantissa: found.input, exponent: found.exponent }.normalised_rows()
}
