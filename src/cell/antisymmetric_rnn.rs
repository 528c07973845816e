//! The antisymmetric RNN (Chang, Chen, Haber & Chi 2019): a step of Euler's method for a stable equation.

use tch::Tensor;

use super::{Cell, CellName, LayerParameters, PreparedLayer, Products, State};

/// The antisymmetric RNN without a gate (eq. 11 to 13 of the paper).
///
/// ```text
/// h_t = h_{t-1} + ε tanh((W − Wᵀ − γ I) h_{t-1} + V x_t + b)      with ε = 0.01 and γ = 0.01
/// ```
///
/// The step size is ε. The eigenvalues of W − Wᵀ are imaginary, so that the state turns and neither grows
/// nor decays. The diffusion γ damps it a little, because Euler's method alone lets it grow. The paper
/// searches both for each task, ε among 0.01, 0.1 and 1 (appendix C). They are constants here.
pub struct AntisymmetricRnn;

/// The step size ε.
const STEP: f64 = 0.01;

/// The diffusion γ.
const DIFFUSION: f64 = 0.01;

impl Cell for AntisymmetricRnn {
    fn name(&self) -> Option<CellName> {
        Some(CellName::AntisymmetricRnn)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["h"]
    }

    fn candidate(&self) -> usize {
        0
    }

    fn has_direct_path(&self) -> bool {
        true
    }

    /// Puts W − Wᵀ − γ I in the place of W.
    fn prepare(&self, p: &LayerParameters) -> PreparedLayer {
        let identity = Tensor::eye(p.w_hh.size()[1], (p.w_hh.kind(), p.w_hh.device()));
        let w_hh = &p.w_hh - p.w_hh.tr() - identity * DIFFUSION;
        PreparedLayer::new(&LayerParameters { w_hh, ..p.shallow_clone() }, 1)
    }

    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        vec![products.sum(0).tanh()]
    }

    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        State::from_hidden(&previous.h + &activations[0] * STEP)
    }
}
