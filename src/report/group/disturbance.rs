//! The rounds of timings that the hypervisor disturbed.

use std::collections::BTreeSet;

use crate::results::schema::SpeedRow;

/// The share of all processors' time, stolen by the hypervisor, above which a round is left out.
pub const MAX_STOLEN: f64 = 0.05;

/// A process: the place of its run, and its number in the run.
pub type Process = ((usize, usize), usize);

/// The rounds of a group, and those of them that are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rounds {
    /// The number of rounds.
    pub count: usize,
    /// The rounds above [`MAX_STOLEN`].
    pub stolen: BTreeSet<(Process, usize)>,
}

impl Rounds {
    /// The rounds of some samples.
    pub fn of<'a>(rows: impl Iterator<Item = (Process, &'a SpeedRow)>) -> Rounds {
        let (mut all, mut stolen) = (BTreeSet::new(), BTreeSet::new());
        for (process, row) in rows {
            let Some(round) = row.round else { continue };
            all.insert((process, round));
            if row.stolen_share.is_some_and(|share| share > MAX_STOLEN) {
                stolen.insert((process, round));
            }
        }
        Rounds { count: all.len(), stolen }
    }

    /// Returns true if fewer than half of the rounds would be left. None is left out then.
    pub fn are_disturbed(&self) -> bool {
        2 * (self.count - self.stolen.len()) < self.count
    }

    /// Returns true if a round is left out.
    pub fn leave_out(&self, process: Process, round: usize) -> bool {
        !self.are_disturbed() && self.stolen.contains(&(process, round))
    }

    /// The number of rounds that are left out.
    pub fn left_out(&self) -> usize {
        if self.are_disturbed() { 0 } else { self.stolen.len() }
    }
}
