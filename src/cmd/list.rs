//! `lstm-lab list`: the experiments that ship with the program, and every name that a config may use.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::cell::CellName;
use crate::cell::init::FORMS;
use crate::cli::ListArgs;
use crate::config::PUBLISHED;
use crate::engine::EngineName;
use crate::settings::names::{Encoding, ExperimentKind, FrameworkName, LossName, TaskName};
use crate::settings::names::{ModelName, OptimizerName, ScheduleName};
use crate::support::error::Result;
use crate::support::progress::print;

/// A list of names, each with its description.
struct Section {
    /// The key in JSON.
    key: &'static str,
    title: String,
    entries: Vec<(String, String)>,
}

/// The section of a vocabulary.
macro_rules! vocabulary {
    ($key:literal, $title:literal, $names:ident) => {
        Section {
            key: $key,
            title: $title.to_string(),
            entries: $names::ALL.iter().map(|name| (name.to_string(), name.about().to_string())).collect(),
        }
    };
}

/// Prints experiments, then the names of kinds, cells, engines, tasks and inits.
pub fn list(args: &ListArgs) -> Result<u8> {
    let root = checkout();
    let sections: Vec<Section> = experiments(root.as_deref()).chain(vocabularies()).collect();
    if args.json {
        let entry = |(name, about): &(String, String)| json!({ "name": name, "about": about });
        let list = |section: &Section| section.entries.iter().map(entry).collect::<Vec<_>>();
        let object: Map<String, Value> =
            sections.iter().map(|section| (section.key.to_string(), list(section).into())).collect();
        let json = serde_json::to_string_pretty(&object).expect("plain data");
        print(&format!("{json}\n"))?;
        return Ok(0);
    }
    let mut out = String::new();
    if root.is_none() {
        out.push_str("experiments: in the source of lstm-lab, which is not here\n");
    }
    sections.iter().for_each(|section| write_section(&mut out, section));
    print(&out)?;
    Ok(0)
}

/// The shipped experiments and claims; none outside the source.
fn experiments(root: Option<&Path>) -> impl Iterator<Item = Section> {
    let folders = [("experiments", "experiments"), ("claims", "experiments/claims")];
    root.into_iter().flat_map(move |root| {
        folders.map(|(key, dir)| {
            let dir = root.join(dir);
            let entry = |path: &PathBuf| (path.display().to_string(), question(path));
            let entries = shipped(&dir).iter().map(entry).collect();
            Section { key, title: format!("{key} (files in {}/)", dir.display()), entries }
        })
    })
}

fn vocabularies() -> [Section; 11] {
    let file = ("{ file = \"PATH\" }", "the parameters of a safetensors file (for gradients and jacobian)");
    let inits = FORMS.iter().chain([&file]);
    let inits = inits.map(|(name, about)| (name.to_string(), about.to_string())).collect();
    [
        vocabulary!("kinds", "kinds", ExperimentKind),
        vocabulary!("cells", "cells", CellName),
        vocabulary!("engines", "engines", EngineName),
        vocabulary!("frameworks", "frameworks (for kind speed)", FrameworkName),
        vocabulary!("tasks", "tasks", TaskName),
        vocabulary!("encodings", "encodings of symbols", Encoding),
        vocabulary!("losses", "losses (for kind gradients)", LossName),
        vocabulary!("models", "models (for kind training)", ModelName),
        vocabulary!("optimizers", "optimizers (for kind training)", OptimizerName),
        vocabulary!("schedules", "learning rate schedules (for kind training)", ScheduleName),
        Section { key: "inits", title: "inits".to_string(), entries: inits },
    ]
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

fn write_section(out: &mut String, Section { title, entries, .. }: &Section) {
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let _ = writeln!(out, "{title}:");
    for (name, about) in entries {
        let _ = writeln!(out, "  {name:width$}  {about}");
    }
}
