//! One run with its settings.

use super::schema::RunRow;
use crate::settings::Settings;

/// The revision of a program that was built outside git.
const UNKNOWN: &str = "unknown";

/// The status of a run during which the process was killed.
pub const KILLED: &str = "killed";

/// A version with the revision of the source, such as `0.2.0 (1a2b3c4)`.
pub fn program(version: &str, revision: &str) -> String {
    if revision == UNKNOWN { version.to_string() } else { format!("{version} ({revision})") }
}

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

    /// The version of the program that made it, with the revision of the source; none if unknown.
    pub fn program(&self) -> Option<String> {
        Some(program(self.row.lstm_lab.as_ref()?, self.row.git_revision.as_deref().unwrap_or(UNKNOWN)))
    }

    /// The settings of its grid point: those of all its seeds.
    pub fn point(&self) -> Settings {
        Settings { seed: 0, ..self.settings.clone() }
    }
}
