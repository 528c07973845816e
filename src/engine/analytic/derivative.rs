//! The derivatives of the activations.

use tch::Tensor;

/// The tensor that the derivatives of the activations are computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActivationDerivative {
    /// The outputs: 1 − h² and σ − σ², as in libtorch. These lose digits near saturation, and finally all
    /// of them.
    FromOutputs,
    /// The preactivations: full precision at any saturation, for more memory and time.
    FromPreactivations,
}

/// Returns σ′(a) = σ(a) σ(−a).
pub(super) fn sigmoid_derivative(a: &Tensor) -> Tensor {
    a.sigmoid() * a.neg().sigmoid()
}

/// Returns tanh′(a) = 1 / cosh²(a) = 4 σ(2a) σ(−2a).
pub(super) fn tanh_derivative(a: &Tensor) -> Tensor {
    4.0 * sigmoid_derivative(&(2.0 * a))
}
