//! The files of parameters in the key `init`.

use std::path::Path;

use toml::{Table, Value};

use crate::config::source::ConfigFile;
use crate::settings::{InitFile, is_name};
use crate::support::error::ConfigError;

/// The value of the key `init` with each file's path made absolute, so that the saved config runs from any
/// directory, and with each file's name.
///
/// # Errors
/// An unknown or missing key of a file; an empty path; a name with brackets.
pub fn resolved(file: &ConfigFile, key: &str, value: &Value) -> Result<Value, ConfigError> {
    match value {
        Value::Table(table) => Ok(Value::try_from(init_file(file, key, table)?).expect("strings")),
        Value::Array(values) => {
            let of_value = |(n, value)| resolved(file, &format!("{key}[{n}]"), value);
            let resolved = values.iter().enumerate().map(of_value);
            resolved.collect::<Result<_, _>>().map(Value::Array)
        }
        other => Ok(other.clone()),
    }
}

/// The files in a value that [`resolved`] returned.
pub fn files(value: &Value) -> Vec<InitFile> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    values.iter().filter_map(Value::as_table).filter_map(|table| table.clone().try_into().ok()).collect()
}

fn init_file(file: &ConfigFile, key: &str, table: &Table) -> Result<InitFile, ConfigError> {
    let mut init: InitFile = file.typed(key, table.clone())?;
    if init.file.is_empty() {
        let problem = "expected the path of a safetensors file, found an empty string";
        return Err(file.error(&format!("{key}.file"), problem));
    }
    let path = file.path_of(&init.file);
    let path =
        path.map_err(|e| file.error(&format!("{key}.file"), format!("expected a path, found: {e}")))?;
    let stem = Path::new(&init.file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = init.name.get_or_insert_with(|| stem.unwrap_or_default());
    if !is_name(name) {
        let problem = format!("expected a name without brackets, found `{name}`");
        return Err(file.error(&format!("{key}.name"), problem));
    }
    init.file = path.display().to_string();
    Ok(init)
}
