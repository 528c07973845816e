//! What can go wrong, as a type. Only `main` prints an error.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::support::text::number;

/// The result of everything in this library that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, with the names and values that a reader needs to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A config (or an override of one) that cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A command line that asks for what is not there.
    #[error("{0}")]
    Usage(String),

    /// A data file or dataset that cannot be used.
    #[error("{path}: {problem}", path = path.display())]
    Data {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it, and what would be right.
        problem: String,
    },

    /// The output directory cannot be used; found out before the first run.
    #[error("cannot write results to {path}: {cause}", path = path.display())]
    OutDir {
        /// The directory asked for.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// The system refused a file operation.
    #[error("cannot {doing} {path}: {cause}", path = path.display())]
    Io {
        /// A verb: "read", "write", "rename".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// A CSV file whose content is not what its columns promise.
    #[error("cannot {doing} {path}: {cause}", path = path.display())]
    Csv {
        /// A verb: "read", "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the CSV reader said, with the line.
        cause: csv::Error,
    },

    /// A tensor of the wrong shape where a sequence enters.
    #[error("{name} must be {expected}, but is {found:?}")]
    Shape {
        /// Which tensor.
        name: String,
        /// The shape that was expected, in words: `[T, B, 16]`.
        expected: String,
        /// The shape that was found.
        found: Vec<i64>,
    },

    /// An engine that cannot work with a type or device.
    #[error(
        "engine `{engine}` works with f32 on the CPU, but was given {found}; `analytic` works with that too"
    )]
    Unsupported {
        /// The engine.
        engine: String,
        /// The type and device that were found.
        found: String,
    },

    /// Two engines that should compute the same function do not.
    #[error(
        "engine `{engine}` disagrees with `{reference}`: {what} differs by {error:.1e} relative, \
         {tolerance:.0e} is allowed"
    )]
    Disagreement {
        /// The engine under test.
        engine: String,
        /// The engine that it was held against.
        reference: String,
        /// The tensor that differs.
        what: String,
        /// The relative error that was found.
        error: f64,
        /// The relative error that is allowed.
        tolerance: f64,
    },

    /// Another library's process that does not do what it should.
    #[error("peer `{peer}`: {problem}")]
    Peer {
        /// The peer.
        peer: String,
        /// What was expected of it, and what was found.
        problem: String,
    },

    /// A loss or gradient that is no finite number.
    #[error(
        "training diverged at step {step}: {what} is {value}; {}; \
         a smaller learning rate or training.clip_norm may help",
        last.map_or("there was no finite loss before".into(), |loss| format!("the last finite loss was {}", number(loss)))
    )]
    Diverged {
        /// The step, from 1; of an evaluation the step before it.
        step: usize,
        /// `the loss`, `the gradient's norm`, or the loss on a held-out split.
        what: &'static str,
        /// What was found.
        value: f64,
        /// The loss of the last update.
        last: Option<f64>,
    },

    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(String),

    /// A run did something that it never should; the message is the panic's.
    #[error("{0}")]
    Panic(String),
}

impl Error {
    /// The process's exit code for this error: 2 where the user's input is at fault, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Config(_)
            | Error::Usage(_)
            | Error::Data { .. }
            | Error::OutDir { .. }
            | Error::Unsupported { .. } => 2,
            _ => 1,
        }
    }

    /// For `map_err`: a system error while `doing` something to `path`.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_path_buf();
        move |cause| Error::Io { doing, path, cause }
    }

    /// For `map_err`: a CSV error while `doing` something to `path`.
    pub fn csv(doing: &'static str, path: &Path) -> impl FnOnce(csv::Error) -> Error {
        let path = path.to_path_buf();
        move |cause| Error::Csv { doing, path, cause }
    }

    /// A data error about `path`.
    pub fn data(path: &Path, problem: impl Into<String>) -> Error {
        Error::Data { path: path.to_path_buf(), problem: problem.into() }
    }
}

/// A config that cannot be used: where, which key, what was expected, what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The config file, or `--set KEY=VALUE` where an override is at fault.
    pub place: String,
    /// The line in the file, counted from 1, where it is known.
    pub line: Option<usize>,
    /// The dotted key, where one is at fault.
    pub key: Option<String>,
    /// What is wrong: what was expected and what was found.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": `{key}`")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for ConfigError {}
