//! Progress on stderr: a bar on a terminal, plain lines elsewhere, or lines of JSON. The results of
//! commands go to stdout.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::support::error::{ConfigError, Error, Result};
use crate::support::text::pluralize;

/// The format of progress messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// Plain text.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// The summary of an experiment.
pub struct Finished<'a> {
    /// The name of the experiment.
    pub experiment: &'a str,
    /// The number of runs executed now without an error.
    pub done: usize,
    /// The number of runs that were already complete.
    pub already_complete: usize,
    /// The number of runs executed now with an error.
    pub failed: usize,
    /// The number of runs of the config without results, which another shard or process executes.
    pub missing: usize,
    /// The number of runs in the directory that belong to another config.
    pub unplanned: usize,
    /// The path of the report.
    pub report: &'a Path,
}

/// The display of progress and messages.
pub struct Ui {
    quiet: bool,
    format: LogFormat,
    bar: Option<ProgressBar>,
}

impl Ui {
    /// Returns a display. A quiet display shows failures only.
    pub fn new(quiet: bool, format: LogFormat) -> Ui {
        Ui { quiet, format, bar: None }
    }

    /// Announces an experiment of `total` runs, of which `complete` need not be executed.
    pub fn begin(&mut self, name: &str, total: usize, complete: usize) {
        let fields = json!({ "experiment": name, "runs": total, "already_complete": complete });
        self.event("begin", &fields, || {
            let skipped = if complete > 0 { format!(", {complete} already complete") } else { String::new() };
            format!("{name}: {}{skipped}", pluralize(total, "run"))
        });
        let to_terminal = std::io::stderr().is_terminal() && self.format == LogFormat::Text && !self.quiet;
        if to_terminal && total > complete {
            let bar = ProgressBar::new((total - complete) as u64);
            let style = ProgressStyle::with_template("{bar:32} {pos}/{len} {elapsed} (ETA {eta}) {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            self.bar = Some(bar);
        }
    }

    /// Shows that a run starts.
    pub fn run_starts(&self, about: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(about.to_string());
        }
    }

    /// Shows the step that a run has reached.
    pub fn step(&self, about: &str, step: usize, steps: usize) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{about}: step {step} of {steps}"));
        }
    }

    /// Reports a run without an error.
    pub fn run_done(&self, id: &str, about: &str, seconds: f64) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
            return;
        }
        self.event("done", &json!({ "run_id": id, "run": about, "seconds": seconds }), || {
            format!("  {id} {about}: {seconds:.1} s")
        });
    }

    /// Reports a failed run. A quiet display shows it too.
    pub fn run_failed(&self, id: &str, about: &str, error: &str) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        let line = match self.format {
            LogFormat::Text => format!("  {id} {about}: FAILED: {error}"),
            LogFormat::Json => {
                json!({ "event": "failed", "run_id": id, "run": about, "error": error }).to_string()
            }
        };
        self.line(&line);
    }

    /// Removes the progress bar.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Reports that all results of an experiment are written.
    pub fn finished(&self, summary: &Finished) {
        let Finished { experiment, done, already_complete, failed, missing, unplanned, report } = summary;
        let report = report.display().to_string();
        let fields = json!({
            "experiment": experiment, "done": done, "already_complete": already_complete, "failed": failed,
            "missing": missing, "unplanned": unplanned, "report": report,
        });
        self.event("finished", &fields, || {
            let mut text =
                format!("{experiment}: {done} done, {already_complete} already complete, {failed} failed");
            if *missing > 0 {
                text.push_str(&format!(", {missing} still missing"));
            }
            if *unplanned > 0 {
                text.push_str(&format!("; {} of other configs left out", pluralize(*unplanned, "run")));
            }
            format!("{text}; report: {report}")
        });
    }

    /// Shows a message.
    pub fn say(&self, message: &str) {
        self.event("message", &json!({ "message": message }), || message.to_string());
    }

    fn event(&self, event: &str, fields: &serde_json::Value, text: impl FnOnce() -> String) {
        if self.quiet {
            return;
        }
        match self.format {
            LogFormat::Text => self.line(&text()),
            LogFormat::Json => {
                let mut object = json!({ "event": event });
                if let (Some(object), Some(fields)) = (object.as_object_mut(), fields.as_object()) {
                    object.extend(fields.clone());
                }
                self.line(&object.to_string());
            }
        }
    }

    /// Writes a line. A closed stderr is ignored, so that measurements continue.
    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| drop(writeln!(std::io::stderr(), "{line}"))),
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }
}

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
