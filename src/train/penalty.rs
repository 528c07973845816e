//! The penalty for recurrent matrices that are not orthogonal (Vorontsov et al. 2017).

use tch::{Kind, Tensor};

use crate::cell::{Parameters, Recurrent};

/// Returns Σ ‖WᵀW − I‖²_F over the recurrent matrices W of all gates and layers, `[H, H]` or `[H, P]`, as a
/// node of the autograd graph. `None` for a cell without such matrices.
pub fn orthogonal_penalty(p: &Parameters) -> Option<Tensor> {
    if p.cell.layout().recurrent != Recurrent::Matrices {
        return None;
    }
    let gates = p.cell.gates().len() as i64;
    let of_matrix = |w: Tensor| {
        let identity = Tensor::eye(w.size()[1], (w.kind(), w.device()));
        (w.tr().matmul(&w) - identity).square().sum(None::<Kind>)
    };
    let matrices = p.layers.iter().flat_map(|layer| layer.w_hh.chunk(gates, 0));
    matrices.map(of_matrix).reduce(|sum, next| sum + next)
}

#[cfg(test)]
mod tests {
    use tch::no_grad;

    use super::*;
    use crate::cell::CellName;
    use crate::cell::init::StackSize;
    use crate::device::cpu;
    use crate::engine::gradients;

    const SIZE: StackSize = StackSize { input_size: 2, hidden_size: 3, layers: 2, proj_size: 0 };

    fn layers(cell: CellName, init: &str) -> Parameters {
        Parameters::new(cell, init.parse().unwrap(), SIZE, 1, Kind::Double, cpu()).leaves()
    }

    #[test]
    fn orthogonal_penalty_is_zero_for_orthogonal_matrices_only() {
        let p = layers(CellName::Lstm, "orthogonal");
        let penalty = orthogonal_penalty(&p).unwrap();
        assert!(penalty.double_value(&[]) < 1e-24);
        let gradient = gradients(&penalty, &[&p.layers[1].w_hh]).remove(0);
        assert!(gradient.abs().max().double_value(&[]) < 1e-12);
        // Each of 4 gates in each of 2 layers has 3 units with (g² − 1)².
        let of_twice = orthogonal_penalty(&layers(CellName::Lstm, "identity(2)")).unwrap();
        assert!((of_twice.double_value(&[]) - 8.0 * 3.0 * 9.0).abs() < 1e-12);
        assert!(orthogonal_penalty(&layers(CellName::IndRnn, "pytorch")).is_none());
    }

    /// The gradient of ‖WᵀW − I‖² is 4 W (WᵀW − I).
    #[test]
    fn orthogonal_penalty_gradient_is_the_formula() {
        let p = layers(CellName::Rnn, "gaussian(0.7)");
        let w = &p.layers[0].w_hh;
        let found = gradients(&orthogonal_penalty(&p).unwrap(), &[w]).remove(0);
        let identity = Tensor::eye(3, (Kind::Double, cpu()));
        let expected = no_grad(|| 4.0 * w.matmul(&(w.tr().matmul(w) - identity)));
        assert!(found.allclose(&expected, 1e-12, 0.0, false));
        assert!(expected.abs().max().double_value(&[]) > 0.1);
    }
}
