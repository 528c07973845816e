//! `lstm-lab check`: prints the plan and executes nothing.

mod json;
mod table;
mod time;

use std::fmt::Write;

use crate::cli::CheckArgs;
use crate::plan::groups::KindGroups;
use crate::plan::run::Run;
use crate::plan::{Only, Plan};
use crate::report::foreseen;
use crate::run::ExecTarget;
use crate::run::experiment::{self, Experiment};
use crate::support::error::{Error, Result};
use crate::support::progress::print;
use crate::support::text::{bytes, pluralize};

/// Prints the plan of each experiment. An error of one hides no other plan.
///
/// # Errors
/// The errors of all configs.
pub fn check(args: &CheckArgs) -> Result<u8> {
    let target = args.config.target.resolve()?;
    let only = Only::parse(&args.config.only)?;
    // A plan needs no data. A size that depends on the data is shown as `?`.
    let fetch = |_: &str| Ok(false);
    let overrides = args.config.overrides();
    let mut errors = Vec::new();
    for experiment in experiment::load_each(&args.config.configs, &overrides, target, &fetch) {
        let text = experiment.and_then(|experiment| text(args, &experiment, &only, target));
        match text {
            Ok(text) => print(&text)?,
            Err(error) => errors.push(error),
        }
    }
    match errors.len() {
        0 => Ok(0),
        1 => Err(errors.remove(0)),
        _ => {
            let all: Vec<String> = errors.iter().map(Error::to_string).collect();
            Err(Error::Usage(all.join("\n          ")))
        }
    }
}

/// The plan of an experiment as text or as one line of JSON.
fn text(args: &CheckArgs, experiment: &Experiment, only: &Only, target: ExecTarget) -> Result<String> {
    let runs = only.select(&experiment.plan)?;
    let times = args.time.then(|| time::measure(experiment, &runs, target));
    let kinds = KindGroups::of(&runs);
    let is_known = experiment.missing_data().is_none();
    let disk = is_known.then(|| Plan::disk(&runs, &experiment.inputs));
    if args.json {
        return Ok(format!("{}\n", json::object(experiment, &kinds, times.as_deref(), disk)));
    }
    let mut out = String::new();
    describe(&mut out, experiment, runs.len());
    if args.all {
        describe_runs(&mut out, experiment, &runs);
    } else {
        kinds.iter().for_each(|kind| table::write(&mut out, kind));
    }
    describe_dropout(&mut out, experiment);
    describe_memory(&mut out, experiment, &runs, target);
    if let Some(disk) = disk {
        let _ = writeln!(out, "  disk: about {}", bytes(disk));
    }
    if let Some(times) = times {
        let _ = writeln!(out, "  time: {}", time::in_words(&times));
    }
    Ok(out)
}

/// Adds the description of the experiment, of which `selected` runs are shown.
fn describe(out: &mut String, experiment: &Experiment, selected: usize) {
    let Experiment { spec, plan, .. } = experiment;
    let of_all = if selected < plan.runs.len() { format!("{selected} of ") } else { String::new() };
    let _ = writeln!(out, "{}: {of_all}{}", plan.name, pluralize(plan.runs.len(), "run"));
    for (label, text) in [
        ("question", &spec.about.question),
        ("source", &spec.about.source),
        ("run time", &spec.about.expected_runtime),
    ] {
        if let Some(text) = text {
            let _ = writeln!(out, "  {label}: {}", text.trim());
        }
    }
    if let Some(claim) = &spec.tests.claim {
        let _ =
            writeln!(out, "  claim: {} ({})", claim.statement.trim(), pluralize(claim.tests.len(), "test"));
    }
    for test in &spec.tests.expectations {
        let _ = writeln!(out, "  expected: {}: {}", test.name.trim(), test.in_words());
    }
    for sentence in foreseen(&spec.tests, spec.seeds.len()) {
        let _ = writeln!(out, "  note: {sentence}");
    }
    for publication in &spec.published.publications {
        let count = pluralize(publication.results.len(), "number");
        let _ = writeln!(out, "  published: {} ({count})", publication.source.trim());
    }
    if let Some(name) = experiment.missing_data() {
        let _ = writeln!(
            out,
            "  data: `run` fetches the dataset `{name}`; ids and sizes that depend on it are unknown"
        );
    }
}

/// Adds a line for each run.
fn describe_runs(out: &mut String, experiment: &Experiment, runs: &[&Run]) {
    let is_missing = experiment.missing_data().is_some();
    for run in runs {
        let id = if is_missing { "            " } else { &run.id };
        let _ = writeln!(out, "  {id}  {}", run.describe());
    }
}

/// Adds a note on dropout after the last recurrent layer, where PyTorch's layers have none.
fn describe_dropout(out: &mut String, Experiment { plan, .. }: &Experiment) {
    let has_dropout =
        |run: &Run| run.settings.is_recurrent() && run.settings.dropout.is_some_and(|share| share > 0.0);
    if plan.runs.iter().any(has_dropout) {
        out.push_str("  dropout: also on the output of the last layer, unlike that of PyTorch's nn.LSTM\n");
    }
}

/// Adds the memory of the largest run, and the limit for it.
fn describe_memory(out: &mut String, experiment: &Experiment, runs: &[&Run], target: ExecTarget) {
    let Some((run, need)) = Plan::largest(runs, &experiment.inputs) else { return };
    let limit = target.machine().memory.map(|limit| format!(", of {}", bytes(limit as f64)));
    let largest = if runs.len() > 1 { format!(" for {}", run.describe()) } else { String::new() };
    let _ = writeln!(out, "  memory: about {}{}{largest}", bytes(need), limit.unwrap_or_default());
}
