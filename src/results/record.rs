//! One run with its settings.

use super::schema::RunRow;
use crate::settings::Settings;

/// One run as `runs.csv` has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The settings.
    pub settings: Settings,
    /// Everything else: the id, the outcome, the time.
    pub row: RunRow,
}

impl RunRecord {
    /// Returns false for a run that failed.
    pub fn is_ok(&self) -> bool {
        self.row.status == "ok"
    }

    /// The settings of its grid point: those of all its seeds.
    pub fn point(&self) -> Settings {
        Settings { seed: 0, ..self.settings.clone() }
    }
}
