//! The answers of the expectations: the sentences that their authors wrote for the case that they hold.

use super::number::{number, number_of_claim};
use crate::report::judge::{JudgedTest, TestVerdict};

/// The sentence of each expectation that has one, with the measured number. An expectation that does not hold
/// follows its verdict instead. Nothing is said of an expectation that is not judged.
pub fn of_expectations(expectations: &[JudgedTest]) -> Vec<String> {
    sentences(expectations, number, |name| format!("The expectation {name} does not hold"))
}

/// The same for the tests of a claim.
pub fn of_claim(tests: &[JudgedTest]) -> Vec<String> {
    sentences(tests, number_of_claim, |name| format!("The runs contradict {name}"))
}

fn sentences(
    tests: &[JudgedTest],
    number: fn(&JudgedTest) -> String,
    fails: fn(&str) -> String,
) -> Vec<String> {
    let sentence = |judged: &JudgedTest| {
        let answer = judged.subject.answer.as_ref()?.trim();
        let (name, number) = (format!("“{}”", judged.subject.name.trim()), number(judged));
        // The verdict comes first: a name alone reads like a fact.
        let said = match judged.verdict {
            TestVerdict::Holds => return Some(answer.replacen("{}", &number, 1)),
            TestVerdict::Fails => fails(&name),
            TestVerdict::Equivalent => format!("The runs show no difference from the bound of {name}"),
            TestVerdict::Undecided => format!("The runs leave open {name}"),
            TestVerdict::NotJudged => return None,
        };
        let measured = if number.is_empty() { number } else { format!(": {number}") };
        Some(format!("{said}{measured}."))
    };
    tests.iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::spec::Test;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures;

    fn test(answer: Option<&str>) -> Test {
        Test { answer: answer.map(String::from), ..fixtures::test("it is so") }
    }

    fn of(test: &Test, verdict: TestVerdict, (value, unit): (Option<f64>, &str)) -> Vec<String> {
        let judged = fixtures::judged(test, verdict);
        let estimate = Estimate { value, ..Estimate::default() };
        of_expectations(&[JudgedTest { estimate, unit: unit.to_string(), ..judged }])
    }

    #[test]
    fn sentences_are_those_of_expectations_that_hold() {
        let answering = test(Some("Yes. {} are left after each step."));
        let slope = (Some(-0.5), "log10 per step");
        assert_eq!(of(&answering, TestVerdict::Holds, slope), ["Yes. 31.6 % are left after each step."]);
        assert_eq!(
            of(&answering, TestVerdict::Fails, slope),
            ["The expectation “it is so” does not hold: 31.6 %."]
        );
        assert_eq!(of(&answering, TestVerdict::Undecided, (None, "1")), ["The runs leave open “it is so”."]);
        assert_eq!(of(&answering, TestVerdict::NotJudged, slope), [""; 0]);
        assert_eq!(of(&test(None), TestVerdict::Holds, slope), [""; 0]);
    }

    #[test]
    fn sentences_of_a_claim_name_what_is_contradicted() {
        let answering = test(Some("At T = 100, {}."));
        let of = |verdict| of_claim(&[fixtures::judged(&answering, verdict)]);
        assert_eq!(of(TestVerdict::Fails), ["The runs contradict “it is so”."]);
        assert_eq!(of(TestVerdict::Undecided), ["The runs leave open “it is so”."]);
        let expected = ["The runs show no difference from the bound of “it is so”."];
        assert_eq!(of(TestVerdict::Equivalent), expected);
        assert_eq!(of(TestVerdict::Holds), ["At T = 100, ."]);
    }
}
