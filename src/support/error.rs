//! The errors of the lab: every error that can end a command or a run. Only `main` prints an error.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::Error as LibraryError;
use crate::support::text::number;

/// The result of a function of the lab that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the lab, with the names and values that a reader needs to fix its cause.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error of a cell, an engine or a device.
    #[error(transparent)]
    Library(#[from] LibraryError),

    /// A config, or an override of one, that cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// A command line that cannot be executed.
    #[error("{0}")]
    Usage(String),

    /// A data file or dataset that cannot be used.
    #[error("{path}: {problem}", path = path.display())]
    Data {
        /// The file or directory.
        path: PathBuf,
        /// The problem: what was expected and what was found.
        problem: String,
    },

    /// An output directory that cannot be written to. The check is made before the first run.
    #[error("cannot write results to {path}: {cause}", path = path.display())]
    OutDir {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        cause: std::io::Error,
    },

    /// A file operation that the system refused.
    #[error("cannot {doing} {path}: {cause}", path = path.display())]
    Io {
        /// A verb: "read", "write", "rename".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        cause: std::io::Error,
    },

    /// A CSV file whose content does not fit its columns.
    #[error("cannot {doing} {path}: {cause}", path = path.display())]
    Csv {
        /// A verb: "read", "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The CSV reader's error, with the line.
        cause: csv::Error,
    },

    /// A process of another framework that fails or answers wrongly.
    #[error("framework `{framework}`: {problem}")]
    Framework {
        /// The name of the framework.
        framework: String,
        /// The problem: what was expected and what was found.
        problem: String,
    },

    /// An error in a process that times engines, with its message.
    #[error("{0}")]
    Timing(String),

    /// A loss or gradient that is not a finite number.
    #[error(
        "training diverged at step {step}: {what} is {value}; {}; {advice}",
        last.map_or("there was no finite loss before".into(), |(step, loss)| {
            format!("the last finite loss was {}, at step {step}", number(loss))
        })
    )]
    Diverged {
        /// The step, from 1. For an evaluation, it is the last training step before the evaluation.
        step: usize,
        /// The quantity: `the loss`, `the gradient's norm`, or the loss on a held-out split.
        what: &'static str,
        /// The value that was found.
        value: f64,
        /// The last finite loss with its step, which may be the same step.
        last: Option<(usize, f64)>,
        /// The settings that may help.
        advice: &'static str,
    },

    /// A training that was asked to stop, after it has written a checkpoint.
    #[error("stopped after a checkpoint")]
    Stopped,

    /// Memory that libtorch could not allocate.
    #[error(
        "out of memory: libtorch asked for {request}, in {run}; fewer steps, sequences or units need less"
    )]
    OutOfMemory {
        /// The amount, and the place: `20.00 GiB on GPU 1, which has 5.06 MiB of 139.81 GiB free`.
        request: String,
        /// The description of the run, with its sizes.
        run: String,
    },

    /// A panic during a run, with its message.
    #[error("{0}")]
    Panic(String),
}

impl Error {
    /// Returns the exit code of the process: 2 if the user's input must change, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Config(_)
            | Error::Usage(_)
            | Error::Data { .. }
            | Error::OutDir { .. }
            | Error::Library(
                LibraryError::Unsupported { .. }
                | LibraryError::MixedDtypes { .. }
                | LibraryError::NoDevice { .. },
            ) => 2,
            _ => 1,
        }
    }

    /// Returns true if the system could not read or write a file that is there: another attempt may go well.
    pub fn is_of_system(&self) -> bool {
        let cause = match self {
            Error::OutDir { cause, .. } | Error::Io { cause, .. } => cause,
            Error::Csv { cause, .. } => match cause.kind() {
                csv::ErrorKind::Io(cause) => cause,
                _ => return false,
            },
            _ => return false,
        };
        cause.kind() != std::io::ErrorKind::NotFound
    }

    /// Returns a closure for `map_err`: the system error of `doing` something to `path`.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_path_buf();
        move |cause| Error::Io { doing, path, cause }
    }

    /// Returns a closure for `map_err`: the CSV error of `doing` something to `path`.
    pub fn csv(doing: &'static str, path: &Path) -> impl FnOnce(csv::Error) -> Error {
        let path = path.to_path_buf();
        move |cause| Error::Csv { doing, path, cause }
    }

    /// Returns a data error about `path`.
    pub fn data(path: &Path, problem: impl Into<String>) -> Error {
        Error::Data { path: path.to_path_buf(), problem: problem.into() }
    }
}

/// An error in a config: the place, the key, the expected value and the found value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The config file, or `--set KEY=VALUE` for an override.
    pub place: String,
    /// The line in the file, from 1, if it is known.
    pub line: Option<usize>,
    /// The dotted key, if the error is about a key.
    pub key: Option<String>,
    /// The problem: what was expected and what was found.
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
