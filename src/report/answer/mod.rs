//! The answer of a report: a few sentences with the numbers that its question asks for.
//!
//! Each sentence follows from the summary by a fixed rule, whatever the experiment.

mod gradients;
mod jacobian;
mod predictors;
mod speed;
mod training;
mod words;

use super::judge::{Verdicts, headline, overall};
use super::load::Results;
use super::summary::Statistic;
use crate::support::text::pluralize;

/// The largest number of settings of which a sentence gives each number.
const MOST_LISTED: usize = 4;

/// The sentences in plain text: what is missing, the verdict on the claim, then the numbers of each kind.
pub fn answer(results: &Results, summary: &[Statistic], verdicts: &Verdicts) -> Vec<String> {
    if results.runs().next().is_none() {
        return vec![];
    }
    let of_kinds = [
        training::sentences(summary),
        gradients::sentences(summary),
        jacobian::sentence(summary).into_iter().collect(),
        predictors::sentence(summary).into_iter().collect(),
        speed::sentences(summary),
    ];
    missing(results)
        .into_iter()
        .chain(claim(results, verdicts))
        .chain(of_kinds.into_iter().flatten())
        .collect()
}

/// A sentence on the runs that are missing or failed.
fn missing(results: &Results) -> Option<String> {
    let failed = results.runs().filter(|run| !run.is_ok()).count();
    let unmade = results.unmade();
    let planned = pluralize(results.runs().count() + unmade, "run");
    let verb = |count: usize| if count == 1 { "is" } else { "are" };
    let words: Vec<String> = [
        (unmade > 0).then(|| format!("{unmade} of {planned} {} not made yet", verb(unmade))),
        (failed > 0).then(|| format!("{failed} of {planned} failed")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!words.is_empty()).then(|| format!("Incomplete: {}.", words.join(", ")))
}

/// The claim with its verdict; none for a claim that is not judged.
fn claim(results: &Results, verdicts: &Verdicts) -> Option<String> {
    let claim = results.tests.claim.as_ref().filter(|_| results.about.changed.is_empty())?;
    let verdict = overall(&verdicts.claim).in_words();
    Some(format!("“{}” {verdict}: {}.", claim.statement.trim(), headline(&verdicts.claim)))
}
