//! The engines of a run: one, or several timed side by side, other frameworks among them.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::names::FrameworkName;
use crate::engine::EngineName;

/// The engines of a run, in the order in which a config names them; empty for a model without recurrent layers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Engines {
    /// Engines of this program.
    pub engines: Vec<EngineName>,
    /// Other libraries, for `speed`.
    pub frameworks: Vec<FrameworkName>,
}

impl Engines {
    /// One engine.
    pub fn one(engine: EngineName) -> Engines {
        Engines { engines: vec![engine], frameworks: vec![] }
    }

    /// The first engine; none where there is none.
    pub fn first(&self) -> Option<EngineName> {
        self.engines.first().copied()
    }
}

impl fmt::Display for Engines {
    /// Names separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engines = self.engines.iter().map(|engine| engine.as_str());
        let names: Vec<&str> = engines.chain(self.frameworks.iter().map(|name| name.as_str())).collect();
        f.write_str(&names.join(" "))
    }
}

impl FromStr for Engines {
    type Err = String;

    fn from_str(text: &str) -> Result<Engines, String> {
        let mut found = Engines::default();
        for word in text.split_whitespace() {
            match word.parse() {
                Ok(framework) => found.frameworks.push(framework),
                Err(_) => found.engines.push(word.parse()?),
            }
        }
        Ok(found)
    }
}

impl Serialize for Engines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
