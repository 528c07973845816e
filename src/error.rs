//! The errors of cells and engines.

/// The result of a function of the library that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a cell, an engine or a device.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tensor whose shape does not fit the parameters.
    #[error("{name} must be {expected}, but is {found:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The expected shape, with letters for free sizes: `[T, B, 16]`.
        expected: String,
        /// The shape that was found.
        found: Vec<i64>,
    },

    /// An engine that does not support a dtype or device.
    #[error("engine `{engine}` works with {accepted}, but was given {found}; `analytic` works with that too")]
    Unsupported {
        /// The engine's name.
        engine: String,
        /// The dtypes and devices that the engine works with.
        accepted: &'static str,
        /// The dtype and device that were found.
        found: String,
    },

    /// Tensors of more than one dtype.
    #[error("expected parameters and states in the input's dtype, {expected}, but found {found}")]
    MixedDtypes {
        /// The dtype of the input.
        expected: String,
        /// The other dtype.
        found: String,
    },

    /// An engine that cannot run a cell.
    #[error("engine `{engine}` cannot run {cell}; these can: {engines}")]
    CellWithoutEngine {
        /// The engine's name.
        engine: String,
        /// The cell, with its name if it has one.
        cell: String,
        /// The engines that can run the cell.
        engines: String,
    },

    /// Two engines that should compute the same function but do not.
    #[error(
        "engine `{engine}` disagrees with `{reference}`: {what} differs by {error:.1e} relative, \
         {tolerance:.0e} is allowed"
    )]
    Disagreement {
        /// The engine under test.
        engine: String,
        /// The engine that serves as reference.
        reference: String,
        /// The name of the tensor that differs.
        what: String,
        /// The relative error that was found.
        error: f64,
        /// The relative error that is allowed.
        tolerance: f64,
    },

    /// A CUDA device that libtorch does not report.
    #[error(
        "--device cuda:{index}: expected a CUDA device of that number, found {found} of them; \
         `lstm-lab doctor` says more, `--device cpu` runs here"
    )]
    NoDevice {
        /// The number of the requested device, from 0.
        index: usize,
        /// The number of CUDA devices on this machine.
        found: usize,
    },

    /// An operation that libtorch refused.
    #[error("libtorch: {0}")]
    Torch(String),
}
