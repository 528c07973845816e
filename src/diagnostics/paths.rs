//! The adjoint of the carried state split by path: along the state itself, or through the gates and W_hh.

use tch::Tensor;

use super::norm::{Norm, norms_scaled};
use super::scaled::Scaled;
use crate::engine::analytic::BackwardStep;

/// The two parts of the adjoint, with exponents of their own.
pub struct Paths {
    cell: Scaled,
    gates: Scaled,
    /// The part of the adjoint of h_t that came through W_hh at step t + 1, times 2^exponent of that adjoint.
    through_w: Tensor,
    /// Both parts at every step of the segment so far, from its last step on.
    steps: [Vec<Scaled>; 2],
}

impl Paths {
    /// Zeros, before the last step of a sequence, in the shape of a state.
    pub fn zeros_like(state: &Tensor) -> Paths {
        let zeros = || Scaled::zeros_like(state);
        Paths { cell: zeros(), gates: zeros(), through_w: state.zeros_like(), steps: Default::default() }
    }

    /// Adds the contributions of step t: the direct part to the cell path, and the part through W_hh, which
    /// has the given exponent, to the gate path.
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

    /// The norms of both parts, cell path first, at the steps of the segment that ends here.
    pub fn take_norms(&mut self) -> [Vec<Norm>; 2] {
        std::mem::take(&mut self.steps).map(|steps| norms_scaled(&Scaled::stack_reversed(steps)))
    }
}
