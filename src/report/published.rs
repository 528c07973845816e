//! Published results beside ours: match, miss, at chance, or not comparable.

use std::fmt;

use super::evidence::{Evidence, evidence};
use super::load::Experiment;
use super::number::{significant, with_interval};
use super::table::{Table, escaped};
use super::training::{NoBetter, beside_chance};
use crate::config::spec::ClaimMetric as Metric;
use crate::config::spec::{Publication, PublishedNumber as Published};
use crate::support::stats::{self, Interval};

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
    let evidence = evidence(experiment, &published.selected, &published.reading);
    let values: Vec<f64> = evidence.values.values().copied().collect();
    let chance = published.chance.or(evidence.chance);
    let mut judged = Judged {
        published,
        estimate: stats::mean(&values),
        interval: match published.reading.metric {
            Metric::Solved => stats::share_interval(values.iter().sum::<f64>() as usize, values.len()),
            _ => stats::t_interval(&values),
        },
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
    if evidence.runs == evidence.failed && evidence.values.is_empty() {
        return Verdict::NotRun;
    }
    if too_few(judged).is_some() {
        return Verdict::NotComparable;
    }
    let Some(estimate) = judged.estimate else { return Verdict::Miss };
    // A mean over the runs that solved a task says nothing of those that did not, or failed.
    let all = published.reading.metric != Metric::Sequences || evidence.values.len() == evidence.runs;
    if all && rule.holds(estimate, published.value) {
        return Verdict::Match;
    }
    let grows_better = published.reading.metric.grows_better();
    let times = judged.chance.map(|chance| if grows_better { chance / estimate } else { estimate / chance });
    match times.and_then(beside_chance) {
        Some(NoBetter::AtChance) => Verdict::AtChance,
        _ => Verdict::Miss,
    }
}

