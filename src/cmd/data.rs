//! `lstm-lab data`: lists, fetches and verifies datasets.

use std::path::Path;

use crate::cli::{DataAction, DataArgs};
use crate::data::{self as datasets, DATASETS, Dataset, Status};
use crate::support::error::Result;
use crate::support::progress::print;

/// Returns the exit code: 1 if a dataset is damaged, or named and absent; else 0.
pub fn data(args: &DataArgs) -> Result<u8> {
    let root = datasets::root();
    match &args.action {
        DataAction::List => {
            for Dataset { name, title, licence, package, .. } in DATASETS.iter() {
                let status = describe(&datasets::verify(name, &root)?);
                print(&format!("{name}: {title} ({licence}; through {}): {status}\n", package.manager))?;
            }
            Ok(0)
        }
        DataAction::Fetch { names, force } => {
            for name in names {
                let status = datasets::fetch(name, &root, *force)?;
                print(&format!("{name}: {}\n", describe(&status)))?;
            }
            Ok(0)
        }
        DataAction::Verify { names } => verify(names, &root),
    }
}

fn verify(names: &[String], root: &Path) -> Result<u8> {
    let all: Vec<String> = DATASETS.iter().map(|dataset| dataset.name.clone()).collect();
    let mut exit = 0;
    for name in if names.is_empty() { &all } else { names } {
        let status = datasets::verify(name, root)?;
        print(&format!("{name}: {}\n", describe(&status)))?;
        match status {
            Status::Complete { .. } => {}
            Status::Absent if names.is_empty() => {}
            Status::Absent | Status::Damaged { .. } => exit = 1,
        }
    }
    Ok(exit)
}

fn describe(status: &Status) -> String {
    match status {
        Status::Absent => "absent".to_string(),
        Status::Complete { files: 1, bytes } => format!("complete, 1 file, {bytes} bytes"),
        Status::Complete { files, bytes } => format!("complete, {files} files, {bytes} bytes"),
        Status::Damaged { what } => format!("damaged: {what}; fetch it again with --force"),
    }
}
