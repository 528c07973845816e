//! The display of progress and messages while runs are executed.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::pace::Pace;
use super::step::Step;
use crate::support::text::{duration, pluralize, printable};

/// The format of progress messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// Plain text.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// The least time between two changes of the bar.
const BAR_PAUSE: Duration = Duration::from_millis(100);

/// The least time between two lines about the progress of a run.
const LINE_PAUSE: Duration = Duration::from_secs(30);

/// The least time between two events of JSON about the progress of a run.
const EVENT_PAUSE: Duration = Duration::from_secs(10);

/// The length of the bar, in parts of the expected time.
const BAR_PARTS: u64 = 1000;

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
    /// The answer of the report, a sentence each.
    pub answer: &'a [String],
    /// The path of the report.
    pub report: &'a Path,
}

/// The progress of a run and of the whole experiment.
pub struct Progress<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Its description.
    pub about: &'a str,
    /// Its progress.
    pub step: Step,
    /// The time that all runs of this process will still take.
    pub left: TimeLeft,
}

/// The time that runs will still take.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeLeft {
    /// Seconds.
    pub seconds: f64,
    /// The kinds of runs that are not part of these seconds, because none of their work has been timed.
    pub without: Vec<&'static str>,
}

impl TimeLeft {
    /// The time in words: `about 25 s left`.
    fn in_words(&self) -> Option<String> {
        let TimeLeft { seconds, without } = self;
        let time = if *seconds < 10.0 { format!("{seconds:.0} s") } else { duration(*seconds) };
        match without.as_slice() {
            [] => Some(format!("about {time} left")),
            _ if *seconds == 0.0 => None,
            kinds => Some(format!("about {time} left without {}", kinds.join(" and "))),
        }
    }
}

impl Progress<'_> {
    /// The progress in words: `step 120 of 1000, loss 0.1234, about 25 s left`.
    fn in_words(&self) -> String {
        let Step { unit, step, steps, loss } = self.step;
        let mut words = vec![format!("{unit} {step} of {steps}")];
        words.extend(loss.map(|loss| format!("loss {}", short(loss))));
        words.extend(self.left.in_words());
        words.join(", ")
    }
}

/// The display of progress and messages.
pub struct Ui {
    quiet: bool,
    format: LogFormat,
    bar: Option<ProgressBar>,
    pace: Pace,
    /// The number of runs to execute.
    runs: usize,
    /// The number of these that have ended.
    ended: Cell<usize>,
}

impl Ui {
    /// Returns a display. A quiet display shows failures only.
    pub fn new(quiet: bool, format: LogFormat) -> Ui {
        let pace = Pace::new(if format == LogFormat::Json { EVENT_PAUSE } else { LINE_PAUSE });
        Ui { quiet, format, bar: None, pace, runs: 0, ended: Cell::new(0) }
    }

