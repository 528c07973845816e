//! Configs, from a TOML file to a checked experiment: `source` (text, overrides, lines) → `raw` (typed
//! tables) → `check` → `spec`.
//!
//! Swept settings are declared in [`crate::settings`], not here.

mod changes;
mod check;
mod error_text;
mod raw;
mod schema;
mod source;
pub mod spec;
pub mod value;

use std::path::Path;

use crate::support::error::Result;
pub use check::published::{read_all as read_published, read_for as read_published_for};
pub use schema::schema;
pub use source::ConfigFile;
pub use spec::Spec;

/// The name of the file of published results, in the directory of a config and in results directories.
pub const PUBLISHED: &str = "published.toml";

/// The name of the file with the schema that `init` writes beside a config.
pub const SCHEMA: &str = "lstm-lab.schema.json";

/// Reads and checks a config file, with the overrides `KEY=VALUE` of the command line, and the published
/// results in its directory.
///
/// # Errors
/// The first problem: file, line, key, the expected and the found value.
pub fn load(path: &Path, overrides: &[String]) -> Result<Spec> {
    let file = ConfigFile::read(path, overrides)?;
    if path.ends_with(PUBLISHED) {
        let problem = match file.table()?.contains_key("kind") {
            true => "expected another name for a config; `published.toml` is the list of published results",
            false => {
                "expected a config, found the list of published results, which `check` and `run` read \
                      with each config of this directory; name one of those"
            }
        };
        return Err(file.whole(problem).into());
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let spec = check::spec(&file, &stem)?;
    let published = read_published_for(&path.with_file_name(PUBLISHED), &spec.name)?;
    Ok(Spec { published, ..spec })
}

/// Reads the choices for figures of a config that was saved in a results directory.
///
/// # Errors
/// The first wrong key of `[plot]`, with file and line.
pub fn read_plot(path: &Path) -> Result<spec::Plot> {
    let file = ConfigFile::read(path, &[])?;
    let plot = file.table()?.remove("plot").map(|plot| file.typed("plot", plot)).transpose()?;
    Ok(check::plot::plot(&file, plot.as_ref())?)
}

/// Reads the parts of the answer of a config that was saved in a results directory.
///
/// # Errors
/// `answer_with` is no list of parts; with file and line.
pub fn read_answer_parts(path: &Path) -> Result<Vec<spec::AnswerPart>> {
    let file = ConfigFile::read(path, &[])?;
    let parts = file.table()?.remove("answer_with");
    Ok(parts.map_or(Ok(Vec::new()), |parts| file.typed("answer_with", parts))?)
}

/// Reads the claim and the expectations of a config that was saved in a results directory.
///
/// # Errors
/// The first wrong key of a test, with file and line.
pub fn read_tests(path: &Path) -> Result<spec::Tests> {
    let file = ConfigFile::read(path, &[])?;
    let mut table = file.table()?;
    let claim = table.remove("claim").map(|claim| file.typed("claim", claim)).transpose()?;
    let expect: Vec<raw::Test> =
        table.remove("expect").map_or(Ok(Vec::new()), |expect| file.typed("expect", expect))?;
    Ok(check::claim::tests(&file, claim, &expect)?)
}
