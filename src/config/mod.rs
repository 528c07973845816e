//! From a TOML file to a checked experiment: `source` (text, overrides, lines) → `raw` (typed tables) → `check` → `spec`.
//!
//! A setting that is swept is declared in [`crate::settings`], not here.

mod check;
mod error_text;
mod raw;
mod source;
pub mod spec;
pub mod value;

use std::path::Path;

use crate::support::error::Result;
pub use check::published::{read_all as read_published, read_for as read_published_for};
pub use source::ConfigFile;
pub use spec::Spec;

/// The file of published results, beside configs and in results directories.
pub const PUBLISHED: &str = "published.toml";

/// Reads and checks a config file with the overrides `KEY=VALUE` of the command line, and the published results beside it.
///
/// # Errors
/// The first problem found, with file, line, key, what was expected and what was found.
pub fn load(path: &Path, overrides: &[String]) -> Result<Spec> {
    let file = ConfigFile::read(path, overrides)?;
    if path.ends_with(PUBLISHED) {
        let problem = "expected a config, found the list of published results; name an experiment beside it";
        return Err(file.whole(problem).into());
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let spec = check::spec(&file, &stem)?;
    let published = read_published_for(&path.with_file_name(PUBLISHED), &spec.name)?;
    Ok(Spec { published, ..spec })
}

/// The claim of a config that was saved beside results.
///
/// # Errors
/// A claim that is not sound, with file, line and key.
pub fn read_claim(path: &Path) -> Result<Option<spec::Claim>> {
    let file = ConfigFile::read(path, &[])?;
    let claim = file.table()?.remove("claim");
    Ok(claim.map(|claim| check::claim::claim(&file, file.typed("claim", claim)?)).transpose()?)
}
