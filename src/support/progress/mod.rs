//! Progress on stderr: a bar on a terminal, plain lines elsewhere, or lines of JSON. The results of
//! commands go to stdout.

mod pace;
mod step;
mod ui;

use std::io::{ErrorKind, Write};
use std::path::Path;

use serde_json::json;

use crate::support::error::{ConfigError, Error, Result};
pub use step::{OnStep, Step};
pub use ui::{Finished, LogFormat, Progress, TimeLeft, Ui};

/// Returns a fatal error as a line of JSON. For a config error, the place, line, key and problem are
/// separate fields.
pub fn error_event(error: &Error) -> String {
    let mut event = json!({ "event": "error", "error": error.to_string(), "exit_code": error.exit_code() });
    if let Error::Config(ConfigError { place, line, key, problem }) = error {
        let parts = json!({ "place": place, "line": line, "key": key, "problem": problem });
        if let (Some(event), Some(parts)) = (event.as_object_mut(), parts.as_object()) {
            event.extend(parts.clone());
        }
    }
    event.to_string()
}

/// Prints the result of a command to stdout.
///
/// # Errors
/// The text cannot be written. A reader that closed the pipe (`| head`) is not an error.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write to", Path::new("standard output"))(cause))
        }
        _ => Ok(()),
    }
}
