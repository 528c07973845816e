//! `lstm-lab man`: manual pages for packages.

use std::fs;
use std::path::Path;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::support::error::{Error, Result};

/// Writes a page for the program and one for each command that is not hidden.
pub fn man(dir: &Path) -> Result<u8> {
    fs::create_dir_all(dir).map_err(|cause| Error::OutDir { path: dir.to_path_buf(), cause })?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(Error::io("write manual pages to", dir))?;
    Ok(0)
}
