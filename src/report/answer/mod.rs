//! The answer of a report: a few sentences with the numbers that its question asks for.
//!
//! Each sentence follows from the summary by a fixed rule, whatever the experiment.

mod direct;
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
use super::judge::{ClaimVerdict, JudgedTest, Verdicts, overall};
use super::load::Results;
use super::summary::{Section, Statistic};

/// The largest number of settings of which a sentence gives each number.
const MOST_LISTED: usize = 4;

/// The sentences in plain text: what is missing, then the verdict on the claim with the numbers of its tests.
/// Without a claim that is judged, the numbers of each kind.
pub fn answer(results: &Results, summary: &[Statistic], verdicts: &Verdicts) -> Vec<String> {
    let incomplete = results.incomplete().map(|words| format!("Incomplete: {words}."));
    if results.runs().next().is_none() {
        return incomplete.into_iter().collect();
    }
    let found = claim(results, verdicts).unwrap_or_else(|| of_kinds(summary));
    incomplete.into_iter().chain(found).chain(debug_build(results, summary)).collect()
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
        training::sentences(summary),
        weights::sentences(summary),
        gradients::sentences(summary),
        half_life::sentence(summary, "total_h", "∂L/∂h").into_iter().collect(),
        direct::sentence(summary).into_iter().collect(),
        parts::sentence(summary).into_iter().collect(),
        paths::sentences(summary),
        jacobian::sentence(summary).into_iter().collect(),
        predictors::sentences(summary),
        speed::sentences(summary),
    ];
    of_kinds.concat()
}

/// The claim with its verdict, then each test with its number; none for a claim that is not judged.
fn claim(results: &Results, verdicts: &Verdicts) -> Option<Vec<String>> {
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
    let claim = format!("The claim “{statement}” {verb}{}.", verdict.in_words());
    Some(std::iter::once(claim).chain(verdicts.claim.iter().map(of_test)).collect())
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
            "Per step back, log10 of the norm of ∂s_T/∂s_t changes by -0.500.",
        ];
        assert_eq!(answer(&results, &[slope], &Verdicts::default()), expected);
        assert_eq!(answer(&Results::default(), &[], &Verdicts::default()), [""; 0]);
        let nothing = Results { plan: vec!["a".into()], ..Results::default() };
        let expected = ["Incomplete: 1 of 1 runs of the plan has not been made."];
        assert_eq!(answer(&nothing, &[], &Verdicts::default()), expected);
    }

    #[test]
    fn answer_times_of_a_debug_build_are_called_so() {
        let mut results = results([run("a", 1)]);
        let point = run("a", 1).settings;
        let seconds = Statistic::new(Section::Speed, "seconds", &point, Estimate::mean(&[0.5]), "s");
        let of = |results: &Results| answer(results, std::slice::from_ref(&seconds), &Verdicts::default());
        results.environment = [("build".to_string(), "debug".to_string())].into();
        assert!(of(&results)[0].starts_with("The times are those of a debug build"), "{:?}", of(&results));
        results.environment = [("build".to_string(), "release".to_string())].into();
        assert_eq!(of(&results), [""; 0]);
    }
}
