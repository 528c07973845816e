//! The textbook equations as written. At each step, each gate has one product of the input and one of the
//! hidden state (eight products per step for the LSTM). Autograd computes the gradient. The other engines
//! are compared with this one.

use tch::Tensor;

use super::{Engine, EngineName};
use crate::cell::{Cell, LayerParameters, State};

/// The engine `stepwise`.
pub struct Stepwise;

impl Engine for Stepwise {
    fn name(&self) -> EngineName {
        EngineName::Stepwise
    }

    fn states(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> Option<Vec<State>> {
        let layer = cell.prepare(p);
        let mut states: Vec<State> = Vec::with_capacity(input.size()[0] as usize);
        for x in input.unbind(0) {
            let next = cell.step(&layer, &x, states.last().unwrap_or(initial_state));
            states.push(next);
        }
        Some(states)
    }
}
