//! Published results beside ours: match, miss, at chance, or not comparable.

use std::fmt;

use super::evidence::{Evidence, evidence};
use super::load::Experiment;
use super::number::{significant, with_interval};
use super::table::{Table, escaped};
use super::training::AT_CHANCE;
use crate::config::reading::Metric;
use crate::config::targets::{Publication, Published};
use crate::stats::{self, Interval};

/// How our number stands to the published one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The mean over seeds is what counts as a match.
    Match,
    /// It is not.
    Miss,
    /// It is not, and it is no better than chance.
    AtChance,
    /// What was published is of another experiment.
    NotComparable,
    /// No run has the settings, or none went well.
    NotRun,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Match => "match",
            Verdict::Miss => "miss",
            Verdict::AtChance => "at chance",
            Verdict::NotComparable => "not comparable",
            Verdict::NotRun => "not run",
        })
    }
}

/// A published number and ours.
#[derive(Debug)]
pub struct Judged<'a> {
    /// What was published.
    pub published: &'a Published,
    /// What our runs say.
    pub evidence: Evidence,
    /// The mean over seeds.
    pub estimate: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// What chance reaches.
    pub chance: Option<f64>,
    /// How the two stand to each other.
    pub verdict: Verdict,
}

/// Judges every number of a publication.
pub fn judge<'a>(publication: &'a Publication, experiment: &Experiment) -> Vec<Judged<'a>> {
    publication.results.iter().map(|published| of_result(published, experiment)).collect()
}

fn of_result<'a>(published: &'a Published, experiment: &Experiment) -> Judged<'a> {
    let evidence = evidence(experiment, &published.of, &published.reading);
    let values: Vec<f64> = evidence.values.values().copied().collect();
    let chance = published.chance.or(evidence.chance);
    let mut judged = Judged {
        published,
        estimate: stats::mean(&values),
        interval: stats::t_interval(&values),
        chance,
        verdict: Verdict::NotRun,
        evidence,
    };
    judged.verdict = verdict(&judged);
    judged
}

fn verdict(judged: &Judged) -> Verdict {
    let Judged { published, evidence, .. } = judged;
    let Some(rule) = published.rule else { return Verdict::NotComparable };
    if evidence.runs == evidence.failed {
        return Verdict::NotRun;
    }
    let Some(estimate) = judged.estimate else { return Verdict::Miss };
    // A mean over the runs that solved a task says nothing of those that did not.
    let all = published.reading.metric != Metric::Sequences || unsolved(evidence) == 0;
    if all && rule.holds(estimate, published.value) {
        return Verdict::Match;
    }
    let at_chance = judged.chance.is_some_and(|chance| {
        let within = judged.interval.is_some_and(|ends| ends.low <= chance && chance <= ends.high);
        let no_better = if published.reading.metric.grows_better() {
            estimate < chance * (1.0 + AT_CHANCE)
        } else {
            estimate > chance * (1.0 - AT_CHANCE)
        };
        within || no_better
    });
    if at_chance { Verdict::AtChance } else { Verdict::Miss }
}

/// Runs that went well and have no such number: they did not solve their task.
fn unsolved(evidence: &Evidence) -> usize {
    evidence.runs - evidence.failed - evidence.values.len()
}

/// The section of a report; none where nothing is published.
pub fn section(publications: &[Publication], experiment: &Experiment) -> Option<String> {
    let one = |publication: &Publication| about(publication, &judge(publication, experiment));
    let parts: Vec<String> = publications.iter().map(one).collect();
    (!parts.is_empty()).then(|| format!("## Published results\n\n{}", parts.join("\n\n")))
}

fn about(publication: &Publication, judged: &[Judged]) -> String {
    let mut parts = vec![publication.source.trim().to_string()];
    if let Some(why) = &publication.not_comparable {
        parts.push(format!("**Not comparable.** {}", why.trim()));
    }
    if !judged.is_empty() {
        let header = [
            "settings",
            "metric",
            "published",
            "chance",
            "measured",
            "seeds",
            "counts as a match",
            "verdict",
        ];
        let rows = judged.iter().map(row).collect();
        let table = Table { header: header.map(String::from).to_vec(), rows };
        parts.push(table.to_markdown().trim_end().to_string());
    }
    let seen = judged.iter().filter_map(|judged| judged.evidence.sequences).max();
    let here = seen.map(|count| format!(" Here: at most {count} sequences.")).unwrap_or_default();
    if let Some(budget) = &publication.budget {
        parts.push(format!("**Budget.** {}{here}", budget.trim()));
    }
    if !publication.deviations.is_empty() {
        let list: Vec<String> =
            publication.deviations.iter().map(|words| format!("- {}", words.trim())).collect();
        parts.push(format!("**Deviations.**\n\n{}", list.join("\n")));
    }
    parts.join("\n\n")
}

fn row(judged: &Judged) -> Vec<String> {
    let Judged { published, evidence, .. } = judged;
    let ends = |of: fn(Interval) -> f64| judged.interval.map(of);
    let measured = judged.estimate.map(|mean| with_interval(mean, ends(|i| i.low), ends(|i| i.high)));
    let mut notes = Vec::new();
    if published.reading.metric == Metric::Sequences && unsolved(evidence) > 0 {
        notes.push(format!("{} of {} did not solve it", unsolved(evidence), evidence.runs));
    }
    if evidence.failed > 0 {
        notes.push(format!("{} of {} failed", evidence.failed, evidence.runs));
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    vec![
        escaped(&published.of.to_string()),
        escaped(&published.reading.to_string()),
        published.value.to_string(),
        judged.chance.map(|chance| significant(chance, 3)).unwrap_or_default(),
        measured.unwrap_or_default(),
        evidence.values.len().to_string(),
        published.rule.map(|rule| rule.to_string()).unwrap_or_default(),
        judged.verdict.to_string() + &notes,
    ]
}
