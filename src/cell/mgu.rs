//! The minimal gated unit (Zhou et al. 2016): one gate resets and updates.

use tch::Tensor;

use super::{Cell, CellName, Products, Retention, State};

/// The minimal gated unit.
///
/// ```text
/// f_t = σ(W_xf x_t + W_hf h_{t-1} + b_f)                 how much of the old state is replaced
/// n_t = tanh(W_xn x_t + W_hn (f_t ⊙ h_{t-1}) + b_n)      new content
/// h_t = (1 − f_t) ⊙ h_{t-1} + f_t ⊙ n_t
/// ```
pub struct Mgu;

impl Cell for Mgu {
    fn name(&self) -> Option<CellName> {
        Some(CellName::Mgu)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["f", "n"]
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Replaces(0))
    }

    fn candidate(&self) -> usize {
        1
    }

    fn activations(&self, products: &Products, previous: &State) -> Vec<Tensor> {
        let f = products.sum(0).sigmoid();
        let n = (products.of_input(1) + products.gate(1).of_state(&(&f * &previous.h))).tanh();
        vec![f, n]
    }

    /// Computes h_t as h_{t-1} + f ⊙ (n − h_{t-1}).
    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let (f, n) = (&activations[0], &activations[1]);
        State::from_hidden(&previous.h + f * (n - &previous.h))
    }
}
