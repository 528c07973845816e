//! `lstm-lab list`: the experiments that ship with the program, and every name that a config may use.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::cell::CellName;
use crate::cell::init::FORMS;
use crate::config::PUBLISHED;
use crate::engine::EngineName;
use crate::settings::names::{Encoding, ExperimentKind, FrameworkName, LossName, TaskName};
use crate::settings::names::{ModelName, OptimizerName, ScheduleName};
use crate::support::error::Result;
use crate::support::progress::print;

/// A section of a vocabulary: each name with its description.
macro_rules! vocabulary {
    ($out:expr, $title:literal, $names:ident) => {
        section($out, $title, $names::ALL.iter().map(|name| (name.to_string(), name.about().to_string())))
    };
}

/// Prints experiments, then the names of kinds, cells, engines, tasks and inits.
pub fn list() -> Result<u8> {
    let mut out = String::new();
    match checkout() {
        Some(root) => {
            for (title, dir) in [("experiments", "experiments"), ("claims", "experiments/claims")] {
                let dir = root.join(dir);
                let files = shipped(&dir);
                let lines = files.iter().map(|path| (path.display().to_string(), question(path)));
                section(&mut out, &format!("{title} (files in {}/)", dir.display()), lines);
            }
        }
        None => out.push_str("experiments: in the source of lstm-lab, which is not here\n"),
    }
    vocabulary!(&mut out, "kinds", ExperimentKind);
    vocabulary!(&mut out, "cells", CellName);
    vocabulary!(&mut out, "engines", EngineName);
    vocabulary!(&mut out, "frameworks (for kind speed)", FrameworkName);
    vocabulary!(&mut out, "tasks", TaskName);
    vocabulary!(&mut out, "encodings of symbols", Encoding);
    vocabulary!(&mut out, "losses (for kind gradients)", LossName);
    vocabulary!(&mut out, "models (for kind training)", ModelName);
    vocabulary!(&mut out, "optimizers (for kind training)", OptimizerName);
    vocabulary!(&mut out, "learning rate schedules (for kind training)", ScheduleName);
    section(&mut out, "inits", FORMS.iter().map(|(name, about)| (name.to_string(), about.to_string())));
    print(&out)?;
    Ok(0)
}

/// The directory with the shipped experiments: the working directory, or the source that the program was
/// built from.
fn checkout() -> Option<PathBuf> {
    let roots = ["", env!("CARGO_MANIFEST_DIR")].map(PathBuf::from);
    roots.into_iter().find(|root| root.join("experiments").is_dir())
}

/// The configs in a directory, sorted.
fn shipped(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let is_config =
        |path: &PathBuf| path.extension().is_some_and(|e| e == "toml") && !path.ends_with(PUBLISHED);
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_config).collect();
    files.sort();
    files
}

/// The claim of a config, or its question.
fn question(path: &Path) -> String {
    let table = std::fs::read_to_string(path).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let text = table.as_ref().and_then(|table| {
        let claim = || table.get("claim")?.get("statement");
        claim().or(table.get("question"))?.as_str()
    });
    text.unwrap_or_default().to_string()
}

fn section(out: &mut String, title: &str, entries: impl Iterator<Item = (String, String)>) {
    let entries: Vec<_> = entries.collect();
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let _ = writeln!(out, "{title}:");
    for (name, about) in entries {
        let _ = writeln!(out, "  {name:width$}  {about}");
    }
}
