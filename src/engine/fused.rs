//! The engine with one product for the inputs of all steps before the loop, and one product per step for
//! the hidden state of all gates. Autograd computes the gradient.

use tch::Tensor;

use super::{Engine, EngineName};
use crate::cell::{Cell, LayerParameters, State};

/// The engine `fused`.
pub struct Fused;

impl Engine for Fused {
    fn name(&self) -> EngineName {
        EngineName::Fused
    }

    fn states(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> Option<Vec<State>> {
        let projections = p.project(&cell.input_bias(p), input).unbind(0);
        let layer = cell.prepare(p);
        let mut states: Vec<State> = Vec::with_capacity(projections.len());
        for projection in &projections {
            let previous = states.last().unwrap_or(initial_state);
            let next = cell.step_from_projection(&layer, projection, previous);
            states.push(next);
        }
        Some(states)
    }
}
