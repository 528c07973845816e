//! `lstm-lab init`: a config with comments to start from, and the schema that its first line names.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use super::schema;
use crate::cli::InitArgs;
use crate::config::SCHEMA;
use crate::settings::names::ExperimentKind;
use crate::support::error::{Error, Result};
use crate::support::file::write_atomic;
use crate::support::progress::print;

/// Writes the config and the schema beside it, and prints their paths and the next commands. An existing
/// config stays. An older schema is replaced.
pub fn init(args: &InitArgs) -> Result<u8> {
    let path = path(&args.name)?;
    let mut file = match File::create_new(&path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {
            let found = path.display();
            return Err(Error::Usage(format!(
                "{found}: expected the name of a new file, found an existing one"
            )));
        }
        Err(cause) => return Err(Error::io("write", &path)(cause)),
    };
    let config = format!("#:schema ./{SCHEMA}\n{}", template(args.kind));
    file.write_all(config.as_bytes()).map_err(Error::io("write", &path))?;
    let schema = path.with_file_name(SCHEMA);
    write_atomic(&schema, schema::text().as_bytes())?;
    let (path, schema) = (path.display(), schema.display());
    print(&format!("{path}\n{schema}\nnext: lstm-lab check {path}\n      lstm-lab run {path}\n"))?;
    Ok(0)
}

/// The path of the config: `NAME`, with the ending `.toml`.
fn path(name: &str) -> Result<PathBuf> {
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    let path = PathBuf::from(format!("{stem}.toml"));
    // The name of the file is that of the results directory.
    let is_named = path.file_stem().is_some_and(|name| !name.to_string_lossy().starts_with('.'));
    if stem.is_empty() || stem.ends_with('/') || !is_named {
        return Err(Error::Usage(format!("expected a name for the config, found `{name}`")));
    }
    Ok(path)
}

fn template(kind: ExperimentKind) -> &'static str {
    match kind {
        ExperimentKind::Gradients => include_str!("gradients.toml"),
        ExperimentKind::Jacobian => include_str!("jacobian.toml"),
        ExperimentKind::Speed => include_str!("speed.toml"),
        ExperimentKind::Training => include_str!("training.toml"),
    }
}
