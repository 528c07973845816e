//! Adjoints of networks that read sequences in both directions, or sequences of several lengths, at any
//! magnitude.
//!
//! The reverse direction is the same recurrence over the sequence in reverse, so the recursion of
//! [`super::exact`] serves both. A layer of both directions can begin only when the layer below has ended, so
//! the outputs of all layers are kept. Within a direction of a layer, memory grows as √T.

use std::ops::Range;

use tch::{Kind, Tensor, no_grad};

use super::exact::sweep_from;
use super::norm::{Norm, norms_scaled};
use super::profile::Profile;
use super::scaled::Scaled;
use super::segments::Segments;
use crate::cell::{Parameters, State};
use crate::engine::{Direction, EngineName, Lengths, Level, Network, Stage, check, engine};
use crate::error::Result;
use crate::settings::names::Quantity;

/// Returns the gradients of [`super::exact::profiles`] for each layer and direction of a network, and
/// `input_x`.
///
/// `input` is `[T, B, I]`, and `grad_output` is the gradient of the output, `[T, B, H]`, or `[T, B, 2·H]` of
/// both directions. `initial` has the states in the order of [`Network::run`].
///
/// Step t counts in the order in which a direction reads, up to the step T at which all sequences end. That
/// is the last step of each sequence, or the first one for the reverse direction. A norm is the mean over
/// the sequences that have the step. `input_x` is in forward order.
///
/// # Errors
/// A shape that does not fit the parameters, or a cell without a derivation.
pub fn profiles(
    method: EngineName,
    network: &Network,
    input: &Tensor,
    initial: &[State],
    grad_output: &Tensor,
    lengths: &Lengths,
) -> Result<Vec<Profile>> {
    no_grad(|| {
        let levels = network.levels();
        let states: Vec<&[State]> = initial.chunks(initial.len() / levels.len()).collect();
        let mut inputs = vec![input.shallow_clone()];
        for (n, level) in levels.iter().enumerate().take(levels.len() - 1) {
            inputs.push(level.run(engine(method), &inputs[n], states[n], lengths)?.output);
        }
        let longest = |tensor: &Tensor| tensor.narrow(0, 0, lengths.longest());
        let of_output = Scaled::new(&longest(grad_output).to_kind(Kind::Double));
        let mut gradients = columns(&of_output, network.directions().len());
        let mut found = Vec::new();
        for (n, level) in levels.iter().enumerate().rev() {
            let (mut of_level, of_input) =
                level_profiles(method, level, &inputs[n], states[n], &gradients, lengths)?;
            of_level.iter_mut().for_each(|profile| profile.layer += n);
            found.push(of_level);
            // The gradients of both directions may be of very different size, so each has its exponents.
            let parts = if n == 0 { 1 } else { level.stacks.len() };
            let of_parts = of_input.iter().map(|gradient| columns(gradient, parts));
            gradients = of_parts.reduce(|sums, parts| sum(&sums, &parts)).expect("a level has a direction");
        }
        let mut profiles: Vec<Profile> = found.into_iter().rev().flatten().collect();
        profiles.push(Profile::new(Quantity::InputX, 0, 1.., norms_by_stage(&gradients[0], lengths)));
        Ok(profiles)
    })
}

/// Returns the columns of a gradient in equal parts.
fn columns(gradient: &Scaled, parts: usize) -> Vec<Scaled> {
    let width = gradient.mantissa.size()[2] / parts as i64;
    let part = |n: i64| {
        let mantissa = gradient.mantissa.narrow(2, n * width, width);
        Scaled { mantissa, exponent: gradient.exponent.shallow_clone() }.normalised_rows()
    };
    (0..parts as i64).map(part).collect()
}

/// Returns the sums of two lists of gradients.
fn sum(some: &[Scaled], others: &[Scaled]) -> Vec<Scaled> {
    some.iter().zip(others).map(|(one, other)| one.plus(other)).collect()
}

/// Returns the profiles of a level, with layers from 0, and the part of the gradient of its input, `[T, B,
/// I]`, from each direction. `grad_outputs` has the gradient of the output of each direction, `[T, B, H]`.
fn level_profiles(
    method: EngineName,
    level: &Level,
    input: &Tensor,
    initial: &[State],
    grad_outputs: &[Scaled],
    lengths: &Lengths,
) -> Result<(Vec<Profile>, Vec<Scaled>)> {
    let stacks = level.stacks.len();
    let (mut profiles, mut of_input) = (vec![], vec![]);
    let initial = initial.chunks(initial.len() / stacks);
    for (((direction, p), gradient), initial) in level.stacks.iter().zip(grad_outputs).zip(initial) {
        let aligned = gradient.map(|rows| lengths.aligned(rows, *direction));
        let initial: Vec<State> =
            initial.iter().map(|state| state.map(|rows| lengths.aligned_rows(rows))).collect();
        let (mut found, gradient) =
            stack_profiles(method, p, &lengths.aligned(input, *direction), &initial, &aligned, lengths)?;
        let name = (stacks > 1).then_some(*direction);
        found.iter_mut().for_each(|profile| profile.direction = name);
        profiles.extend(found);
        of_input.push(gradient.map(|rows| lengths.restored(rows, *direction)));
    }
    Ok((profiles, of_input))
}

/// Returns the profiles of a stack of layers and the gradient of its input. All batches are aligned.
fn stack_profiles(
    method: EngineName,
    p: &Parameters,
    input: &Tensor,
    initial: &[State],
    grad_output: &Scaled,
    lengths: &Lengths,
) -> Result<(Vec<Profile>, Scaled)> {
    let initial = check(engine(method), p, input, Some(initial))?;
    let segments = Segments::of_lengths(method, p, input, &initial, lengths);
    let batch = input.size()[1];
    let of_output = |output: &Tensor, steps: &Range<usize>| {
        let rows = grad_output.map(|rows| rows.narrow(0, steps.start as i64, steps.len() as i64));
        rows.map(|rows| rows.narrow(1, 0, output.size()[1]))
    };
    let mut parts = Vec::new();
    let profiles = sweep_from(&segments, p, &of_output, false, None, &mut |_, part| {
        let size = part.mantissa.size();
        let like = Tensor::zeros([size[0], batch - size[1], size[2]], (part.mantissa.kind(), input.device()));
        parts.push(Scaled::cat(&[part, Scaled::zeros_like(&like)], 1));
    });
    parts.reverse();
    Ok((profiles, Scaled::cat(&parts, 0)))
}

/// Returns the norms of a gradient `[T, B, F]` at each step of the aligned batch.
fn norms_by_stage(gradient: &Scaled, lengths: &Lengths) -> Vec<Norm> {
    let aligned = gradient.map(|rows| lengths.aligned(rows, Direction::Forward));
    let of_stage = |Stage { steps, sequences }: Stage| {
        let rows = aligned.map(|rows| rows.narrow(0, steps.start as i64, steps.len() as i64));
        norms_scaled(&rows.map(|rows| rows.narrow(1, 0, sequences)))
    };
    lengths.stages().into_iter().flat_map(of_stage).collect()
}
