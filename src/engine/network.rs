//! Layers that read sequences in one direction or in both, with sequences of any lengths.

use tch::Tensor;

use super::interface::{Engine, Output};
use super::lengths::{Direction, Lengths, Stage};
use super::run::forward;
use crate::cell::{Parameters, State};
use crate::error::Result;

/// The layers of a network. In a network of both directions, each layer reads the outputs of both directions
/// of the layer below, one after the other.
#[derive(Debug)]
pub struct Network {
    /// The layers that read from the first step on.
    pub forward: Parameters,
    /// The layers that read from the last step back, as many; `None` if there are none.
    pub reverse: Option<Parameters>,
}

/// Layers that end before those above them can begin: one layer in both directions, or all layers of a
/// network of one direction.
#[derive(Debug)]
pub struct Level {
    /// The layers of each direction.
    pub stacks: Vec<(Direction, Parameters)>,
}

impl Network {
    /// Returns the directions with their parameters.
    pub fn directions(&self) -> Vec<(Direction, &Parameters)> {
        let reverse = self.reverse.as_ref().map(|reverse| (Direction::Reverse, reverse));
        [(Direction::Forward, &self.forward)].into_iter().chain(reverse).collect()
    }

    /// Returns all tensors with PyTorch's names, such as `weight_ih_l0` and `weight_ih_l0_reverse`.
    pub fn named(&self) -> Vec<(String, &Tensor)> {
        let mut named = self.forward.named();
        let reverse = self.reverse.iter().flat_map(Parameters::named);
        named.extend(reverse.map(|(name, tensor)| (format!("{name}_reverse"), tensor)));
        named
    }

    /// Returns copies that are leaves of the autograd graph and require a gradient.
    pub fn leaves(&self) -> Network {
        Network { forward: self.forward.leaves(), reverse: self.reverse.as_ref().map(Parameters::leaves) }
    }

    /// Returns the levels from the input upwards.
    pub fn levels(&self) -> Vec<Level> {
        let stack = |p: &Parameters, layers: std::ops::Range<usize>| Parameters {
            cell: p.cell,
            layers: p.layers[layers].iter().map(|layer| layer.shallow_clone()).collect(),
        };
        let count = self.forward.layers.len();
        let height = if self.reverse.is_some() { 1 } else { count };
        let level = |start| {
            let of_direction = |(direction, p)| (direction, stack(p, start..start + height));
            Level { stacks: self.directions().into_iter().map(of_direction).collect() }
        };
        (0..count).step_by(height).map(level).collect()
    }

    /// Runs sequences `[T, B, I]` of the given lengths through all layers.
    ///
    /// `initial` has a state `[B, H]` for each layer and direction, in PyTorch's order: both directions of
    /// the first layer, then those of the second. So have the final states, which are those after the last
    /// step of each sequence, or after the first one for the reverse direction. The output is `[T, B, H]`, or
    /// `[T, B, 2·H]` of both directions. It is 0 after the end of a sequence. T is the longest length.
    ///
    /// # Errors
    /// As for [`forward`].
    pub fn run(
        &self,
        engine: &dyn Engine,
        input: &Tensor,
        initial: &[State],
        lengths: &Lengths,
    ) -> Result<Output> {
        let levels = self.levels();
        let mut run = Output { output: input.shallow_clone(), final_states: vec![] };
        for (level, initial) in levels.iter().zip(initial.chunks(initial.len() / levels.len())) {
            let Output { output, final_states } = level.run(engine, &run.output, initial, lengths)?;
            run.output = output;
            run.final_states.extend(final_states);
        }
        Ok(run)
    }
}

impl Level {
    /// Runs sequences through the layers, as [`Network::run`] does.
    ///
    /// # Errors
    /// As for [`forward`].
    pub fn run(
        &self,
        engine: &dyn Engine,
        input: &Tensor,
        initial: &[State],
        lengths: &Lengths,
    ) -> Result<Output> {
        let (mut outputs, mut final_states) = (vec![], vec![]);
        let initial = initial.chunks(initial.len() / self.stacks.len());
        for ((direction, p), initial) in self.stacks.iter().zip(initial) {
            let initial: Vec<State> =
                initial.iter().map(|state| state.map(|rows| lengths.aligned_rows(rows))).collect();
            let run = run_aligned(engine, p, &lengths.aligned(input, *direction), &initial, lengths)?;
            outputs.push(lengths.restored(&run.output, *direction));
            let restored = |state: &State| state.map(|rows| lengths.restored_rows(rows));
            final_states.extend(run.final_states.iter().map(restored));
        }
        Ok(Output { output: joined(outputs, 2), final_states })
    }
}

/// Runs an aligned batch through a stack of layers, stage by stage.
fn run_aligned(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    initial: &[State],
    lengths: &Lengths,
) -> Result<Output> {
    let batch = input.size()[1];
    let (mut outputs, mut states): (Vec<Tensor>, Option<Vec<State>>) = (vec![], None);
    for Stage { steps, sequences } in lengths.stages() {
        let first: Vec<State> = match &states {
            None => initial.iter().map(|state| rows(state, 0, sequences)).collect(),
            Some(states) => {
                states.iter().zip(initial).map(|(state, new)| begun(state, new, sequences)).collect()
            }
        };
        let part = input.narrow(0, steps.start as i64, steps.len() as i64).narrow(1, 0, sequences);
        let run = forward(engine, p, &part, Some(&first))?;
        outputs.push(match sequences == batch {
            true => run.output,
            false => run.output.constant_pad_nd([0, 0, 0, batch - sequences]),
        });
        states = Some(run.final_states);
    }
    Ok(Output { output: joined(outputs, 0), final_states: states.unwrap_or_default() })
}

/// Returns the rows from `start` to `end` of a state.
fn rows(state: &State, start: i64, end: i64) -> State {
    state.map(|rows| rows.narrow(0, start, end - start))
}

/// Adds the first states of the sequences that begin at a stage, which has `sequences` of them in all.
fn begun(state: &State, initial: &State, sequences: i64) -> State {
    let new = rows(initial, state.h.size()[0], sequences);
    let both = state.tensors().into_iter().zip(new.tensors());
    State::from_tensors(both.map(|(old, new)| Tensor::cat(&[old, new], 0)))
}

/// Joins tensors along an axis. A single one is not copied.
fn joined(mut parts: Vec<Tensor>, axis: i64) -> Tensor {
    if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(&parts, axis) }
}
