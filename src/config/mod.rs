//! From a TOML file to a list of runs: `wire` (what serde reads) → `check` → `spec` (what was
//! found sound) → `plan` (the runs).

mod check;
mod grid;
pub mod init;
pub mod lags;
pub mod names;
pub mod plan;
mod source;
pub mod spec;
pub mod task;
pub mod training;
pub mod wire;

use std::path::Path;

use crate::error::Result;
pub use plan::Plan;
pub use spec::Spec;

/// Reads and checks one config file, with the overrides `KEY=VALUE` of the command line.
///
/// # Errors
/// The first problem found, with file, line, key, what was expected and what was found.
pub fn load(path: &Path, overrides: &[String]) -> Result<Spec> {
    let source = source::Source::read(path, overrides)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Spec::check(&source, &stem)
}
