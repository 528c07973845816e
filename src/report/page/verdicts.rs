//! The claim and the published results on the page.

use minijinja::{Value, context};

use super::markdown_table::{MarkdownTable, escaped};
use crate::config::spec::{Claim, Publication};
use crate::report::format::{significant, with_interval};
use crate::report::judge::{ClaimTest, ClaimVerdict, PublishedResult, expectation, overall};

/// The verdict on the claim, and a row per test.
pub fn claim(claim: &Claim, tests: &[ClaimTest]) -> Value {
    let is_supporting = |judged: &&&ClaimTest| judged.verdict == ClaimVerdict::Supported;
    let (controls, others): (Vec<&ClaimTest>, Vec<&ClaimTest>) =
        tests.iter().partition(|judged| judged.subject.control);
    let header = ["test", "expectation", "estimate", "unit", "seeds", "verdict"].map(String::from).to_vec();
    context! {
        statement => claim.statement.trim(),
        verdict => overall(tests).to_string(),
        supporting => others.iter().filter(is_supporting).count(),
        tests => others.len(),
        control_fails => controls.iter().filter(is_supporting).count() < controls.len(),
        table => MarkdownTable { header, rows: tests.iter().map(test_row).collect() }.to_markdown(),
    }
}

fn test_row(judged: &ClaimTest) -> Vec<String> {
    let test = judged.subject;
    let name = if test.control { format!("control: {}", test.name) } else { test.name.clone() };
    vec![
        escaped(&name),
        escaped(&format!("{} of {}: {}", test.reading, test.selected, expectation(test))),
        with_interval(&judged.estimate),
        escaped(&judged.unit),
        judged.estimate.n.to_string(),
        with_notes(judged.verdict.to_string(), &judged.notes),
    ]
}

/// The publications, each with a row per number.
pub fn publications(publications: &[Publication], verdicts: &[Vec<PublishedResult>]) -> Vec<Value> {
    let one = |(publication, results): (&Publication, &Vec<PublishedResult>)| {
        let header = [
            "settings", "metric", "published", "chance", "measured", "seeds", "counts as a match", "verdict",
        ];
        let header = header.map(String::from).to_vec();
        let rows: Vec<Vec<String>> = results.iter().map(result_row).collect();
        context! {
            source => publication.source.trim(),
            not_comparable => publication.not_comparable.as_ref().map(|why| why.trim()),
            table => (!rows.is_empty()).then(|| MarkdownTable { header, rows }.to_markdown()),
            budget => publication.budget.as_ref().map(|budget| budget.trim()),
            sequences => results.iter().filter_map(|judged| judged.sequences).max(),
            deviations => &publication.deviations,
        }
    };
    publications.iter().zip(verdicts).map(one).collect()
}

fn result_row(judged: &PublishedResult) -> Vec<String> {
    let published = judged.subject;
    vec![
        escaped(&published.selected.to_string()),
        escaped(&published.reading.to_string()),
        published.value.to_string(),
        judged.chance.map(|chance| significant(chance, 3)).unwrap_or_default(),
        with_interval(&judged.estimate),
        judged.estimate.n.to_string(),
        published.rule.map(|rule| rule.to_string()).unwrap_or_default(),
        with_notes(judged.verdict.to_string(), &judged.notes),
    ]
}

fn with_notes(verdict: String, notes: &[String]) -> String {
    if notes.is_empty() { verdict } else { format!("{verdict} ({})", escaped(&notes.join("; "))) }
}
