//! The splits of the data of a task.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A part of the data of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The data that parameters are learned from.
    Train,
    /// The data that the best parameters are chosen by.
    Valid,
    /// The data that the best parameters are evaluated on, once.
    Test,
}

impl Split {
    /// Every split, in the order of the text.
    pub const ALL: [Split; 3] = [Split::Train, Split::Valid, Split::Test];
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Split::Train => "train",
            Split::Valid => "valid",
            Split::Test => "test",
        })
    }
}
