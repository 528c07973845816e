//! Runs grouped by their settings: the runs of a group differ in the seed only.

use std::collections::HashMap;

use super::run::Run;
use crate::settings::names::ExperimentKind;
use crate::settings::{FIELDS, Field, Settings};

/// Runs that differ in the seed only.
#[derive(Debug)]
pub struct Group<'a> {
    /// The runs, at least one.
    pub runs: Vec<&'a Run>,
}

impl Group<'_> {
    /// The settings of the runs, with the seed of the first.
    pub fn settings(&self) -> &Settings {
        &self.runs[0].settings
    }

    /// The seeds in words: `1-3 7`.
    pub fn seeds(&self) -> String {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for seed in self.runs.iter().map(|run| run.settings.seed) {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(seed) => *last = seed,
                _ => ranges.push((seed, seed)),
            }
        }
        let words = ranges.iter().map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first} {last}"),
            _ => format!("{first}-{last}"),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The groups of one kind, and the settings in which they differ.
pub struct KindGroups<'a> {
    /// The kind.
    pub kind: ExperimentKind,
    /// The groups, in the order of the plan.
    pub groups: Vec<Group<'a>>,
    /// The settings that differ between groups.
    pub varying: Vec<&'static Field>,
}

impl<'a> KindGroups<'a> {
    /// The groups of each kind, in the order of the plan.
    pub fn of(runs: &[&'a Run]) -> Vec<KindGroups<'a>> {
        let mut kinds: Vec<KindGroups> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for run in runs {
            let kind = run.settings.kind;
            let at = kinds.iter().position(|known| known.kind == kind).unwrap_or(kinds.len());
            if at == kinds.len() {
                kinds.push(KindGroups { kind, groups: Vec::new(), varying: Vec::new() });
            }
            let groups = &mut kinds[at].groups;
            let unseeded = Settings { seed: 0, ..run.settings.clone() };
            let key = serde_json::to_string(&unseeded).expect("settings are plain data");
            let place = *places.entry(key).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Group { runs: Vec::new() });
            }
            groups[place].runs.push(run);
        }
        for kind in &mut kinds {
            kind.varying = varying(&kind.groups);
        }
        kinds
    }

    /// The number of runs.
    pub fn runs(&self) -> usize {
        self.groups.iter().map(|group| group.runs.len()).sum()
    }

    /// The settings that all groups share, with their values.
    pub fn shared(&self) -> impl Iterator<Item = (&'static Field, String)> {
        let first = self.groups[0].settings();
        let is_shared = |field: &&Field| !self.varying.iter().any(|other| other.name == field.name);
        let names_runs = |field: &&Field| !["kind", "seed"].contains(&field.name);
        let fields = FIELDS.iter().filter(is_shared).filter(names_runs);
        fields.filter_map(|field| field.get(first).map(|value| (field, value)))
    }
}

fn varying(groups: &[Group]) -> Vec<&'static Field> {
    let first = groups[0].settings();
    let varies = |field: &&Field| {
        let value = field.get(first);
        field.name != "seed" && groups.iter().any(|group| field.get(group.settings()) != value)
    };
    FIELDS.iter().filter(varies).collect()
}
