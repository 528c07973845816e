//! What depends on the input alone is computed for all steps in one product before the loop; inside it one
//! product a step serves all gates. Autograd keeps the tape.

use tch::Tensor;

use super::{Engine, EngineName};
use crate::cell::{Cell, LayerParameters, State};

/// See the module.
pub struct Fused;

impl Engine for Fused {
    fn name(&self) -> EngineName {
        EngineName::Fused
    }

    fn states(
        &self,
        cell: &dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        first: &State,
    ) -> Option<Vec<State>> {
        let (steps, batch) = (input.size()[0], input.size()[1]);
        // [T·B, I] × [I, G·H] + bias: one product for the whole sequence.
        let projected = cell.hoisted_bias(p).addmm(&input.reshape([steps * batch, -1]), &p.w_ih.tr());
        let projected = projected.view([steps, batch, -1]).unbind(0);
        let w_hh_t = p.w_hh.tr();
        let mut states: Vec<State> = Vec::with_capacity(steps as usize);
        for projected in &projected {
            let next = cell.step_projected(p, &w_hh_t, projected, states.last().unwrap_or(first));
            states.push(next);
        }
        Some(states)
    }
}
