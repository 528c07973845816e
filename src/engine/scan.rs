//! Cells whose gates do not see the state: h_t = a_t ⊙ h_{t−1} + b_t. The gates of all steps are computed
//! at once, and the recurrence is a scan over time. a, b and h may be complex.
//!
//! The backward pass is a scan as well, from the last step to the first:
//!
//! ```text
//! ∂L/∂h_t = direct_t + a*_{t+1} ⊙ ∂L/∂h_{t+1}
//! ∂L/∂b_t = ∂L/∂h_t        ∂L/∂a_t = ∂L/∂h_t ⊙ h*_{t−1}
//! ```
//!
//! Stars are complex conjugates. A complex gradient is that with respect to the real part, plus i times that
//! with respect to the imaginary part.

use tch::{Tensor, no_grad};
use tch_autograd::{GradInputs, GradOutputs, Saved, custom_function, needs_grad};

use super::{Engine, EngineName};
use crate::cell::{Cell, LayerParameters, Products, Recurrent, State};

/// The engine `scan`.
pub struct Scan;

impl Engine for Scan {
    fn name(&self) -> EngineName {
        EngineName::Scan
    }

    fn serves(&self, cell: &dyn Cell) -> bool {
        cell.layout().recurrent == Recurrent::None && cell.linear_recurrence().is_some()
    }

    fn layer(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> (Tensor, State) {
        let (steps, batch) = (input.size()[0], input.size()[1]);
        let projections = p.project(&p.b_ih, input).flatten(0, 1);
        let layer = cell.prepare(p);
        let products = Products::joint(&layer, &projections, &initial_state.h);
        let recurrence = cell.linear_recurrence().expect("`engine::check` has checked the cell");
        let (a, b) = recurrence(&cell.activations(&products, initial_state));
        let sequence = |tensor: &Tensor| tensor.reshape([steps, batch, -1]);
        let states = scan(&sequence(&a.expand_as(&b)), &sequence(&b), &initial_state.joined());
        let last = State::from_joined(&states.get(steps - 1));
        (State::from_joined(&states).h, last)
    }
}

/// Returns h_1 … h_T, `[T, B, H]`, given a and b, `[T, B, H]`, and h_0, `[B, H]`.
fn scan(a: &Tensor, b: &Tensor, h_0: &Tensor) -> Tensor {
    let h = no_grad(|| states(a, b, h_0));
    if !needs_grad(&[a, b, h_0]) {
        return h;
    }
    let (a_saved, h_0_saved, h_saved) = (Saved::new(a), Saved::new(h_0), Saved::new(&h));
    let backward = move |grad: GradOutputs| -> GradInputs {
        let direct = grad.outputs.into_iter().next().flatten()?;
        let (a, h, h_0) = (a_saved.get().conj_physical(), h_saved.get(), h_0_saved.get());
        let steps = a.size()[0];
        let adjoints = adjoints(&a, &direct);
        let before = Tensor::cat(&[h_0.unsqueeze(0), h.narrow(0, 0, steps - 1)], 0).conj_physical();
        let of_h_0 = a.get(0) * adjoints.get(0);
        Some(vec![Some(&adjoints * before), Some(adjoints), Some(of_h_0)])
    };
    let outputs = custom_function(&[a, b, h_0], vec![h], backward);
    outputs.expect("the output was computed without gradients").remove(0)
}

/// Computes h_t = a_t ⊙ h_{t−1} + b_t, one step after the other.
fn states(a: &Tensor, b: &Tensor, h_0: &Tensor) -> Tensor {
    let h = b.empty_like();
    let (a, b, each) = (a.unbind(0), b.unbind(0), h.unbind(0));
    for t in 0..each.len() {
        let previous = if t == 0 { h_0 } else { &each[t - 1] };
        let _ = b[t].addcmul_out(&each[t], &a[t], previous);
    }
    h
}

/// Computes the adjoints of h_1 … h_T from the conjugates of a and their direct parts, `[T, B, H]`.
fn adjoints(a: &Tensor, direct: &Tensor) -> Tensor {
    let adjoints = direct.copy().contiguous();
    let (a, mut each) = (a.unbind(0), adjoints.unbind(0));
    for t in (1..each.len()).rev() {
        let (now, later) = each.split_at_mut(t);
        let _ = now[t - 1].addcmul_(&a[t], &later[0]);
    }
    adjoints
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::cell::{Layout, Parameters};
    use crate::device::cpu;
    use crate::engine::{engine, forward};
    use crate::{Init, StackSize};

    /// A cell whose gate does not see the state, and that is not linear in the state: h' = tanh(h + n).
    struct Saturating;

    impl Cell for Saturating {
        fn gates(&self) -> &'static [&'static str] {
            &["n"]
        }

        fn candidate(&self) -> usize {
            0
        }

        fn layout(&self) -> Layout {
            Layout { recurrent: Recurrent::None, further: &[] }
        }

        fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
            vec![products.of_input(0).tanh()]
        }

        fn update(&self, activations: &[Tensor], previous: &State) -> State {
            State::from_hidden((&activations[0] + &previous.h).tanh())
        }
    }

    #[test]
    fn scan_of_a_cell_without_a_linear_recurrence_is_refused_with_other_engines() {
        let size = StackSize { input_size: 2, hidden_size: 3, layers: 1, proj_size: 0 };
        let p = Parameters::of_cell(&Saturating, Init::pytorch(), size, 1, Kind::Float, cpu());
        let x = Tensor::ones([4, 1, 2], (Kind::Float, cpu()));
        let refused = forward(&Scan, &p, &x, None).unwrap_err().to_string();
        let (problem, others) = refused.split_once("; these can: ").unwrap();
        assert!(problem.starts_with("engine `scan` cannot run a cell without a name"), "{refused}");
        assert!(others.contains("`stepwise`") && !others.contains("`scan`"), "{refused}");
        assert!(forward(engine(EngineName::Stepwise), &p, &x, None).is_ok());
    }
}
