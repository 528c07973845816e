//! The adjoint of the carried state split by path: along the state itself, or through products and gates.

use tch::Tensor;

use super::norm::{Norm, norms_scaled};
use super::recursion::Recursion;
use super::scaled::Scaled;
use super::scaled_state::ScaledState;
use crate::cell::State;

/// The two parts of the adjoint, with separate exponents.
pub struct Paths {
    cell: ScaledState,
    gates: ScaledState,
    /// The part of the adjoint of s_t that came through the products of step t + 1. Its exponent is the
    /// exponent of the adjoint.
    through_products: State,
    /// Both parts at the steps of the segment that were passed, from the last step on.
    steps: [Vec<Scaled>; 2],
}

impl Paths {
    /// Returns zeros in the shapes of a state, as the parts before the last step of a sequence is reached.
    pub fn zero(state: &State) -> Paths {
        let zeros = || ScaledState::zeros_like(state);
        let through_products = state.map(Tensor::zeros_like);
        Paths { cell: zeros(), gates: zeros(), through_products, steps: Default::default() }
    }

    /// Adds the contributions of step t. The direct part goes to the cell path. The part through the
    /// products, which has the given exponent, goes to the gate path.
    pub fn add(&mut self, t: usize, steps: &mut dyn Recursion, direct: &Scaled, exponent: &Tensor) {
        self.cell.add_to_h(direct);
        self.gates.add(&self.through_products, exponent);
        for (part, passed) in [&mut self.cell, &mut self.gates].into_iter().zip(&mut self.steps) {
            part.rescale();
            passed.push(part.scaled(&steps.carried(t, &part.state)));
        }
    }

    /// Goes from step t to the step before.
    pub fn step_back(&mut self, t: usize, steps: &mut dyn Recursion, through_products: State) {
        for part in [&mut self.cell, &mut self.gates] {
            part.state = steps.along_direct_path(t, &part.state);
        }
        self.through_products = through_products;
    }

    /// Returns the norms of both parts, cell path first, at the steps of the segment that ends here.
    pub fn take_norms(&mut self) -> [Vec<Norm>; 2] {
        std::mem::take(&mut self.steps).map(|steps| norms_scaled(&Scaled::stack_reversed(steps)))
    }
}
