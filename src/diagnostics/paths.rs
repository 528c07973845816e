//! The adjoint of the carried state split by path: along the state itself, or through products and gates.

use tch::Tensor;

use super::norm::{Norm, norms_scaled};
use super::recursion::Recursion;
use super::scaled::Scaled;
use crate::cell::State;

/// The two parts of the adjoint, with separate exponents.
pub struct Paths {
    cell: Scaled,
    gates: Scaled,
    /// The part of the adjoint of s_t that came through the products of step t + 1. Its exponent is the
    /// exponent of the adjoint.
    through_products: State,
    /// Both parts at the steps of the segment that were passed, from the last step on.
    steps: [Vec<Scaled>; 2],
}

impl Paths {
    /// Returns zeros in the shapes of h and c, as the parts before the last step of a sequence is reached.
    pub fn zero(h: &Tensor, c: Option<&Tensor>) -> Paths {
        let zeros = || Scaled::zeros_like(h);
        let through_products = State { h: h.zeros_like(), c: c.map(Tensor::zeros_like) };
        Paths { cell: zeros(), gates: zeros(), through_products, steps: Default::default() }
    }

    /// Adds the contributions of step t. The direct part goes to the cell path. The part through the
    /// products, which has the given exponent, goes to the gate path.
    pub fn add(&mut self, t: usize, steps: &mut dyn Recursion, direct: &Scaled, exponent: &Tensor) {
        let State { h, c } = &self.through_products;
        let carried = steps.carried_from_h(t, &direct.mantissa.to_kind(h.kind()));
        if let Some(mantissa) = carried {
            self.cell = self.cell.plus(&Scaled { mantissa, exponent: direct.exponent.shallow_clone() });
        }
        if let Some(mut mantissa) = steps.carried_from_h(t, h) {
            if let Some(c) = c {
                mantissa += c;
            }
            self.gates = self.gates.plus(&Scaled { mantissa, exponent: exponent.shallow_clone() });
        }
        self.steps[0].push(self.cell.shallow_clone());
        self.steps[1].push(self.gates.shallow_clone());
    }

    /// Goes from step t to the step before.
    pub fn step_back(&mut self, t: usize, steps: &mut dyn Recursion, through_products: State) {
        for part in [&mut self.cell, &mut self.gates] {
            if let Some(retained) = steps.along_direct_path(t, &part.mantissa) {
                part.mantissa = retained;
            }
        }
        self.through_products = through_products;
    }

    /// Returns the norms of both parts, cell path first, at the steps of the segment that ends here.
    pub fn take_norms(&mut self) -> [Vec<Norm>; 2] {
        std::mem::take(&mut self.steps).map(|steps| norms_scaled(&Scaled::stack_reversed(steps)))
    }
}
