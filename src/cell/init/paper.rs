//! The inits that papers give for their cells, or the programs that the authors published.
//! `docs/cells.md` has them as a table.

use super::recipe::{Draw, GateBias, LayerSize, Recipe};
use crate::cell::{CellName, StateSize};

/// The init of a cell's paper.
pub enum PaperInit {
    /// The same for dependencies of any length.
    Fixed(fn(LayerSize) -> Recipe),
    /// A function of the longest dependency in steps, T.
    OfSteps(fn(LayerSize, f64) -> Recipe),
}

/// Returns the init of a cell's paper. `None` if the paper names none, or leaves its numbers open.
pub fn init(cell: CellName) -> Option<PaperInit> {
    match cell {
        CellName::ReluRnn => Some(PaperInit::Fixed(irnn)),
        CellName::Gru | CellName::GruResetBefore => Some(PaperInit::Fixed(gru)),
        CellName::IndRnn => Some(PaperInit::OfSteps(indrnn)),
        CellName::Janet => Some(PaperInit::OfSteps(janet)),
        CellName::CoRnn => Some(PaperInit::Fixed(cornn)),
        CellName::MinLstm | CellName::MinGru => Some(PaperInit::Fixed(min)),
        CellName::Lru => Some(PaperInit::Fixed(lru)),
        _ => None,
    }
}

/// Le, Jaitly & Hinton (2015), section 4.
fn irnn(_: LayerSize) -> Recipe {
    Recipe::of_weights(Draw::Normal(0.001), Draw::Identity(1.0))
}

/// Cho et al. (2014), section 4.1.1. The paper names the weights only. Its left singular vectors of a
/// Gaussian matrix are a random orthogonal matrix.
fn gru(_: LayerSize) -> Recipe {
    Recipe::of_weights(Draw::Normal(0.01), Draw::Orthogonal(1.0))
}

/// The authors' program for the adding problem. The uppermost layer keeps the gradient of every active unit
/// within a factor of 2 over T steps. The layers below also have units that forget.
fn indrnn(size: LayerSize, steps: f64) -> Recipe {
    let high = 2f64.powf(1.0 / steps);
    let low = if size.is_last { 1.0 / high } else { 0.0 };
    Recipe::of_weights(Draw::Normal(0.001), Draw::Uniform(low, high))
}

/// The authors' program. TensorFlow's default draws the matrices of both gates as one, with a fan-out of 2H.
fn janet(LayerSize { input, state: StateSize { hidden, .. }, .. }: LayerSize, steps: f64) -> Recipe {
    let matrix = |columns| Draw::xavier(2 * hidden, columns);
    // The program draws the bias from log U(1, T).
    Recipe {
        gate: GateBias::Chrono { t_max: steps + 1.0 },
        ..Recipe::of_weights(matrix(input), matrix(hidden))
    }
}

/// The authors' program: PyTorch's default for one linear layer of the input, the position and the velocity.
fn cornn(LayerSize { input, state: StateSize { hidden, .. }, .. }: LayerSize) -> Recipe {
    Recipe::uniform(input + 2 * hidden)
}

/// The listings of the paper: PyTorch's default for a linear layer of the input.
fn min(LayerSize { input, .. }: LayerSize) -> Recipe {
    Recipe::uniform(input)
}

/// Orvieto et al. (2023), the listing of appendix A: the real and the imaginary part of B have variance 1/2I.
fn lru(LayerSize { input, .. }: LayerSize) -> Recipe {
    Recipe::of_weights(Draw::Normal((0.5 / input as f64).sqrt()), Draw::Constant(0.0))
}

#[cfg(test)]
mod tests {
    use tch::{Kind, Tensor};

    use super::*;
    use crate::cell::Parameters;
    use crate::cell::init::{Init, StackSize};
    use crate::device::cpu;

    const SIZE: StackSize = StackSize { input_size: 20, hidden_size: 60, layers: 2, proj_size: 0 };

