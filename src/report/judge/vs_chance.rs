//! Losses beside the level of chance.

use std::fmt;

/// The relation of a number to chance, if it is no better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VsChance {
    /// Less than 1 % better, or less than 10 % worse.
    AtChance,
    /// At least 10 % worse.
    Worse,
}

/// The relation to chance of a number that is `times` as bad as chance; none for a better one.
pub fn vs_chance(times: f64) -> Option<VsChance> {
    match times {
        times if times >= 1.1 => Some(VsChance::Worse),
        times if times > 0.99 => Some(VsChance::AtChance),
        _ => None,
    }
}

impl fmt::Display for VsChance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VsChance::AtChance => "at chance",
            VsChance::Worse => "worse than chance",
        })
    }
}
