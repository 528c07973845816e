//! `lstm-lab check`: prints the plan and executes nothing.

use std::fmt::Write;

use crate::cli::CheckArgs;
use crate::plan::check_dataset;
use crate::plan::run::Run;
use crate::report::foreseen;
use crate::run::ExecTarget;
use crate::run::experiment::{self, Experiment};
use crate::support::error::Result;
use crate::support::progress::print;
use crate::support::text::{bytes, pluralize};

/// Prints the runs of each experiment.
pub fn check(args: &CheckArgs) -> Result<u8> {
    let target = args.config.target.resolve()?;
    // A plan needs no data. A size that depends on the data is shown as `?`.
    let fetch = |_: &str| Ok(false);
    let mut out = String::new();
    for experiment in experiment::load_all(&args.config.configs, &args.config.overrides(), target, &fetch)? {
        describe(&mut out, &experiment)?;
        describe_dropout(&mut out, &experiment);
        describe_memory(&mut out, &experiment, target);
    }
    print(&out)?;
    Ok(0)
}

fn describe(out: &mut String, Experiment { spec, plan, inputs }: &Experiment) -> Result<()> {
    let _ = writeln!(out, "{}: {}", plan.name, pluralize(plan.runs.len(), "run"));
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
    let missing = check_dataset(spec)?.filter(|_| inputs.text.is_none() && inputs.training.is_none());
    if let Some(name) = missing {
        let _ = writeln!(
            out,
            "  data: `run` fetches the dataset `{name}`; ids and sizes that depend on it are unknown"
        );
    }
    for run in &plan.runs {
        let id = if missing.is_some() { "            " } else { &run.id };
        let _ = writeln!(out, "  {id}  {}", run.describe());
    }
    Ok(())
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
fn describe_memory(out: &mut String, Experiment { plan, inputs, .. }: &Experiment, target: ExecTarget) {
    let Some((run, need)) = plan.largest(inputs) else { return };
    let limit = target.machine().memory.map(|limit| format!(", of {}", bytes(limit as f64)));
    let largest = if plan.runs.len() > 1 { format!(" for {}", run.describe()) } else { String::new() };
    let _ = writeln!(out, "  memory: about {}{}{largest}", bytes(need), limit.unwrap_or_default());
}
