//! What a person sees while something runs: a progress bar on a terminal, plain lines elsewhere, JSON lines for
//! a program. All of it goes to stderr; results of a command go to stdout.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::support::error::{ConfigError, Error, Result};
use crate::support::text::counted;

/// How messages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For a person.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How an experiment went.
pub struct Finished<'a> {
    /// Its name.
    pub experiment: &'a str,
    /// Runs done now.
    pub done: usize,
    /// Runs that were there already.
    pub already: usize,
    /// Runs that failed.
    pub failed: usize,
    /// Runs of the config that are not there yet: of another shard, or another process.
    pub absent: usize,
    /// Runs in the directory that are of another config.
    pub others: usize,
    /// The report on all of them.
    pub report: &'a Path,
}

/// Shows progress and messages.
pub struct Ui {
    quiet: bool,
    format: LogFormat,
    bar: Option<ProgressBar>,
}

impl Ui {
    /// Quiet shows only failures.
    pub fn new(quiet: bool, format: LogFormat) -> Ui {
        Ui { quiet, format, bar: None }
    }

    /// Announces an experiment of `total` runs, `present` of which are there already.
    pub fn begin(&mut self, name: &str, total: usize, present: usize) {
        self.event("begin", &json!({ "experiment": name, "runs": total, "present": present }), || {
            let there = if present > 0 { format!(", {present} already there") } else { String::new() };
            format!("{name}: {}{there}", counted(total, "run"))
        });
        let to_terminal = std::io::stderr().is_terminal() && self.format == LogFormat::Text && !self.quiet;
        if to_terminal && total > present {
            let bar = ProgressBar::new((total - present) as u64);
            let style =
                ProgressStyle::with_template("{bar:32} {pos}/{len} {elapsed} (still {eta}) {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            self.bar = Some(bar);
        }
    }

    /// A run starts.
    pub fn run_starts(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_string());
        }
    }

    /// A run has done so many of its steps.
    pub fn step(&self, what: &str, step: usize, steps: usize) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{what}: step {step} of {steps}"));
        }
    }

    /// A run ended well.
    pub fn run_done(&self, id: &str, what: &str, seconds: f64) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
            return;
        }
        self.event("done", &json!({ "run_id": id, "run": what, "seconds": seconds }), || {
            format!("  {id} {what}: {seconds:.1} s")
        });
    }

    /// A run failed; shown even when quiet.
    pub fn run_failed(&self, id: &str, what: &str, error: &str) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        let line = match self.format {
            LogFormat::Text => format!("  {id} {what}: FAILED: {error}"),
            LogFormat::Json => {
                json!({ "event": "failed", "run_id": id, "run": what, "error": error }).to_string()
            }
        };
        self.line(&line);
    }

    /// The experiment is over.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// The experiment's results are all written.
    pub fn finished(&self, how: &Finished) {
        let Finished { experiment, done, already, failed, absent, others, report } = how;
        let report = report.display().to_string();
        let fields = json!({
            "experiment": experiment, "done": done, "already": already, "failed": failed, "absent": absent,
            "of_other_configs": others, "report": report,
        });
        self.event("finished", &fields, || {
            let mut text = format!("{experiment}: {done} done, {already} already there, {failed} failed");
            if *absent > 0 {
                text.push_str(&format!(", {absent} not there yet"));
            }
            if *others > 0 {
                text.push_str(&format!("; left out, since of another config: {}", counted(*others, "run")));
            }
            format!("{text}; report: {report}")
        });
    }

    /// Something worth saying.
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

    /// A closed stderr is no reason to stop measuring.
    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| drop(writeln!(std::io::stderr(), "{line}"))),
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }
}

/// The error that ends the program as a line of JSON, with the parts of where it is for one in a config.
pub fn last_event(error: &Error) -> String {
    let mut event = json!({ "event": "error", "error": error.to_string(), "exit_code": error.exit_code() });
    if let Error::Config(ConfigError { place, line, key, problem }) = error {
        let parts = json!({ "place": place, "line": line, "key": key, "problem": problem });
        if let (Some(event), Some(parts)) = (event.as_object_mut(), parts.as_object()) {
            event.extend(parts.clone());
        }
    }
    event.to_string()
}

/// Prints a command's result to stdout.
///
/// # Errors
/// It cannot be written; but a reader that has gone away (`| head`) is no error.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write to", Path::new("standard output"))(cause))
        }
        _ => Ok(()),
    }
}
