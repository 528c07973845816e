//! The setting `init`: a policy that draws the initial parameters, or a file that has them.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use super::names::WeightsLayout;
use crate::cell::init::Init;

/// The origin of the parameters of recurrent layers.
#[derive(Debug, Clone, PartialEq)]
pub enum InitSetting {
    /// Drawn from the seed.
    Drawn(Init),
    /// Read from the file of this name (see [`InitFile::name`]). Its text is `file(NAME)`.
    File(String),
}

/// The keys of `init = { file = "…" }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InitFile {
    /// The path of a safetensors file with parameters, such as a `state_dict` of PyTorch or a checkpoint of a
    /// training. It is relative to the directory of the config, also with `--set`.
    pub file: String,
    /// The name in figures, tables and selectors, which write `file(NAME)`; default: the file's name without
    /// its ending.
    pub name: Option<String>,
    /// The text before the names of the parameters, such as `encoder.rnn`; default: the only one in the file.
    pub prefix: Option<String>,
    /// The order of the gates' blocks, such as `iofg`; default: that of `layout`.
    pub gates: Option<String>,
    /// The names, shapes and order of gates of the parameters: `pytorch` (default), `keras` or `onnx`.
    /// [The table of files](README.md#comparing-with-your-own-program) describes them.
    pub layout: Option<WeightsLayout>,
}

impl InitFile {
    /// Returns the setting of a file with a name.
    pub fn setting(&self) -> InitSetting {
        InitSetting::File(self.name.clone().unwrap_or_default())
    }
}

impl fmt::Display for InitSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InitSetting::Drawn(init) => init.fmt(f),
            InitSetting::File(name) => write!(f, "file({name})"),
        }
    }
}

impl FromStr for InitSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<InitSetting, String> {
        let Some(name) = text.strip_prefix("file(") else { return text.parse().map(InitSetting::Drawn) };
        match name.strip_suffix(')') {
            Some(name) if is_name(name) => Ok(InitSetting::File(name.to_string())),
            _ => Err(format!("expected `file(NAME)` with a name without brackets, found `{text}`")),
        }
    }
}

impl Serialize for InitSetting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Returns true for a text that can name a file's parameters.
pub fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(['(', ')']) && !text.chars().any(char::is_control)
}

/// The JSON Schema of one value of the key `init`.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    let file = InitFile::json_schema(generator);
    json_schema!({ "anyOf": [{ "type": "string" }, file] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_setting_text_is_read_back_or_refused() {
        for text in ["orthogonal(2)+forget_bias(1)", "file(best)", "file(step 100, seed 1)"] {
            assert_eq!(text.parse::<InitSetting>().unwrap().to_string(), text);
        }
        for text in ["file()", "file(best", "file(a)+forget_bias(1)", "file"] {
            assert!(text.parse::<InitSetting>().is_err(), "{text}");
        }
    }
}