/// What a run was trained on at least, and what the number wants: nothing where that is enough, or where our number is
/// better than a match would be, which more training does not undo.
fn too_few(judged: &Judged) -> Option<(usize, usize)> {
    let Judged { published, evidence, .. } = judged;
    let (wanted, (seen, _)) = (published.min_sequences?, evidence.sequences?);
    let is_better = || {
        let (rule, estimate) = (published.rule?, judged.estimate?);
        let better = (estimate > published.value) == published.reading.metric.grows_better();
        Some(better && !rule.holds(estimate, published.value))
    };
    (seen < wanted && is_better() != Some(true)).then_some((seen, wanted))
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
    let seen = judged.iter().filter_map(|judged| Some(judged.evidence.sequences?.1)).max();
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
    if let Some((seen, least)) = too_few(judged) {
        notes.push(format!("{seen} training sequences; expected at least {least}"));
    }
    if evidence.failed > 0 {
        notes.push(format!("{} of {} failed", evidence.failed, evidence.runs));
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    vec![
        escaped(&published.selected.to_string()),
        escaped(&published.reading.to_string()),
        published.value.to_string(),
        judged.chance.map(|chance| significant(chance, 3)).unwrap_or_default(),
        measured.unwrap_or_default(),
        evidence.values.len().to_string(),
        published.rule.map(|rule| rule.to_string()).unwrap_or_default(),
        judged.verdict.to_string() + &notes,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read_published as read_all;
    use crate::report::fake;
    use crate::results::schema::RunRow;

    fn publication(keys: &str, result: &str) -> Publication {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("published.toml");
        let text = format!(
            "[[x]]\nsource = \"A paper\"\nbudget = \"Much.\"\ndeviations = [\"Less.\"]\n{keys}\n\
             [[x.result]]\nwhere = {{ cell = \"lstm\" }}\n{result}"
        );
        std::fs::write(&path, text).unwrap();
        read_all(&path).unwrap().remove(0)
    }

    /// Runs of training with these numbers on the split test, one a seed.
    fn tested(metric: &str, values: &[f64]) -> Experiment {
        let mut experiment = Experiment::default();
        for (seed, value) in (1..).zip(values) {
            let run = RunRow { kind: "training".into(), ..fake::run(&format!("{seed}"), seed) };
            experiment.training.push(fake::trained(&run, "train", "loss", 1.0));
            experiment.training.push(fake::trained(&run, "test", metric, *value));
            experiment.runs.push(run);
        }
        experiment
    }

    fn verdict_of(result: &str, experiment: &Experiment) -> Verdict {
        judge(&publication("", result), experiment)[0].verdict
    }

    #[test]
    fn match_miss_and_chance() {
        let loss = |rule: &str| format!("metric = \"loss\"\nvalue = 0.01\nchance = 0.1667\n{rule}");
        let near = loss("within_factor = 2");
        assert_eq!(verdict_of(&near, &tested("loss", &[0.015, 0.019])), Verdict::Match);
        assert_eq!(verdict_of(&near, &tested("loss", &[0.021, 0.021])), Verdict::Miss);
        assert_eq!(verdict_of(&near, &tested("loss", &[0.004, 0.004])), Verdict::Miss);
        assert_eq!(verdict_of(&near, &tested("loss", &[0.166, 0.1661])), Verdict::AtChance);
        assert_eq!(verdict_of(&near, &tested("loss", &[0.15, 0.175])), Verdict::Miss);
        assert_eq!(verdict_of(&near, &tested("loss", &[0.9, 0.9])), Verdict::Miss, "worse than chance");
        assert_eq!(verdict_of(&loss("at_most = 0.02"), &tested("loss", &[0.0])), Verdict::Match);
        let accuracy = "metric = \"accuracy\"\nvalue = 0.9\nchance = 0.1\nat_least = 0.8";
        assert_eq!(verdict_of(accuracy, &tested("accuracy", &[0.85])), Verdict::Match);
        assert_eq!(verdict_of(accuracy, &tested("accuracy", &[0.5])), Verdict::Miss);
        assert_eq!(verdict_of(accuracy, &tested("accuracy", &[0.1005])), Verdict::AtChance);
        assert_eq!(verdict_of(accuracy, &tested("accuracy", &[0.05])), Verdict::Miss);
    }

    #[test]
    fn a_published_failure_is_matched_by_a_failure() {
        let failure = "metric = \"loss\"\nvalue = 0.164\nchance = 0.1667\nwithin_factor = 1.1";
        assert_eq!(verdict_of(failure, &tested("loss", &[0.167, 0.166])), Verdict::Match);
        // After 20 sequences any network is at chance.
        let trained = |least: usize| format!("{failure}\nmin_sequences = {least}");
        assert_eq!(verdict_of(&trained(20), &tested("loss", &[0.167])), Verdict::Match);
        assert_eq!(verdict_of(&trained(21), &tested("loss", &[0.167])), Verdict::NotComparable);
        assert_eq!(verdict_of(&trained(21), &tested("loss", &[0.9])), Verdict::NotComparable);
        // Success contradicts the paper however soon it comes.
        assert_eq!(verdict_of(&trained(21), &tested("loss", &[0.0005])), Verdict::Miss);
    }

    #[test]
    fn sequences_count_where_every_run_solved_the_task() {
        let result = "metric = \"sequences\"\nvalue = 20\nwithin_factor = 2";
        let mut experiment = tested("loss", &[0.1, 0.1]);
        for (run, solved) in experiment.runs.iter().zip([1.0, 0.0]) {
            experiment.training.push(fake::trained(run, "train", "solved", solved));
        }
        let paper = publication("", result);
        let judged = &judge(&paper, &experiment)[0];
        assert_eq!((judged.verdict, judged.estimate), (Verdict::Miss, Some(20.0)));
        let text = section(std::slice::from_ref(&paper), &experiment).unwrap();
        assert!(text.contains("miss (1 of 2 did not solve it)"), "{text}");
        assert!(text.contains("Much. Here: at most 20 sequences."), "{text}");
        experiment.training.last_mut().unwrap().value = 1.0;
        assert_eq!(judge(&paper, &experiment)[0].verdict, Verdict::Match);
        experiment.runs[1].status = "failed".into();
        assert_eq!(
            judge(&paper, &experiment)[0].verdict,
            Verdict::Miss,
            "a run that diverged solved nothing"
        );
    }

    #[test]
    fn what_does_not_compare_is_shown_without_a_verdict() {
        let paper = publication("not_comparable = \"Another text.\"", "metric = \"loss\"\nvalue = 0.1");
        let experiment = tested("loss", &[0.1]);
        assert_eq!(judge(&paper, &experiment)[0].verdict, Verdict::NotComparable);
        let text = section(&[paper], &experiment).unwrap();
        for part in
            ["## Published results\n\nA paper\n\n**Not comparable.** Another text.", "- Less.", "| 0.1 "]
        {
            assert!(text.contains(part), "no `{part}` in {text}");
        }
        assert_eq!(section(&[], &experiment), None);
    }

    #[test]
    fn runs_that_diverged_have_solved_nothing_and_a_share_has_an_interval() {
        let mut experiment = tested("loss", &[]);
        for seed in 1..=5 {
            let kind = "training".into();
            let run = RunRow { kind, status: "failed".into(), ..fake::run(&format!("{seed}"), seed) };
            experiment.training.push(fake::trained(&run, "train", "solved", 0.0));
            experiment.runs.push(run);
        }
        let paper = publication("", "metric = \"solved\"\nvalue = 1\nat_least = 0.9");
        let judged = &judge(&paper, &experiment)[0];
        assert_eq!((judged.verdict, judged.estimate), (Verdict::Miss, Some(0.0)));
        assert!(judged.interval.unwrap().high > 0.3);
    }

    #[test]
    fn without_runs_there_is_no_verdict() {
        let result = "metric = \"loss\"\nvalue = 0.1\nat_most = 1";
        assert_eq!(verdict_of(result, &Experiment::default()), Verdict::NotRun);
        let mut failed = tested("loss", &[0.1]);
        failed.runs[0].status = "failed".into();
        assert_eq!(verdict_of(result, &failed), Verdict::NotRun);
    }
}
