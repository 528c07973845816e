//! Verdicts on published numbers.

use std::fmt;

use super::judged::Judged;
use super::observations::Observations;
use super::vs_chance::{VsChance, vs_chance};
use crate::config::spec::{ClaimMetric, PublishedNumber};
use crate::report::estimate::Estimate;

/// A published number.
pub type PublishedResult<'a> = Judged<'a, PublishedNumber, PublishedVerdict>;

/// The relation of our number to the published one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishedVerdict {
    /// The mean over the seeds counts as a match.
    Match,
    /// It does not.
    Miss,
    /// It does not, and it is at the level of chance.
    AtChance,
    /// The published number is of another experiment, or of longer training.
    NotComparable,
    /// No run has the settings, or all of them failed.
    NotRun,
}

impl fmt::Display for PublishedVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PublishedVerdict::Match => "match",
            PublishedVerdict::Miss => "miss",
            PublishedVerdict::AtChance => "at chance",
            PublishedVerdict::NotComparable => "not comparable",
            PublishedVerdict::NotRun => "not run",
        })
    }
}

/// Judges a published number by the runs that it selects.
pub fn judge<'a>(published: &'a PublishedNumber, of: &Observations) -> PublishedResult<'a> {
    let estimate = match published.reading.metric {
        ClaimMetric::Solved => {
            let (hits, n) = of.hits();
            Estimate::fraction(hits, n)
        }
        _ => Estimate::mean(&of.values().into_iter().map(|(_, value)| value).collect::<Vec<_>>()),
    };
    let chance = published.chance.or(of.chance());
    Judged {
        subject: published,
        point: of.point.clone(),
        estimate,
        unit: of.unit(),
        chance,
        sequences: of.sequences().map(|(_, most)| most),
        verdict: verdict(published, of, &estimate, chance),
        notes: notes(published, of, &estimate),
    }
}

fn verdict(
    published: &PublishedNumber,
    of: &Observations,
    estimate: &Estimate,
    chance: Option<f64>,
) -> PublishedVerdict {
    let Some(rule) = published.rule else { return PublishedVerdict::NotComparable };
    if of.runs.len() == of.failed() && estimate.n == 0 {
        return PublishedVerdict::NotRun;
    }
    if trained_too_little(published, of, estimate).is_some() {
        return PublishedVerdict::NotComparable;
    }
    let Some(value) = estimate.value else { return PublishedVerdict::Miss };
    // The mean over the runs that solved a task says nothing of the others.
    let all_solved = published.reading.metric != ClaimMetric::Sequences || estimate.n == of.runs.len();
    if all_solved && rule.holds(value, published.value) {
        return PublishedVerdict::Match;
    }
    let grows_better = published.reading.metric.grows_better();
    let times = chance.map(|chance| if grows_better { chance / value } else { value / chance });
    match times.and_then(vs_chance) {
        Some(VsChance::AtChance) => PublishedVerdict::AtChance,
        _ => PublishedVerdict::Miss,
    }
}

/// The least number of training sequences of a run, and the number that a comparison needs; none if
/// training was long enough, or if our number is better than a match: more training does not undo that.
fn trained_too_little(
    published: &PublishedNumber,
    of: &Observations,
    estimate: &Estimate,
) -> Option<(usize, usize)> {
    let (needed, (seen, _)) = (published.min_sequences?, of.sequences()?);
    let is_better = || {
        let (rule, value) = (published.rule?, estimate.value?);
        let better = (value > published.value) == published.reading.metric.grows_better();
        Some(better && !rule.holds(value, published.value))
    };
    (seen < needed && is_better() != Some(true)).then_some((seen, needed))
}

