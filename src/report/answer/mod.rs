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
mod overview;
mod parts;
mod paths;
mod predictors;
mod samples;
mod speed;
mod training;
mod turn;
mod weights;
mod words;

pub use self::overview::Overview;
use self::overview::{Column, overviews};
use super::judge::Verdicts;
use super::load::Results;
use super::summary::{Section, Statistic};
use crate::config::spec::AnswerPart;
use crate::results::schema::SampleRow;

/// The parts that follow the tests of a claim.
const OF_CLAIM: &[AnswerPart] = &[AnswerPart::Gradients, AnswerPart::OtherStates, AnswerPart::Training];

/// The answer to the question of an experiment, in plain text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The sentences that answer the question.
    pub head: Vec<String>,
    /// Tables of the numbers of each setting.
    pub tables: Vec<Overview>,
    /// The sentences with measured numbers.
    pub numbers: Vec<String>,
    /// The sentences on what the question does not ask for.
    pub also: Vec<String>,
}

impl Answer {
    /// The answer of an experiment. It begins with what is missing.
    ///
    /// The tests of a claim that have a sentence for it answer; without a claim, the expectations that have
    /// one do. The parts that the config names follow, and then the verdict on the claim. The first part that
    /// neither names follows as numbers, and the others were measured also. Without any of these, the first
    /// sentence on numbers answers, and all others follow.
    pub fn of(
        results: &Results,
        samples: &[SampleRow],
        summary: &[Statistic],
        verdicts: &Verdicts,
    ) -> Answer {
        let incomplete = results.incomplete().map(|words| format!("Incomplete: {words}."));
        let mut head: Vec<String> = incomplete.into_iter().collect();
        if results.runs().next().is_none() {
            return Answer { head, ..Answer::default() };
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
        let others: Vec<AnswerPart> = parts.iter().copied().filter(|part| !chosen.contains(part)).collect();
        let asides = |part: &AnswerPart| remarks(*part, results, summary);
        let remarks: Vec<String> = chosen.iter().flat_map(asides).collect();
        answers.extend(of_parts(chosen.clone()).into_iter().filter(|sentence| !remarks.contains(sentence)));
        numbers.extend(remarks);
        answers.extend(verdict);
        let with_columns = |part: &AnswerPart| (*part, columns(*part, summary));
        // Exponents that no question asks for would take the place of the losses.
        let beside = others.iter().filter(|part| **part != AnswerPart::Exponents);
        let columns: Vec<(AnswerPart, Vec<Column>)> = chosen.iter().chain(beside).map(with_columns).collect();
        let mut tables = overviews(columns.iter().flat_map(|(_, columns)| columns));
        let is_shown = |part: &AnswerPart| {
            let of_part = columns.iter().filter(|(other, _)| other == part);
            of_part.flat_map(|(_, columns)| tables.iter().map(|table| table.has(columns))).any(|has| has)
        };
        let (shown, unshown): (Vec<AnswerPart>, Vec<AnswerPart>) =
            others.iter().partition(|part| is_shown(part));
        tables.extend(gradients::leaders_table(summary));
        let mut of_each =
            unshown.into_iter().map(|part| of_parts(vec![part])).filter(|part| !part.is_empty());
        let first = if answers.is_empty() { usize::MAX } else { 1 };
        numbers.extend(of_each.by_ref().take(first).flatten());
        let also = of_each.flatten().collect();
        numbers.extend(shown.iter().flat_map(asides));
        if answers.is_empty() {
            answers.extend(of_parts(parts.to_vec()).into_iter().next());
            numbers.retain(|sentence| !answers.contains(sentence));
        }
        head.extend(answers);
        numbers.extend(debug_build(results, summary));
        Answer { head, tables, numbers, also }
    }

    /// The sentences and the lines of the tables, and a dash before each sentence on numbers. What was
    /// measured also is in the report alone.
    pub fn lines(&self) -> Vec<String> {
        let numbers = self.numbers.iter().map(|sentence| format!("- {sentence}"));
        self.head.iter().cloned().chain(self.tables.iter().flat_map(Overview::lines)).chain(numbers).collect()
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
        AnswerPart::Training => training::sentences(summary, &results.criterion),
        AnswerPart::Samples => of_option(samples::sentence(results, samples)),
        AnswerPart::WeightsByLag => weights::sentences(summary),
        AnswerPart::InitAndCell => parts::sentences(summary),
        AnswerPart::Gradients => gradients::sentences(summary, &gradients::GRADIENTS[..1]),
        AnswerPart::OtherStates => gradients::sentences(summary, &gradients::GRADIENTS[1..]),
        AnswerPart::HalfLife => of_option(half_life::sentence(summary, gradients::GRADIENTS[0])),
        AnswerPart::Turn => of_option(turn::sentence(summary, gradients::GRADIENTS[0])),
        AnswerPart::LaterLosses => of_option(direct::sentence(summary)),
        AnswerPart::Paths => of_option(paths::shares(summary)),
        AnswerPart::PathDecay => of_option(paths::decay(summary)),
        AnswerPart::Predictors => predictors::sentences(summary),
        AnswerPart::Jacobian => jacobian::sentences(summary),
        AnswerPart::Speed => speed::sentences(summary),
    }
}

/// The sentences of a part beside those on its numbers.
fn remarks(part: AnswerPart, results: &Results, summary: &[Statistic]) -> Vec<String> {
    match part {
        AnswerPart::Training => training::remarks(summary, &results.criterion),
        AnswerPart::Gradients => gradients::remarks(summary, &gradients::GRADIENTS[..1]),
        AnswerPart::OtherStates => gradients::remarks(summary, &gradients::GRADIENTS[1..]),
        _ => vec![],
    }
}

/// The numbers of a part by setting; none of a part whose sentences compare settings.
fn columns(part: AnswerPart, summary: &[Statistic]) -> Vec<Column<'_>> {
    match part {
        AnswerPart::Exponents => exponents::columns(summary),
        AnswerPart::Training => training::columns(summary),
        AnswerPart::WeightsByLag => weights::columns(summary),
        AnswerPart::Gradients => gradients::columns(summary, &gradients::GRADIENTS[..1]),
        AnswerPart::OtherStates => gradients::columns(summary, &gradients::GRADIENTS[1..]),
        AnswerPart::HalfLife => half_life::column(summary, gradients::GRADIENTS[0]).into_iter().collect(),
        AnswerPart::Paths => paths::columns(summary),
        AnswerPart::PathDecay => vec![paths::decay_column(summary)],
        AnswerPart::Jacobian => jacobian::columns(summary),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::{failed, line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::summary::statistics;

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
    fn answer_has_the_first_other_part_and_the_rest_was_measured_also() {
        let point = run("a", 1).settings;
        let of = |answer_with: &[AnswerPart]| {
            let results = Results { answer_with: answer_with.to_vec(), ..results([run("a", 1)]) };
            let rows = line("a", "total_h", 101, 0.0, -0.1);
            let gradients = Curves::of_gradients(&results, rows).fitted().groups();
            let groups = Groups { gradients, ..Groups::default() };
            let mut summary = statistics(&results, &groups, &Verdicts::default());
            summary.push(Statistic {
                quantity: "frobenius".into(),
                ..Statistic::new(Section::Jacobian, "slope", &point, Estimate::mean(&[-0.5]), "1")
            });
            Answer::of(&results, &[], &summary, &Verdicts::default())
        };
        let chosen = of(&[AnswerPart::HalfLife]);
        assert_eq!([chosen.head.len(), chosen.numbers.len(), chosen.also.len()], [1, 1, 1], "{chosen:?}");
        assert!(chosen.numbers[0].contains("50 of 100 steps back") && chosen.also[0].contains("∂s_T/∂s_t"));
        assert!(!chosen.lines().concat().contains("∂s_T/∂s_t"));
        let none = of(&[]);
        assert_eq!([none.head.len(), none.numbers.len(), none.also.len()], [1, 2, 0], "{none:?}");
    }

    #[test]
    fn answer_of_many_settings_has_a_table_instead_of_the_sentence_on_their_numbers() {
        let runs = [8, 16, 32, 64].map(|hidden_size| {
            let mut run = run(&hidden_size.to_string(), 1);
            run.settings.hidden_size = hidden_size;
            run
        });
        let results = results(runs.clone());
        let rows = runs.iter().flat_map(|run| {
            line(&run.row.run_id, "total_h", 101, 0.0, -1.0 / run.settings.hidden_size as f64)
        });
        let gradients = Curves::of_gradients(&results, rows).fitted().groups();
        let summary = statistics(&results, &Groups { gradients, ..Groups::default() }, &Verdicts::default());
        let with = |answer_with: &[AnswerPart]| {
            let chosen = Results { answer_with: answer_with.to_vec(), ..self::results(runs.clone()) };
            Answer::of(&chosen, &[], &summary, &Verdicts::default())
        };
        let chosen = with(&[AnswerPart::HalfLife]);
        let sentence = "Where the norm of ∂L/∂h falls exponentially, it halves after this number of steps: \
                        2.41 (H8) to 19.3 (H64).";
        assert_eq!((chosen.head, chosen.numbers), (vec![sentence.to_string()], vec![]));
        let lines = [
            "  H   ∂L/∂h halves every, steps  ∂L/∂h left 50 of 100 steps back",
            "  8   2.41                       10^-6.25",
            "  16  4.82                       0.0750 %",
            "  32  9.63                       2.74 %",
            "  64  19.3                       16.5 %",
        ];
        assert_eq!(chosen.tables.iter().flat_map(Overview::lines).collect::<Vec<_>>(), lines);
        let all = with(&[]);
        assert_eq!((all.head.len(), all.numbers.len()), (1, 0), "{all:?}");
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
