//! The error of [`custom_function`](crate::custom_function).

use std::fmt;

/// The reasons why outputs cannot become the results of a closure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// An output already requires a gradient. The value is its position in the list.
    OutputHasHistory(usize),
    /// libtorch refused an operation. The value is the first line of its message.
    Libtorch(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::OutputHasHistory(n) => write!(
                f,
                "expected outputs that were computed without gradients (tch::no_grad); \
                 output {n} requires a gradient already"
            ),
            Error::Libtorch(message) => write!(f, "libtorch: {message}"),
        }
    }
}

impl std::error::Error for Error {}
