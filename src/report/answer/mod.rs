//! The answer of a report: what its expectations or its claim say on the question, then measured numbers.
//!
//! The sentences on numbers follow from the summary by fixed rules, whatever the experiment.

mod direct;
mod expected;
mod exponents;
mod gradients;
mod half_life;
mod jacobian;
mod lengths;
mod norms;
mod parts;
mod paths;
mod predictors;
mod speed;
mod training;
mod weights;
mod words;

use super::format::with_interval;
use super::judge::{ClaimVerdict, JudgedTest, TestVerdict, Verdicts, overall};
use super::load::Results;
use super::summary::{Section, Statistic};
use crate::support::text::pluralize;

/// The largest number of settings of which a sentence gives each number.
const MOST_LISTED: usize = 4;

/// The answer to the question of an experiment, in plain text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The sentences that answer the question.
    pub head: Vec<String>,
    /// The sentences with measured numbers.
    pub numbers: Vec<String>,
}

impl Answer {
    /// The answer of an experiment. It begins with what is missing.
    ///
    /// A claim that is judged answers with its verdict, and the numbers are those of its tests. Otherwise the
    /// expectations that have a sentence for it answer. Without one, the first sentence on numbers does.
    pub fn of(results: &Results, summary: &[Statistic], verdicts: &Verdicts) -> Answer {
        let incomplete = results.incomplete().map(|words| format!("Incomplete: {words}."));
        let mut head: Vec<String> = incomplete.into_iter().collect();
        if results.runs().next().is_none() {
            return Answer { head, numbers: vec![] };
        }
        let (answers, mut numbers) = match claim(results, summary, verdicts) {
            Some(tests) => (vec![], tests),
            None => (expected::sentences(&verdicts.expectations), of_kinds(summary)),
        };
        let first = if answers.is_empty() { 1 } else { 0 };
        head.extend(answers);
        head.extend(numbers.drain(..numbers.len().min(first)));
        numbers.extend(debug_build(results, summary));
        Answer { head, numbers }
    }

    /// The sentences, and a dash before each of those on numbers.
    pub fn lines(&self) -> Vec<String> {
        let numbers = self.numbers.iter().map(|sentence| format!("- {sentence}"));
        self.head.iter().cloned().chain(numbers).collect()
    }
}

/// A sentence on times of a program that was built without optimization.
fn debug_build(results: &Results, summary: &[Statistic]) -> Option<String> {
    let is_timed = summary.iter().any(|row| row.section == Section::Speed);
    let is_debug = results.environment.get("build").is_some_and(|build| build == "debug");
    let sentence = "The times are those of a debug build, which makes the engine simd several times slower.";
    (is_timed && is_debug).then(|| sentence.to_string())
}

fn of_kinds(summary: &[Statistic]) -> Vec<String> {
    let of_kinds = [
        exponents::sentence(summary).into_iter().collect(),
        training::sentences(summary),
        weights::sentences(summary),
        parts::sentence(summary).into_iter().collect(),
        gradients::sentences(summary),
        half_life::sentence(summary, "total_h", "∂L/∂h").into_iter().collect(),
        direct::sentence(summary).into_iter().collect(),
        paths::sentences(summary),
        predictors::sentences(summary),
        jacobian::sentences(summary),
        speed::sentences(summary),
    ];
    of_kinds.concat()
}

/// The claim with its verdict, then each test with its number, then what is left of the gradients; none for a
/// claim that is not judged.
fn claim(results: &Results, summary: &[Statistic], verdicts: &Verdicts) -> Option<Vec<String>> {
    let claim = results.tests.claim.as_ref().filter(|_| results.about.changed.is_empty())?;
    let of_test = |test: &JudgedTest| {
        let control = if test.subject.control { "Control " } else { "" };
        let unit = if test.unit == "1" { String::new() } else { format!(" {}", test.unit) };
        let number = match test.estimate.value {
            Some(_) => format!("{}{unit}, ", with_interval(&test.estimate)),
            None => String::new(),
        };
        format!("{control}“{}”: {number}{}.", test.subject.name.trim(), test.verdict.on_claim())
    };
    let statement = claim.statement.trim().trim_end_matches('.');
    let verdict = overall(&verdicts.claim);
    let verb = if verdict == ClaimVerdict::Depends { "" } else { "is " };
    let tests = verdicts.claim.iter().filter(|test| !test.subject.control);
    let holding = tests.clone().filter(|test| test.verdict == TestVerdict::Holds).count();
    let count = pluralize(tests.count(), "setting");
    let claim =
        format!("The claim “{statement}” {verb}{}: supported at {holding} of {count}.", verdict.in_words());
    let tests = verdicts.claim.iter().map(of_test);
    Some(std::iter::once(claim).chain(tests).chain(gradients::sentences(summary)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::{failed, results, run};

    #[test]
    fn answer_says_first_what_is_missing() {
        let mut results = results([run("a", 1), failed(run("b", 2))]);
        results.plan = ["a", "b", "c"].map(String::from).to_vec();
        let point = run("a", 1).settings;
        let slope = Statistic {
            quantity: "frobenius".into(),
            ..Statistic::new(Section::Jacobian, "slope", &point, Estimate::mean(&[-0.5]), "1")
        };
        let expected = [
            "Incomplete: 1 of 3 runs of the plan has not been made, 1 of 2 runs failed.",
            "Of the norm of ∂s_T/∂s_t, each step back leaves 31.6 %.",
        ];
        let found = Answer::of(&results, &[slope], &Verdicts::default());
        assert_eq!((found.head, found.numbers), (expected.map(String::from).to_vec(), vec![]));
        assert_eq!(Answer::of(&Results::default(), &[], &Verdicts::default()), Answer::default());
        let nothing = Results { plan: vec!["a".into()], ..Results::default() };
        let expected = ["Incomplete: 1 of 1 runs of the plan has not been made."];
        assert_eq!(Answer::of(&nothing, &[], &Verdicts::default()).lines(), expected);
    }

    #[test]
    fn answer_times_of_a_debug_build_are_called_so() {
        let mut results = results([run("a", 1)]);
        let point = run("a", 1).settings;
        let seconds = Statistic::new(Section::Speed, "seconds", &point, Estimate::mean(&[0.5]), "s");
        let of = |results: &Results| {
            Answer::of(results, std::slice::from_ref(&seconds), &Verdicts::default()).lines()
        };
        results.environment = [("build".to_string(), "debug".to_string())].into();
        assert!(of(&results)[0].starts_with("- The times are those of a debug build"), "{:?}", of(&results));
        results.environment = [("build".to_string(), "release".to_string())].into();
        assert_eq!(of(&results), [""; 0]);
    }
}
