//! The textbook literally: at each step each gate multiplies the input and the last state for itself (eight
//! products a step for the LSTM), and autograd keeps the tape. The yardstick of what clarity costs.

use tch::Tensor;

use super::{Engine, EngineName};
use crate::cell::{Cell, LayerParameters, State};

/// See the module.
pub struct Stepwise;

impl Engine for Stepwise {
    fn name(&self) -> EngineName {
        EngineName::Stepwise
    }

    fn states(
        &self,
        cell: &dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        first: &State,
    ) -> Option<Vec<State>> {
        let gates = p.gates(cell.gates().len());
        let mut states: Vec<State> = Vec::with_capacity(input.size()[0] as usize);
        for x in input.unbind(0) {
            let next = cell.step(&gates, &x, states.last().unwrap_or(first));
            states.push(next);
        }
        Some(states)
    }
}
