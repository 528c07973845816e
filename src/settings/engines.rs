//! The engines of a run: one, or for `speed` several, with other frameworks.

use std::fmt;
use std::str::FromStr;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::AUTO;
use super::names::FrameworkName;
use crate::engine::EngineName;

/// The engines of a run, in the order of the config; empty for a model without recurrent layers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Engines {
    /// The engines of this program.
    pub engines: Vec<EngineName>,
    /// The other frameworks, for `speed`.
    pub frameworks: Vec<FrameworkName>,
}

impl Engines {
    /// One engine.
    pub fn one(engine: EngineName) -> Engines {
        Engines { engines: vec![engine], frameworks: vec![] }
    }

    /// The first engine, if there is one.
    pub fn first(&self) -> Option<EngineName> {
        self.engines.first().copied()
    }
}

/// The JSON Schema of one value of the key `engine`.
pub fn schema(_: &mut SchemaGenerator) -> Schema {
    let names = EngineName::ALL.iter().map(|engine| engine.as_str()).chain([AUTO]);
    json_schema!({ "type": "string", "enum": names.collect::<Vec<_>>() })
}

impl fmt::Display for Engines {
    /// Writes the names, separated by spaces.
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
