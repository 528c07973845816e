//! `lstm-lab list`: what there is.

use std::fmt::Write;
use std::path::Path;

use super::shipped;
use crate::cell::CellName;
use crate::cell::init::FORMS;
use crate::engine::EngineName;
use crate::settings::names::{Encoding, ExperimentKind, FrameworkName, LossName, TaskName};
use crate::settings::names::{ModelName, OptimizerName, ScheduleName};
use crate::support::error::Result;
use crate::support::progress::print;

/// Prints experiments, kinds, cells, engines, tasks, losses and inits.
pub fn list() -> Result<u8> {
    let mut out = String::new();
    for (title, dir) in [("experiments", "experiments"), ("claims", "experiments/claims")] {
        let files = shipped(dir);
        let lines = files.iter().map(|path| (path.display().to_string(), question(path)));
        section(&mut out, &format!("{title} (files in {dir}/)"), lines);
    }
    let words = |names: &mut dyn Iterator<Item = (&'static str, &'static str)>| {
        names.map(|(name, about)| (name.to_string(), about.to_string())).collect::<Vec<_>>()
    };
    let kinds = words(&mut ExperimentKind::ALL.iter().map(|n| (n.as_str(), n.about())));
    let cells = words(&mut CellName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let engines = words(&mut EngineName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let peers = words(&mut FrameworkName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let tasks = words(&mut TaskName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let encodings = words(&mut Encoding::ALL.iter().map(|n| (n.as_str(), n.about())));
    let losses = words(&mut LossName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let models = words(&mut ModelName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let optimizers = words(&mut OptimizerName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let schedules = words(&mut ScheduleName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let inits = words(&mut FORMS.iter().copied());
    for (title, entries) in [
        ("kinds", kinds),
        ("cells", cells),
        ("engines", engines),
        ("peers of speed", peers),
        ("tasks", tasks),
        ("encodings of symbols", encodings),
        ("losses of gradients", losses),
        ("models of training", models),
        ("optimizers of training", optimizers),
        ("schedules of training", schedules),
        ("inits", inits),
    ] {
        section(&mut out, title, entries.into_iter());
    }
    print(&out)?;
    Ok(0)
}

/// What a config asks: its question, or its claim.
fn question(path: &Path) -> String {
    let table = std::fs::read_to_string(path).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let asked = table.as_ref().and_then(|table| {
        let said = || table.get("claim")?.get("says");
        said().or(table.get("question"))?.as_str()
    });
    asked.unwrap_or_default().to_string()
}

fn section(out: &mut String, title: &str, entries: impl Iterator<Item = (String, String)>) {
    let entries: Vec<_> = entries.collect();
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let _ = writeln!(out, "{title}:");
    for (name, about) in entries {
        let _ = writeln!(out, "  {name:width$}  {about}");
    }
}