    fn drawn(cell: CellName, init: &str) -> Parameters {
        let init: Init = init.parse().unwrap();
        Parameters::new(cell, init, SIZE, 1, Kind::Double, cpu())
    }

    /// Checks that a tensor fills the range from `low` to `high` and does not leave it.
    fn assert_fills(tensor: &Tensor, low: f64, high: f64) {
        let (least, largest) = (tensor.min().double_value(&[]), tensor.max().double_value(&[]));
        let room = 0.1 * (high - low);
        assert!(low <= least && least < low + room, "{least} is not near {low}");
        assert!(high - room < largest && largest <= high, "{largest} is not near {high}");
    }

    #[test]
    fn indrnn_keeps_the_gradient_of_the_last_layer_within_a_factor_of_two() {
        let p = drawn(CellName::IndRnn, "paper(50)");
        let kept = |layer: usize| p.layers[layer].w_hh.pow_tensor_scalar(50);
        assert_fills(&p.layers[0].w_hh, 0.0, 2f64.powf(1.0 / 50.0));
        assert_fills(&kept(1), 0.5, 2.0);
        assert!((p.layers[0].w_ih.std(false).double_value(&[]) - 0.001).abs() < 1e-4);
    }

    #[test]
    fn janet_forgets_after_one_to_t_steps() {
        let p = &drawn(CellName::Janet, "paper(1000)").layers[0];
        assert_fills(&p.b_ih.narrow(0, 0, 60).exp(), 1.0, 1000.0);
        assert_eq!(p.b_ih.narrow(0, 60, 60).abs().max().double_value(&[]), 0.0);
        assert_fills(&p.w_ih, -(6.0 / 140f64).sqrt(), (6.0 / 140f64).sqrt());
        assert_fills(&p.w_hh, -(6.0 / 180f64).sqrt(), (6.0 / 180f64).sqrt());
    }

    #[test]
    fn linear_layers_have_the_bounds_of_all_their_columns() {
        for (cell, columns) in [(CellName::CoRnn, 140.0), (CellName::MinLstm, 20.0), (CellName::MinGru, 20.0)]
        {
            let bound = 1.0 / f64::sqrt(columns);
            let p = &drawn(cell, "paper").layers[0];
            assert_fills(&p.w_ih, -bound, bound);
            assert_fills(&p.b_ih, -bound, bound);
            for further in &p.further {
                assert_fills(further, -bound, bound);
            }
        }
    }

    #[test]
    fn gru_has_small_input_matrices_and_orthogonal_recurrent_ones() {
        let p = &drawn(CellName::Gru, "paper").layers[0];
        assert!((p.w_ih.std(false).double_value(&[]) - 0.01).abs() < 1e-3);
        for w in p.w_hh.chunk(3, 0) {
            let distance = w.matmul(&w.tr()) - Tensor::eye(60, (Kind::Double, cpu()));
            assert!(distance.abs().max().double_value(&[]) < 1e-12);
        }
    }

    #[test]
    fn lru_has_factors_on_the_whole_disk_and_normalises_them() {
        let p = &drawn(CellName::Lru, "paper").layers[0];
        let squared_modulus = (p.further[0].exp() * -2.0).exp();
        assert_fills(&squared_modulus, 0.0, 1.0);
        assert_fills(&p.further[1].exp(), 0.0, std::f64::consts::TAU);
        let sum = (&p.further[2] * 2.0).exp() + squared_modulus - 1.0;
        assert!(sum.abs().max().double_value(&[]) < 1e-12);
        assert!((p.w_ih.std(false).double_value(&[]) - (0.5 / 20f64).sqrt()).abs() < 0.01);
    }

    #[test]
    fn relu_rnn_has_the_policy_identity() {
        let (paper, identity) = (drawn(CellName::ReluRnn, "paper"), drawn(CellName::ReluRnn, "identity"));
        for (a, b) in paper.tensors().into_iter().zip(identity.tensors()) {
            assert_eq!(a, b);
        }
    }
}