    /// Announces an experiment of `total` runs, of which `complete` need not be executed.
    pub fn begin(&mut self, name: &str, total: usize, complete: usize) {
        let fields = json!({ "experiment": name, "runs": total, "already_complete": complete });
        self.event("begin", &fields, || {
            let skipped = if complete > 0 { format!(", {complete} already complete") } else { String::new() };
            format!("{name}: {}{skipped}", pluralize(total, "run"))
        });
        self.runs = total - complete;
        self.ended.set(0);
        let to_terminal = std::io::stderr().is_terminal() && self.format == LogFormat::Text && !self.quiet;
        if to_terminal && self.runs > 0 {
            let bar = ProgressBar::new(BAR_PARTS);
            let style = ProgressStyle::with_template("{bar:24} {prefix} {elapsed} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(format!("0/{}", self.runs));
            bar.enable_steady_tick(Duration::from_millis(200));
            self.bar = Some(bar);
            self.pace = Pace::new(BAR_PAUSE);
        }
    }

    /// Shows that a run starts.
    pub fn run_starts(&self, about: &str) {
        // Only a long run has lines about its progress. An event is due at once.
        if self.bar.is_none() && self.format == LogFormat::Text {
            self.pace.wait()
        } else {
            self.pace.reset()
        }
        if let Some(bar) = &self.bar {
            bar.set_message(printable(about));
        }
    }

    /// Returns true if progress is to be shown now.
    pub fn is_due(&self) -> bool {
        !self.quiet && self.pace.passes()
    }

    /// Shows the progress of a run.
    pub fn progress(&self, progress: &Progress) {
        let Progress { run_id, about, step: Step { step, steps, loss, .. }, left } = progress;
        if let Some(bar) = &self.bar {
            let elapsed = bar.elapsed().as_secs_f64();
            let share = match left.without.as_slice() {
                [] => elapsed / (elapsed + left.seconds).max(f64::MIN_POSITIVE),
                _ => self.ended.get() as f64 / self.runs as f64,
            };
            bar.set_position((share * BAR_PARTS as f64) as u64);
            bar.set_message(format!("{}: {}", progress.in_words(), printable(about)));
            return;
        }
        let fields = json!({
            "run_id": run_id, "step": step, "steps": steps, "metric": loss.map(|_| "loss"), "value": loss,
            "seconds_left": left.without.is_empty().then_some(left.seconds),
        });
        self.event("progress", &fields, || format!("  {run_id} {about}: {}", progress.in_words()));
    }

    /// Reports a run without an error.
    pub fn run_done(&self, id: &str, about: &str, seconds: f64) {
        if self.count_end() {
            return;
        }
        self.event("done", &json!({ "run_id": id, "run": about, "seconds": seconds }), || {
            format!("  {id} {about}: {seconds:.1} s")
        });
    }

    /// Reports a failed run. A quiet display shows it too.
    pub fn run_failed(&self, id: &str, about: &str, error: &str) {
        self.count_end();
        let line = match self.format {
            LogFormat::Text => format!("  {id} {about}: FAILED: {error}"),
            LogFormat::Json => {
                json!({ "event": "failed", "run_id": id, "run": about, "error": error }).to_string()
            }
        };
        self.line(&line);
    }

    /// Counts a run that has ended. Returns true if a bar shows the count.
    fn count_end(&self) -> bool {
        self.ended.set(self.ended.get() + 1);
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!("{}/{}", self.ended.get(), self.runs));
        }
        self.bar.is_some()
    }

    /// Removes the progress bar.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Reports that all results of an experiment are written.
    pub fn finished(&self, summary: &Finished) {
        let Finished { experiment, done, already_complete, failed, missing, unplanned, report, answer } =
            summary;
        let report = report.display().to_string();
        let fields = json!({
            "experiment": experiment, "done": done, "already_complete": already_complete, "failed": failed,
            "missing": missing, "unplanned": unplanned, "report": report, "answer": answer,
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
            let lines = std::iter::once(format!("{text}; report: {report}")).chain(answer.iter().cloned());
            lines.collect::<Vec<_>>().join("\n  ")
        });
    }

    /// Reports that a signal has stopped the program. A quiet display shows it too.
    pub fn stopped(&self, signal: &str, message: &str) {
        let line = match self.format {
            LogFormat::Text => format!("stopped by {signal}: {message}"),
            LogFormat::Json => {
                json!({ "event": "stopped", "signal": signal, "message": message }).to_string()
            }
        };
        self.line(&line);
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
        let line = printable(line);
        match &self.bar {
            Some(bar) => bar.suspend(|| drop(writeln!(std::io::stderr(), "{line}"))),
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }
}

/// A loss with about four digits.
fn short(loss: f64) -> String {
    if (1e-3..1e4).contains(&loss.abs()) { format!("{loss:.4}") } else { format!("{loss:.3e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_in_words_leaves_out_what_is_unknown() {
        let step = Step { unit: "step", step: 3, steps: 10, loss: Some(0.123456) };
        let words = |step, seconds, without: &[&'static str]| {
            let left = TimeLeft { seconds, without: without.to_vec() };
            Progress { run_id: "a", about: "b", step, left }.in_words()
        };
        assert_eq!(words(step, 25.0, &[]), "step 3 of 10, loss 0.1235, about 25 s left");
        let known = words(step, 4.0, &["speed"]);
        assert_eq!(known, "step 3 of 10, loss 0.1235, about 4 s left without speed");
        assert_eq!(words(Step::of("round", 1, 2), 0.0, &["speed"]), "round 1 of 2");
    }
}
