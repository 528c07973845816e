//! Verdicts on published numbers.

use std::fmt;

use super::judged::Judged;
use super::observations::Observations;
use crate::config::spec::{ClaimMetric, MIN_SEEDS, PublishedNumber, Rule};
use crate::report::estimate::Estimate;

/// A published number.
pub type PublishedResult<'a> = Judged<'a, PublishedNumber, PublishedVerdict>;

/// The relation of our number to the published one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishedVerdict {
    /// The whole interval is a match.
    Match,
    /// None of it is a match.
    Miss,
    /// None of it is a match, and every run is at chance.
    AtChance,
    /// A part of the interval is a match, or there are too few seeds for a decision.
    Undecided,
    /// The published number is of another experiment or of longer training, or chance would match it.
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
            PublishedVerdict::Undecided => "undecided",
            PublishedVerdict::NotComparable => "not comparable",
            PublishedVerdict::NotRun => "not run",
        })
    }
}

/// Judges a published number by the runs that it selects.
pub fn judge<'a>(published: &'a PublishedNumber, of: &Observations) -> PublishedResult<'a> {
    let estimate = match published.reading.metric {
        ClaimMetric::Solved => Estimate::share(of.hits()),
        _ => Estimate::mean(&of.values().into_iter().map(|(_, value)| value).collect::<Vec<_>>()),
    };
    Judged {
        kept: vec![],
        subject: published,
        point: of.point.clone(),
        estimate,
        p_value: None,
        unit: of.unit(),
        chance: of.chance(),
        sequences: of.sequences().map(|(_, most)| most),
        verdict: verdict(published, of, &estimate),
        notes: notes(published, of, &estimate),
    }
}

fn verdict(published: &PublishedNumber, of: &Observations, estimate: &Estimate) -> PublishedVerdict {
    if published.rule.is_none() {
        return PublishedVerdict::NotComparable;
    }
    if of.runs.len() == of.failed() && estimate.n == 0 {
        return PublishedVerdict::NotRun;
    }
    if trained_too_little(published, of).is_some() || chance_matches(published, of) {
        return PublishedVerdict::NotComparable;
    }
    if of.runs.len() < MIN_SEEDS {
        return PublishedVerdict::Undecided;
    }
    // The mean over the runs that solved a task says nothing of the others.
    if published.reading.metric == ClaimMetric::Sequences && estimate.n < of.runs.len() {
        return PublishedVerdict::Miss;
    }
    let Some((least, most)) = matches(published) else {
        return match learned_nothing(of) {
            runs if runs == of.runs.len() => PublishedVerdict::Match,
            0 => PublishedVerdict::Miss,
            _ => PublishedVerdict::Undecided,
        };
    };
    match estimate.interval() {
        Some(ends) if ends.low >= least && ends.high <= most => PublishedVerdict::Match,
        Some(ends) if ends.high < least || ends.low > most => match learned_nothing(of) {
            runs if runs == of.runs.len() => PublishedVerdict::AtChance,
            _ => PublishedVerdict::Miss,
        },
        _ => PublishedVerdict::Undecided,
    }
}

/// The numbers that are a match, from the least to the largest; `None` without such a range.
fn matches(published: &PublishedNumber) -> Option<(f64, f64)> {
    published.rule?.matches(published.value)
}

/// The number of runs whose test loss is no better than chance.
fn learned_nothing(of: &Observations) -> usize {
    of.runs.iter().filter(|run| run.vs_chance.is_some()).count()
}

/// Returns true if a network that learned nothing would be a match by its number.
fn chance_matches(published: &PublishedNumber, of: &Observations) -> bool {
    matches(published)
        .zip(of.chance())
        .is_some_and(|((least, most), chance)| (least..=most).contains(&chance))
}

