//! Adjoints of a whole state, with an extended exponent for each sequence.

use tch::Tensor;

use super::scaled::Scaled;
use crate::cell::State;

/// An adjoint of a state, or a part of one. Each tensor is `[B, H]` or `[B, P]`, times 2^exponent, `[B, 1]`.
/// Those of carried states are without the part that passes h of the same step.
pub struct ScaledState {
    pub state: State,
    pub exponent: Tensor,
}

impl ScaledState {
    /// Returns 0 in the shapes of a state.
    pub fn zeros_like(state: &State) -> ScaledState {
        let exponent = Scaled::zeros_like(&state.h).exponent;
        ScaledState { state: state.map(Tensor::zeros_like), exponent }
    }

    /// Keeps the first `sequences` rows.
    pub fn truncate(&mut self, sequences: i64) {
        let first = |rows: &Tensor| rows.narrow(0, 0, sequences);
        self.state = self.state.map(first);
        self.exponent = first(&self.exponent);
    }

    /// Adds a part of the adjoint of h. Both are aligned to the larger exponent.
    pub fn add_to_h(&mut self, part: &Scaled) {
        let kind = self.state.h.kind();
        let aligned = self.align(&part.exponent);
        self.state.h = (&self.state.h + aligned(&part.mantissa)).to_kind(kind);
    }

    /// Adds a part of the adjoint of the whole state, which has the given exponent.
    pub fn add(&mut self, part: &State, exponent: &Tensor) {
        let kind = self.state.h.kind();
        let aligned = self.align(exponent);
        self.state = self.state.plus(&part.map(|tensor| aligned(tensor).to_kind(kind)));
    }

    /// Raises the exponent to that of another number, where that is larger. Returns the function that aligns
    /// a mantissa of the other number.
    fn align(&mut self, other: &Tensor) -> impl Fn(&Tensor) -> Tensor + use<> {
        let larger = self.exponent.maximum(other);
        let factor = Scaled::factor(&self.exponent, &larger);
        self.state = self.state.map(|tensor| (tensor * &factor).to_kind(tensor.kind()));
        let of_other = Scaled::factor(other, &larger);
        self.exponent = larger;
        move |mantissa| mantissa * &of_other
    }

    /// Moves a power of two into the exponent, so that the largest component is near 1.
    pub fn rescale(&mut self) {
        let largest = |tensor: &Tensor| tensor.abs().amax([-1], true);
        let all = self.state.carried.iter().map(largest);
        let largest = all.fold(largest(&self.state.h), |a, b| a.maximum(&b));
        let mut exponent = None;
        self.state = self.state.map(|tensor| {
            let rescaled = self.scaled(tensor).normalised(&largest);
            exponent = Some(rescaled.exponent);
            rescaled.mantissa
        });
        self.exponent = exponent.expect("a state has an h");
    }

    /// Returns a tensor with the exponent of the adjoint.
    pub fn scaled(&self, mantissa: &Tensor) -> Scaled {
        Scaled { mantissa: mantissa.shallow_clone(), exponent: self.exponent.shallow_clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostics::scaled::{times_power_of_two, to_vec};

    fn rows(numbers: [f64; 2]) -> Scaled {
        Scaled::new(&Tensor::from_slice(&numbers).view([2, 1]))
    }

    /// The values of h as plain numbers.
    fn values(sum: &ScaledState) -> Vec<f64> {
        to_vec(&times_power_of_two(&sum.state.h, &sum.exponent).view([-1]))
    }

    proptest! {
        #[test]
        fn sums_agree_with_f64(
            mantissas in prop::array::uniform4(-1.0f64..1.0),
            powers in prop::array::uniform4(-250i32..250),
        ) {
            let [a, b, c, d] = std::array::from_fn(|n| mantissas[n] * 10f64.powi(powers[n]));
            let like = State::from_hidden(Tensor::from_slice(&[a, b]).view([2, 1]));
            let mut sum = ScaledState::zeros_like(&like);
            sum.add_to_h(&rows([a, b]));
            prop_assert_eq!(values(&sum), [a, b]);
            let Scaled { mantissa, exponent } = rows([c, d]);
            sum.add(&State::from_hidden(mantissa), &exponent);
            sum.rescale();
            for (found, (x, y)) in values(&sum).into_iter().zip([(a, c), (b, d)]) {
                let allowed = f64::EPSILON * (x.abs() + y.abs());
                prop_assert!((found - (x + y)).abs() <= allowed, "{x} + {y} is {found}");
            }
        }
    }
}
