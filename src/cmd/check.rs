//! `lstm-lab check`: the plan, nothing executed.

use std::fmt::Write;

use super::{experiments, place};
use crate::cli::CheckArgs;
use crate::support::error::{Error, Result};
use crate::support::progress::print;
use crate::support::text::counted;

/// Prints each experiment's runs.
pub fn check(args: &CheckArgs) -> Result<u8> {
    let place = place(args.config.place)?;
    let fetch = |name: &str| {
        Err(Error::Usage(format!("the dataset `{name}` is not here; `lstm-lab data fetch {name}` brings it")))
    };
    let mut out = String::new();
    for experiment in experiments(&args.config, place, &fetch)? {
        let plan = &experiment.plan;
        let _ = writeln!(out, "{}: {}", plan.name, counted(plan.runs.len(), "run"));
        for (label, text) in [
            ("question", &experiment.spec.about.question),
            ("source", &experiment.spec.about.source),
            ("expected", &experiment.spec.about.expected),
            ("run time", &experiment.spec.about.expected_runtime),
        ] {
            if let Some(text) = text {
                let _ = writeln!(out, "  {label}: {}", text.trim());
            }
        }
        if let Some(claim) = &experiment.spec.claim {
            let _ =
                writeln!(out, "  claim: {} ({})", claim.statement.trim(), counted(claim.tests.len(), "test"));
        }
        for publication in &experiment.spec.published.publications {
            let count = counted(publication.results.len(), "number");
            let _ = writeln!(out, "  published: {} ({count})", publication.source.trim());
        }
        for run in &plan.runs {
            let _ = writeln!(out, "  {}  {}", run.id, run.describe());
        }
    }
    print(&out)?;
    Ok(0)
}
