//! `lstm-lab schema`: the JSON Schema of configs.

use crate::config;
use crate::support::error::Result;
use crate::support::progress::print;

/// Prints the schema.
pub fn schema() -> Result<u8> {
    print(&text())?;
    Ok(0)
}

/// The schema as the text of a file.
pub fn text() -> String {
    format!("{:#}\n", config::schema())
}
