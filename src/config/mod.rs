//! From a TOML file to a list of runs: `wire` (what serde reads) → `check` → `spec` (what was
//! found sound) → `plan` (the runs).

pub(crate) mod check;
pub mod claim;
mod grid;
pub mod measure;
mod message;
pub mod reading;
pub mod setting;
pub(crate) mod source;
pub mod spec;
pub mod targets;
pub mod task;
pub mod training;
pub mod wire;

use std::path::Path;

use crate::support::error::Result;
pub use spec::Spec;

/// Reads and checks one config file, with the overrides `KEY=VALUE` of the command line, and what the file of published
/// results beside it says of the experiment.
///
/// # Errors
/// The first problem found, with file, line, key, what was expected and what was found.
pub fn load(path: &Path, overrides: &[String]) -> Result<Spec> {
    let source = source::Source::read(path, overrides)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let spec = Spec::check(&source, &stem)?;
    let targets = targets::read(&path.with_file_name(targets::FILE), &spec.name)?;
    Ok(Spec { targets, ..spec })
}
