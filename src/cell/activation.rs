//! The activation functions of gates.

/// An activation function, for statistics of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// σ, from 0 to 1.
    Sigmoid,
    /// tanh, from −1 to 1.
    Tanh,
    /// A function without an upper end, such as max(0, a).
    Unbounded,
}
