//! `lstm-lab data`: real datasets.

use std::path::Path;

use crate::cli::{DataAction, DataArgs};
use crate::data::{self as datasets, Status};
use crate::support::error::Result;
use crate::support::progress::print;

/// 0, or 1 where a dataset is damaged or one that was named is absent.
pub fn data(args: &DataArgs) -> Result<u8> {
    let root = datasets::root();
    match &args.action {
        DataAction::List => {
            for dataset in datasets::DATASETS {
                let status = describe(&datasets::verify(dataset.name, &root)?);
                let (name, title, licence) = (dataset.name, dataset.title, dataset.licence);
                let program = dataset.source.program();
                print(&format!("{name}: {title} ({licence}; through {program}): {status}\n"))?;
            }
            Ok(0)
        }
        DataAction::Fetch { names, force } => {
            for name in names {
                datasets::fetch(name, &root, *force)?;
                print(&format!("{name}: {}\n", describe(&datasets::verify(name, &root)?)))?;
            }
            Ok(0)
        }
        DataAction::Verify { names } => verify(names, &root),
    }
}

fn verify(names: &[String], root: &Path) -> Result<u8> {
    let all: Vec<String> = datasets::DATASETS.iter().map(|dataset| dataset.name.to_string()).collect();
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
        Status::Absent => "not here".to_string(),
        Status::Complete { files: 1, bytes } => format!("complete, 1 file, {bytes} bytes"),
        Status::Complete { files, bytes } => format!("complete, {files} files, {bytes} bytes"),
        Status::Damaged { what } => format!("damaged: {what}; fetch it again with --force"),
    }
}
