//! The derivatives of the activations, from outputs or from preactivations.

use crate::vector::Vector;
use crate::vector::math::{
    sigmoid_and_complement, sigmoid_derivative, tanh, tanh_and_derivative, tanh_derivative,
};

/// The numbers of a row, as the backward pass of a cell reads them.
pub trait Derivatives {
    /// True if rows hold preactivations, and false if they hold activations.
    const FROM_PREACTIVATIONS: bool;

    /// Returns σ and 1 − σ, given a number of a row. Their product is the derivative of the sigmoid.
    fn sigmoid<S: Vector>(s: S, x: S::V) -> Sigmoid<S>;

    /// Returns the tanh and its derivative, given a number of a row.
    fn tanh<S: Vector>(s: S, x: S::V) -> (S::V, S::V);

    /// Returns the tanh of c and its derivative.
    fn tanh_of_c<S: Vector>(s: S, c: S::V) -> (S::V, S::V);
}

/// A sigmoid with its derivative.
pub struct Sigmoid<S: Vector> {
    /// σ.
    pub value: S::V,
    /// 1 − σ, in full precision for [`FromPreactivations`].
    pub complement: S::V,
    /// σ′.
    pub derivative: S::V,
}

/// Derivatives from outputs: 1 − h² and σ − σ². They lose digits near saturation.
pub struct FromOutputs;

/// Derivatives from preactivations, in full precision at any saturation.
pub struct FromPreactivations;

impl Derivatives for FromOutputs {
    const FROM_PREACTIVATIONS: bool = false;

    #[inline(always)]
    fn sigmoid<S: Vector>(s: S, x: S::V) -> Sigmoid<S> {
        Sigmoid { value: x, complement: s.sub(s.one(), x), derivative: sigmoid_derivative(s, x) }
    }

    #[inline(always)]
    fn tanh<S: Vector>(s: S, x: S::V) -> (S::V, S::V) {
        (x, tanh_derivative(s, x))
    }

    #[inline(always)]
    fn tanh_of_c<S: Vector>(s: S, c: S::V) -> (S::V, S::V) {
        let tanh_c = tanh(s, c);
        (tanh_c, tanh_derivative(s, tanh_c))
    }
}

impl Derivatives for FromPreactivations {
    const FROM_PREACTIVATIONS: bool = true;

    #[inline(always)]
    fn sigmoid<S: Vector>(s: S, x: S::V) -> Sigmoid<S> {
        let (value, complement) = sigmoid_and_complement(s, x);
        Sigmoid { value, complement, derivative: s.mul(value, complement) }
    }

    #[inline(always)]
    fn tanh<S: Vector>(s: S, x: S::V) -> (S::V, S::V) {
        tanh_and_derivative(s, x)
    }

    #[inline(always)]
    fn tanh_of_c<S: Vector>(s: S, c: S::V) -> (S::V, S::V) {
        tanh_and_derivative(s, c)
    }
}
