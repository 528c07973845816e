//! The grid points of runs that learn, and their standing against chance.

use std::fmt;

use crate::report::point::Point;
use crate::results::schema::{RunRow, SummaryRow};

/// How a number stands to chance, where it is no better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoBetter {
    /// Less than 1 % better, or less than 10 % worse.
    AtChance,
    /// Worse than that.
    Worse,
}

/// How a number stands to chance by `times`: how many times as bad it is.
pub fn beside_chance(times: f64) -> Option<NoBetter> {
    match times {
        times if times >= 1.1 => Some(NoBetter::Worse),
        times if times > 0.99 => Some(NoBetter::AtChance),
        _ => None,
    }
}

impl fmt::Display for NoBetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoBetter::AtChance => "at chance",
            NoBetter::Worse => "worse than chance",
        })
    }
}

/// What tells grid points of training apart: the settings of any kind, and those of training alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The former.
    pub point: Point,
    /// The latter, in the order of [`OWN`].
    pub own: [String; 4],
}

/// The names of the settings that training alone has.
pub const OWN: [&str; 4] = ["model", "learning rate", "clip norm", "data share"];

/// The key of a row that has all of these settings.
macro_rules! key_of {
    ($row:expr) => {{
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let [rate, clip, share] = [$row.learning_rate, $row.clip_norm, $row.train_fraction].map(number);
        Key { point: Point::from($row), own: [$row.model.clone().unwrap_or_default(), rate, clip, share] }
    }};
}

impl From<&RunRow> for Key {
    fn from(run: &RunRow) -> Key {
        key_of!(run)
    }
}

impl From<&SummaryRow> for Key {
    fn from(row: &SummaryRow) -> Key {
        key_of!(row)
    }
}

/// Which of a training's own settings differ between keys.
pub fn varying_own(keys: &[Key]) -> Vec<usize> {
    (0..OWN.len()).filter(|n| keys.iter().any(|key| key.own[*n] != keys[0].own[*n])).collect()
}

/// The runs that learned, of one grid point each.
pub fn groups(runs: &[RunRow]) -> Vec<Vec<&RunRow>> {
    let mut groups: Vec<(Key, Vec<&RunRow>)> = Vec::new();
    for run in runs.iter().filter(|run| run.kind == "training") {
        let key = Key::from(run);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(run),
            None => groups.push((key, vec![run])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// The grid point of each run. Of a run that learns, what only training sets stands with the init where it varies, and a model
/// without a cell in the cell's place, so that they are panels and lines as those are. Its gradients are those of the task's
/// loss when all was learned.
pub fn points(runs: &[RunRow]) -> Vec<Point> {
    let trained: Vec<Key> = runs.iter().filter(|run| run.kind == "training").map(Key::from).collect();
    let vary = varying_own(&trained);
    let point = |run: &RunRow| {
        let Key { mut point, own } = Key::from(run);
        if run.kind == "training" {
            let words = vary.iter().map(|n| format!("{} {}", OWN[*n], own[*n]));
            let init = std::iter::once(point.init.clone()).chain(words);
            point.init = init.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ");
            point.loss = Some(AFTER_TRAINING.to_string());
            if point.cell.is_empty() {
                point.cell = own[0].clone();
            }
        }
        point
    };
    runs.iter().map(point).collect()
}

/// What is differentiated for the gradients of a run that learned.
const AFTER_TRAINING: &str = "of the task, after training";
