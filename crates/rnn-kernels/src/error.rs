//! Errors of the public functions.

use std::fmt;

/// A request that the kernels refuse. No result is written then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A size of the layer is 0.
    ZeroSize {
        /// The field of [`Size`](crate::Size).
        name: &'static str,
    },
    /// A slice has another length than the sizes ask for.
    Length {
        /// The name of the slice.
        name: &'static str,
        /// The expected shape. The length is the product; 0 for a slice that the cell does not have.
        expected: Vec<usize>,
        /// The length found.
        found: usize,
    },
    /// The saved activations belong to a layer of another cell or other sizes.
    OtherLayer {
        /// The cell and sizes of the saved activations.
        expected: String,
        /// The cell and sizes of the layer.
        found: String,
    },
    /// A short name of no instruction set that this processor has.
    UnknownIsa {
        /// The name found.
        found: String,
        /// The short names of the instruction sets that the processor has, the fastest first.
        available: Vec<&'static str>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::ZeroSize { name } => write!(f, "`{name}` is 0; expected at least 1"),
            Error::Length { name, expected, found } if expected.is_empty() => {
                write!(f, "`{name}` has {found} numbers; expected none, because the cell has no c")
            }
            Error::Length { name, expected, found } => {
                write!(f, "`{name}` has {found} numbers; expected the shape {expected:?}")
            }
            Error::OtherLayer { expected, found } => {
                write!(f, "the saved activations are of {expected}; found {found}")
            }
            Error::UnknownIsa { found, available } => {
                let names = available.join("`, `");
                write!(f, "expected an instruction set of this processor (`{names}`), found `{found}`")
            }
        }
    }
}

impl std::error::Error for Error {}