fn notes(published: &PublishedNumber, of: &Observations, estimate: &Estimate) -> Vec<String> {
    let (runs, failed) = (of.runs.len(), of.failed());
    let mut notes = Vec::new();
    let unsolved = runs.saturating_sub(failed + estimate.n);
    if published.reading.metric == ClaimMetric::Sequences && unsolved > 0 {
        notes.push(format!("{unsolved} of {runs} did not solve it"));
    }
    if let Some((seen, needed)) = trained_too_little(published, of, estimate) {
        notes.push(format!("{seen} training sequences; expected at least {needed}"));
    }
    if failed > 0 {
        notes.push(format!("{failed} of {runs} failed"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::super::observations::Observation;
    use super::*;
    use crate::config::read_published;
    use crate::settings::Settings;
    use crate::settings::names::ExperimentKind;

    fn published(keys: &str, result: &str) -> PublishedNumber {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("published.toml");
        let text = format!(
            "[[x]]\nsource = \"A paper\"\n{keys}\n[[x.result]]\nwhere = {{ cell = \"lstm\" }}\n{result}"
        );
        std::fs::write(&path, text).unwrap();
        read_published(&path).unwrap().remove(0).results.remove(0)
    }

    /// Runs that were trained on 20 sequences, with these numbers.
    fn seen(metric: ClaimMetric, values: &[Option<f64>]) -> Observations {
        let run = |value: &Option<f64>| Observation {
            value: *value,
            sequences: Some(20),
            ..Observation::default()
        };
        let point = Settings::blank(ExperimentKind::Training);
        Observations { metric, runs: values.iter().map(run).collect(), point, is_mixed: false }
    }

    fn verdict_of(result: &str, values: &[f64]) -> PublishedVerdict {
        let published = published("", result);
        let values: Vec<_> = values.iter().map(|value| Some(*value)).collect();
        judge(&published, &seen(published.reading.metric, &values)).verdict
    }

    #[test]
    fn judge_rule_and_chance_decide() {
        let loss = |rule: &str| format!("metric = \"loss\"\nvalue = 0.01\nchance = 0.1667\n{rule}");
        let near = loss("within_factor = 2");
        assert_eq!(verdict_of(&near, &[0.015, 0.019]), PublishedVerdict::Match);
        assert_eq!(verdict_of(&near, &[0.021, 0.021]), PublishedVerdict::Miss);
        assert_eq!(verdict_of(&near, &[0.004, 0.004]), PublishedVerdict::Miss);
        assert_eq!(verdict_of(&near, &[0.166, 0.1661]), PublishedVerdict::AtChance);
        assert_eq!(verdict_of(&near, &[0.15, 0.175]), PublishedVerdict::Miss);
        assert_eq!(verdict_of(&near, &[0.9, 0.9]), PublishedVerdict::Miss, "worse than chance");
        assert_eq!(verdict_of(&loss("at_most = 0.02"), &[0.0]), PublishedVerdict::Match);
        let accuracy = "metric = \"accuracy\"\nvalue = 0.9\nchance = 0.1\nat_least = 0.8";
        assert_eq!(verdict_of(accuracy, &[0.85]), PublishedVerdict::Match);
        assert_eq!(verdict_of(accuracy, &[0.5]), PublishedVerdict::Miss);
        assert_eq!(verdict_of(accuracy, &[0.1005]), PublishedVerdict::AtChance);
        assert_eq!(verdict_of(accuracy, &[0.05]), PublishedVerdict::Miss);
    }

    #[test]
    fn judge_published_failure_is_matched_by_failure() {
        let failure = "metric = \"loss\"\nvalue = 0.164\nchance = 0.1667\nwithin_factor = 1.1";
        assert_eq!(verdict_of(failure, &[0.167, 0.166]), PublishedVerdict::Match);
        // After 20 sequences any network is at chance.
        let trained = |least: usize| format!("{failure}\nmin_sequences = {least}");
        assert_eq!(verdict_of(&trained(20), &[0.167]), PublishedVerdict::Match);
        assert_eq!(verdict_of(&trained(21), &[0.167]), PublishedVerdict::NotComparable);
        assert_eq!(verdict_of(&trained(21), &[0.9]), PublishedVerdict::NotComparable);
        // If a paper reports failure and our runs succeed, the result is not reproduced, however short
        // the training.
        assert_eq!(verdict_of(&trained(21), &[0.0005]), PublishedVerdict::Miss);
    }

    #[test]
    fn judge_sequences_match_only_if_every_run_solved_the_task() {
        let paper = published("", "metric = \"sequences\"\nvalue = 20\nwithin_factor = 2");
        let judged = judge(&paper, &seen(ClaimMetric::Sequences, &[Some(20.0), None]));
        assert_eq!((judged.verdict, judged.estimate.value), (PublishedVerdict::Miss, Some(20.0)));
        assert_eq!(
            (&judged.notes[..], judged.sequences),
            (&["1 of 2 did not solve it".to_string()][..], Some(20))
        );
        let mut both = seen(ClaimMetric::Sequences, &[Some(20.0), Some(20.0)]);
        assert_eq!(judge(&paper, &both).verdict, PublishedVerdict::Match);
        (both.runs[1].failed, both.runs[1].value) = (true, None);
        let judged = judge(&paper, &both);
        assert_eq!(judged.verdict, PublishedVerdict::Miss, "a run that diverged solved nothing");
        assert_eq!(judged.notes, ["1 of 2 failed"]);
    }

    #[test]
    fn judge_not_comparable_has_no_other_verdict() {
        let paper = published("not_comparable = \"Another text.\"", "metric = \"loss\"\nvalue = 0.1");
        let judged = judge(&paper, &seen(ClaimMetric::Loss, &[Some(0.1)]));
        assert_eq!((judged.verdict, judged.estimate.value), (PublishedVerdict::NotComparable, Some(0.1)));
    }

    #[test]
    fn judge_diverged_runs_have_not_solved_and_fraction_has_an_interval() {
        let paper = published("", "metric = \"solved\"\nvalue = 1\nat_least = 0.9");
        let mut diverged = seen(ClaimMetric::Solved, &[Some(0.0); 5]);
        diverged.runs.iter_mut().for_each(|run| run.failed = true);
        let judged = judge(&paper, &diverged);
        assert_eq!((judged.verdict, judged.estimate.value), (PublishedVerdict::Miss, Some(0.0)));
        assert!(judged.estimate.high.unwrap() > 0.3);
    }

    #[test]
    fn judge_without_good_runs_is_not_run() {
        let result = "metric = \"loss\"\nvalue = 0.1\nat_most = 1";
        assert_eq!(verdict_of(result, &[]), PublishedVerdict::NotRun);
        let mut failed = seen(ClaimMetric::Loss, &[None]);
        failed.runs[0].failed = true;
        assert_eq!(judge(&published("", result), &failed).verdict, PublishedVerdict::NotRun);
    }
}
