//! The parameters of a layer in the forms that a loop over time needs.

use tch::Tensor;

use super::gate::Gate;
use super::layer::LayerParameters;

/// The parameters of a layer, cut and transposed once for all steps. All tensors are views, and gradients
/// flow through them.
#[derive(Debug)]
pub struct PreparedLayer {
    /// The parameters as they are stored.
    pub parameters: LayerParameters,
    /// The matrices and biases of each gate.
    pub gates: Vec<Gate>,
    /// The transposed recurrent matrix of all gates, `[H, G·H]`, or `[P, G·H]` with a
    /// projection.
    pub w_hh_t: Tensor,
}

impl PreparedLayer {
    /// Prepares the layer of a cell with `count` gates.
    pub fn new(parameters: &LayerParameters, count: usize) -> PreparedLayer {
        let cut = |tensor: &Tensor| tensor.chunk(count as i64, 0).into_iter();
        let gates = cut(&parameters.w_ih)
            .zip(cut(&parameters.w_hh))
            .zip(cut(&parameters.b_ih).zip(cut(&parameters.b_hh)))
            .map(|((w_x, w_h), (b_x, b_h))| Gate { w_x, w_h, b_x, b_h })
            .collect();
        PreparedLayer { w_hh_t: parameters.w_hh.tr(), gates, parameters: parameters.shallow_clone() }
    }
}
