//! The adjoint of the carried state split by path: along the state itself, or through the gates and W_hh.

use tch::Tensor;

use super::norm::{Norm, norms_scaled};
use super::scaled::Scaled;
use crate::engine::analytic::BackwardStep;

/// The two parts of the adjoint, with separate exponents.
pub struct Paths {
    cell: Scaled,
    gates: Scaled,
    /// The part of the adjoint of h_t that came through W_hh at step t + 1. Its exponent is the exponent
    /// of the adjoint.
    through_w: Tensor,
    /// Both parts at the steps of the segment that were passed, from the last step on.
    steps: [Vec<Scaled>; 2],
}

impl Paths {
    /// Returns zeros in the shape of a state, as the parts before the last step of a sequence is reached.
    pub fn zeros_like(state: &Tensor) -> Paths {
        let zeros = || Scaled::zeros_like(state);
        Paths { cell: zeros(), gates: zeros(), through_w: state.zeros_like(), steps: Default::default() }
    }

    /// Adds the contributions of step t. The direct part goes to the cell path. The part through W_hh,
    /// which has the given exponent, goes to the gate path.
    pub fn add(&mut self, t: usize, step: &dyn BackwardStep, direct: &Scaled, exponent: &Tensor) {
        let induced = |d_h: &Tensor, exponent: &Tensor| {
            let mantissa = step.state_jacobian_vec(t, d_h)?;
            Some(Scaled { mantissa, exponent: exponent.shallow_clone() })
        };
        let kind = self.through_w.kind();
        if let Some(direct) = induced(&direct.mantissa.to_kind(kind), &direct.exponent) {
            self.cell = self.cell.plus(&direct);
        }
        if let Some(through_w) = induced(&self.through_w, exponent) {
            self.gates = self.gates.plus(&through_w);
        }
        self.steps[0].push(self.cell.shallow_clone());
        self.steps[1].push(self.gates.shallow_clone());
    }

    /// Goes from step t to the step before.
    pub fn step_back(&mut self, t: usize, step: &dyn BackwardStep, through_w: Tensor) {
        if let Some(retained) = step.retention(t) {
            self.cell.mantissa = &self.cell.mantissa * retained;
            self.gates.mantissa = &self.gates.mantissa * retained;
        }
        self.through_w = through_w;
    }

    /// Returns the norms of both parts, cell path first, at the steps of the segment that ends here.
    pub fn take_norms(&mut self) -> [Vec<Norm>; 2] {
        std::mem::take(&mut self.steps).map(|steps| norms_scaled(&Scaled::stack_reversed(steps)))
    }
}
