//! The answer of a report: what its expectations or its claim say on the question, then measured numbers.
//!
//! The sentences on numbers follow from the summary by fixed rules, whatever the experiment.

mod claim;
mod direct;
mod expected;
mod exponents;
mod gradients;
mod half_life;
mod jacobian;
mod leaders;
mod lengths;
mod norms;
mod number;
mod parts;
mod paths;
mod predictors;
mod samples;
mod speed;
mod training;
mod turn;
mod weights;
mod words;

use super::judge::Verdicts;
use super::load::Results;
use super::summary::{Section, Statistic};
use crate::config::spec::AnswerPart;
use crate::results::schema::SampleRow;

/// The largest number of settings of which a sentence gives each number.
const MOST_LISTED: usize = 4;

/// The parts that follow the tests of a claim.
const OF_CLAIM: &[AnswerPart] = &[AnswerPart::Gradients, AnswerPart::OtherStates, AnswerPart::Training];

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
    /// The tests of a claim that have a sentence for it answer; without a claim, the expectations that have
    /// one do. The parts that the config names follow, and then the verdict on the claim. Without any of
    /// these, the first sentence on numbers answers.
    pub fn of(
        results: &Results,
        samples: &[SampleRow],
        summary: &[Statistic],
        verdicts: &Verdicts,
    ) -> Answer {
        let incomplete = results.incomplete().map(|words| format!("Incomplete: {words}."));
        let mut head: Vec<String> = incomplete.into_iter().collect();
        if results.runs().next().is_none() {
            return Answer { head, numbers: vec![] };
        }
        let (mut answers, verdict, mut numbers, parts) = match claim::verdict(results, verdicts) {
            Some(verdict) => {
                let answers = expected::of_claim(&verdicts.claim);
                (answers, Some(verdict), claim::tests(verdicts).collect(), OF_CLAIM)
            }
            None => (expected::of_expectations(&verdicts.expectations), None, vec![], AnswerPart::ALL),
        };
        let of_parts = |parts: Vec<AnswerPart>| -> Vec<String> {
            parts.into_iter().flat_map(|part| of_part(part, results, samples, summary)).collect()
        };
        let chosen = &results.answer_with;
        answers.extend(of_parts(chosen.clone()));
        answers.extend(verdict);
        numbers.extend(of_parts(parts.iter().copied().filter(|part| !chosen.contains(part)).collect()));
        if answers.is_empty() {
            answers.extend(numbers.drain(..numbers.len().min(1)));
        }
        head.extend(answers);
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

/// The sentences of a part; none without its numbers.
fn of_part(part: AnswerPart, results: &Results, samples: &[SampleRow], summary: &[Statistic]) -> Vec<String> {
    let of_option = |sentence: Option<String>| sentence.into_iter().collect();
    match part {
        AnswerPart::Exponents => exponents::sentences(summary),
        AnswerPart::Training => training::sentences(summary, results.solved_loss),
        AnswerPart::Samples => of_option(samples::sentence(results, samples)),
        AnswerPart::WeightsByLag => weights::sentences(summary),
        AnswerPart::InitAndCell => parts::sentences(summary),
        AnswerPart::Gradients => gradients::sentences(summary, &gradients::GRADIENTS[..1]),
        AnswerPart::OtherStates => gradients::sentences(summary, &gradients::GRADIENTS[1..]),
        AnswerPart::HalfLife => {
            let (quantity, words) = gradients::GRADIENTS[0];
            let half_life = half_life::sentence(summary, quantity, words);
            half_life.into_iter().chain(turn::sentence(summary, quantity, words)).collect()
        }
        AnswerPart::LaterLosses => of_option(direct::sentence(summary)),
        AnswerPart::Paths => of_option(paths::shares(summary)),
        AnswerPart::PathDecay => of_option(paths::decay(summary)),
        AnswerPart::Predictors => predictors::sentences(summary),
        AnswerPart::Jacobian => jacobian::sentences(summary),
        AnswerPart::Speed => speed::sentences(summary),
    }
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
            "Of the norm of ∂s_T/∂s_t, each step back leaves this much: 31.6 %.",
        ];
        let found = Answer::of(&results, &[], &[slope], &Verdicts::default());
        assert_eq!((found.head, found.numbers), (expected.map(String::from).to_vec(), vec![]));
        assert_eq!(Answer::of(&Results::default(), &[], &[], &Verdicts::default()), Answer::default());
        let nothing = Results { plan: vec!["a".into()], ..Results::default() };
        let expected = ["Incomplete: 1 of 1 runs of the plan has not been made."];
        assert_eq!(Answer::of(&nothing, &[], &[], &Verdicts::default()).lines(), expected);
    }

    #[test]
    fn answer_times_of_a_debug_build_are_called_so() {
        let mut results = results([run("a", 1)]);
        let point = run("a", 1).settings;
        let seconds = Statistic::new(Section::Speed, "seconds", &point, Estimate::mean(&[0.5]), "s");
        let of = |results: &Results| {
            Answer::of(results, &[], std::slice::from_ref(&seconds), &Verdicts::default()).lines()
        };
        results.environment = [("build".to_string(), "debug".to_string())].into();
        assert!(of(&results)[0].starts_with("- The times are those of a debug build"), "{:?}", of(&results));
        results.environment = [("build".to_string(), "release".to_string())].into();
        assert_eq!(of(&results), [""; 0]);
    }
}
