//! Expectations, the claim and the published results on the page.

use minijinja::{Value, context};

use super::html;
use super::markdown_table::{MarkdownTable, escaped};
use crate::config::spec::{Claim, Publication, Test};
use crate::report::format::{significant, with_interval};
use crate::report::judge::{ClaimVerdict, JudgedTest, PublishedResult, headline, overall, tally};

/// The verdicts on the expectations, and the reason of each; none without expectations.
pub fn expectations(tests: &[JudgedTest]) -> Option<Value> {
    let header = ["expectation", "expected", "measured", "unit", "seeds", "verdict"];
    let row = |judged: &JudgedTest| test_row(judged, &judged.subject.name, judged.verdict.on_expectation());
    Some(context! {
        tally => escaped(&tally(tests)?),
        table => table(&header, tests.iter().map(row).collect()),
        reasons => reasons(tests.iter().map(|judged| judged.subject)),
    })
}

/// The reasons behind the bounds. They are Markdown, as all texts of the config.
fn reasons<'a>(tests: impl Iterator<Item = &'a Test>) -> Vec<Value> {
    let reason = |test: &Test| {
        let text = test.because.as_ref()?.trim();
        Some(context! { name => escaped(&test.name), text => text })
    };
    tests.filter_map(reason).collect()
}

fn table(header: &[&str], rows: Vec<Vec<String>>) -> Value {
    html::both(&MarkdownTable { header: header.iter().map(|head| head.to_string()).collect(), rows })
}

/// The verdict on the claim, and a row per test.
pub fn claim(claim: &Claim, tests: &[JudgedTest]) -> Value {
    let header = ["test", "expectation", "estimate", "unit", "seeds", "p", "verdict"];
    context! {
        statement => claim.statement.trim(),
        verdict => overall(tests).in_words(),
        judged => overall(tests) != ClaimVerdict::NotJudged,
        headline => escaped(&headline(tests)),
        table => table(&header, tests.iter().map(claim_row).collect()),
        reasons => reasons(tests.iter().map(|judged| judged.subject)),
    }
}

fn claim_row(judged: &JudgedTest) -> Vec<String> {
    let test = judged.subject;
    let name = if test.control { format!("control: {}", test.name) } else { test.name.clone() };
    let mut cells = test_row(judged, &name, judged.verdict.on_claim());
    let p_value =
        judged.p_value.map(|p| if p < 0.001 { "below 0.001".to_string() } else { significant(p, 2) });
    cells.insert(cells.len() - 1, p_value.unwrap_or_default());
    cells
}

fn test_row(judged: &JudgedTest, name: &str, verdict: &str) -> Vec<String> {
    vec![
        escaped(name),
        escaped(&judged.subject.in_words()),
        with_interval(&judged.estimate),
        escaped(&judged.unit),
        judged.estimate.n.to_string(),
        with_notes(verdict.to_string(), &judged.notes),
    ]
}

/// The publications, each with a row per number.
pub fn publications(publications: &[Publication], verdicts: &[Vec<PublishedResult>]) -> Vec<Value> {
    let one = |(publication, results): (&Publication, &Vec<PublishedResult>)| {
        let header = [
            "settings", "metric", "published", "chance", "measured", "seeds", "counts as a match", "verdict",
        ];
        let rows: Vec<Vec<String>> = results.iter().map(result_row).collect();
        context! {
            source => publication.source.trim(),
            not_comparable => publication.not_comparable.as_ref().map(|why| why.trim()),
            table => (!rows.is_empty()).then(|| table(&header, rows)),
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