/// The least number of training sequences of a run, and the number that a comparison needs; `None` if
/// training was long enough, or if every run is better than a match: more training does not undo that.
fn trained_too_little(published: &PublishedNumber, of: &Observations) -> Option<(usize, usize)> {
    let (needed, (seen, _)) = (published.min_sequences?, of.sequences()?);
    let grows_better = published.reading.metric.grows_better();
    let is_better = |value: f64| match matches(published) {
        Some((_, most)) if grows_better => value > most,
        Some((least, _)) => value < least,
        None => false,
    };
    let better = match published.rule {
        Some(Rule::AtChance) => learned_nothing(of) == 0,
        _ => of.values().iter().all(|(_, value)| is_better(*value)),
    };
    (seen < needed && !better).then_some((seen, needed))
}

fn notes(published: &PublishedNumber, of: &Observations, estimate: &Estimate) -> Vec<String> {
    let (runs, failed) = (of.runs.len(), of.failed());
    let mut notes = Vec::new();
    let unsolved = runs.saturating_sub(failed + estimate.n);
    if published.reading.metric == ClaimMetric::Sequences && unsolved > 0 {
        notes.push(format!("{unsolved} of {runs} did not solve it"));
    }
    if published.rule.is_some() && (1..MIN_SEEDS).contains(&runs) {
        notes.push(format!("{runs} of at least {MIN_SEEDS} seeds"));
    }
    if chance_matches(published, of) {
        notes.push("a network that learned nothing would match".to_string());
    }
    if let Some((seen, needed)) = trained_too_little(published, of) {
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
    use super::super::vs_chance::VsChance;
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

    /// Runs that were trained on 20 sequences, with these numbers and relations to chance.
    fn seen(metric: ClaimMetric, values: &[Option<f64>], vs_chance: Option<VsChance>) -> Observations {
        let run = |value: &Option<f64>| Observation {
            value: *value,
            chance: metric.has_chance().then_some(0.1667),
            vs_chance,
            sequences: Some(20),
            ..Observation::default()
        };
        let point = Settings::blank(ExperimentKind::Training);
        Observations { metric, runs: values.iter().map(run).collect(), point, is_mixed: false }
    }

    fn verdict_of(result: &str, values: &[f64], vs_chance: Option<VsChance>) -> PublishedVerdict {
        let published = published("", result);
        let values: Vec<_> = values.iter().map(|value| Some(*value)).collect();
        judge(&published, &seen(published.reading.metric, &values, vs_chance)).verdict
    }

    #[test]
    fn judge_interval_decides() {
        let loss = |rule: &str| format!("metric = \"loss\"\nvalue = 0.01\n{rule}");
        let near = loss("within_factor = 2");
        let of = |values: &[f64]| verdict_of(&near, values, None);
        assert_eq!(of(&[0.015, 0.016, 0.015]), PublishedVerdict::Match);
        assert_eq!(of(&[0.031, 0.032, 0.031]), PublishedVerdict::Miss);
        assert_eq!(of(&[0.002, 0.0021, 0.002]), PublishedVerdict::Miss);
        assert_eq!(of(&[0.015, 0.019, 0.024]), PublishedVerdict::Undecided, "the interval reaches 0.02");
        assert_eq!(of(&[0.015, 0.016]), PublishedVerdict::Undecided, "two seeds");
        let chance = Some(VsChance::AtChance);
        assert_eq!(verdict_of(&near, &[0.166, 0.167, 0.165], chance), PublishedVerdict::AtChance);
        assert_eq!(verdict_of(&loss("at_most = 0.02"), &[0.0; 3], None), PublishedVerdict::Match);
        let accuracy = "metric = \"accuracy\"\nvalue = 0.9\nat_least = 0.8";
        assert_eq!(verdict_of(accuracy, &[0.85, 0.86, 0.85], None), PublishedVerdict::Match);
        assert_eq!(verdict_of(accuracy, &[0.5, 0.51, 0.5], None), PublishedVerdict::Miss);
    }

    #[test]
    fn judge_published_failure_is_matched_by_runs_at_chance() {
        let failure = "metric = \"loss\"\nvalue = 0.164\nat_chance = true";
        let (values, chance) = ([0.167, 0.166, 0.161], Some(VsChance::AtChance));
        assert_eq!(verdict_of(failure, &values, chance), PublishedVerdict::Match);
        assert_eq!(verdict_of(failure, &values, None), PublishedVerdict::Miss);
        let mut mixed = seen(ClaimMetric::Loss, &values.map(Some), chance);
        mixed.runs[0].vs_chance = None;
        assert_eq!(judge(&published("", failure), &mixed).verdict, PublishedVerdict::Undecided);
        // After 20 sequences any network is at chance.
        let trained = |least: usize| format!("{failure}\nmin_sequences = {least}");
        assert_eq!(verdict_of(&trained(20), &values, chance), PublishedVerdict::Match);
        assert_eq!(verdict_of(&trained(21), &values, chance), PublishedVerdict::NotComparable);
        // If a paper reports failure and our runs succeed, the result is not reproduced, however short
        // the training.
        assert_eq!(verdict_of(&trained(21), &[0.0005; 3], None), PublishedVerdict::Miss);
    }

    #[test]
    fn judge_bound_that_chance_fulfils_decides_nothing() {
        let wide = "metric = \"loss\"\nvalue = 0.164\nwithin_factor = 1.1";
        let result = published("", wide);
        let judged = judge(&result, &seen(ClaimMetric::Loss, &[Some(0.167); 3], None));
        assert_eq!(judged.verdict, PublishedVerdict::NotComparable);
        assert_eq!(judged.notes, ["a network that learned nothing would match"]);
        assert_eq!(judged.chance, Some(0.1667));
    }

    #[test]
    fn judge_sequences_match_only_if_every_run_solved_the_task() {
        let paper = published("", "metric = \"sequences\"\nvalue = 20\nwithin_factor = 2");
        let values = [Some(20.0), Some(21.0), Some(20.0)];
        let all = seen(ClaimMetric::Sequences, &values, None);
        assert_eq!(judge(&paper, &all).verdict, PublishedVerdict::Match);
        let mut some = all.clone();
        some.runs[1].value = None;
        let judged = judge(&paper, &some);
        assert_eq!((judged.verdict, judged.estimate.value), (PublishedVerdict::Miss, Some(20.0)));
        assert_eq!(
            (&judged.notes[..], judged.sequences),
            (&["1 of 3 did not solve it".to_string()][..], Some(20))
        );
        some.runs[1].failed = true;
        let judged = judge(&paper, &some);
        assert_eq!(judged.verdict, PublishedVerdict::Miss, "a run that diverged solved nothing");
        assert_eq!(judged.notes, ["1 of 3 failed"]);
    }

    #[test]
    fn judge_not_comparable_has_no_other_verdict() {
        let paper = published("not_comparable = \"Another text.\"", "metric = \"loss\"\nvalue = 0.1");
        let judged = judge(&paper, &seen(ClaimMetric::Loss, &[Some(0.1)], None));
        assert_eq!((judged.verdict, judged.estimate.value), (PublishedVerdict::NotComparable, Some(0.1)));
    }

    #[test]
    fn judge_diverged_runs_have_not_solved_and_fraction_has_an_interval() {
        let paper = published("", "metric = \"solved\"\nvalue = 1\nat_least = 0.9");
        let mut diverged = seen(ClaimMetric::Solved, &[Some(0.0); 5], None);
        diverged.runs.iter_mut().for_each(|run| run.failed = true);
        let judged = judge(&paper, &diverged);
        assert_eq!((judged.verdict, judged.estimate.value), (PublishedVerdict::Miss, Some(0.0)));
        assert!(judged.estimate.high.unwrap() > 0.3);
    }

    #[test]
    fn judge_without_good_runs_is_not_run() {
        let result = "metric = \"loss\"\nvalue = 0.1\nat_most = 1";
        assert_eq!(verdict_of(result, &[], None), PublishedVerdict::NotRun);
        let mut failed = seen(ClaimMetric::Loss, &[None], None);
        failed.runs[0].failed = true;
        assert_eq!(judge(&published("", result), &failed).verdict, PublishedVerdict::NotRun);
    }
}
