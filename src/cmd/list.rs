//! `lstm-lab list`: what there is.

use std::fmt::Write;

use super::shipped;
use crate::config::init::FORMS;
use crate::config::names::{CellName, Encoding, EngineName, Kind, LossName, PeerName, TaskName};
use crate::config::training::names::{ModelName, OptimizerName, ScheduleName};
use crate::error::Result;
use crate::ui::print;

/// Prints experiments, kinds, cells, engines, tasks, losses and inits.
pub fn list() -> Result<u8> {
    let mut out = String::new();
    section(
        &mut out,
        "experiments (files in experiments/)",
        shipped().iter().map(|path| {
            let question = std::fs::read_to_string(path)
                .ok()
                .and_then(|text| text.parse::<toml::Table>().ok())
                .and_then(|table| table.get("question").and_then(|q| q.as_str().map(str::to_string)));
            (path.display().to_string(), question.unwrap_or_default())
        }),
    );
    let words = |names: &mut dyn Iterator<Item = (&'static str, &'static str)>| {
        names.map(|(name, about)| (name.to_string(), about.to_string())).collect::<Vec<_>>()
    };
    let kinds = words(&mut Kind::ALL.iter().map(|n| (n.as_str(), n.about())));
    let cells = words(&mut CellName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let engines = words(&mut EngineName::ALL.iter().map(|n| (n.as_str(), n.about())));
    let peers = words(&mut PeerName::ALL.iter().map(|n| (n.as_str(), n.about())));
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
    print(&out);
    Ok(0)
}

fn section(out: &mut String, title: &str, entries: impl Iterator<Item = (String, String)>) {
    let entries: Vec<_> = entries.collect();
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let _ = writeln!(out, "{title}:");
    for (name, about) in entries {
        let _ = writeln!(out, "  {name:width$}  {about}");
    }
}
