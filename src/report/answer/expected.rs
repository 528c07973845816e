//! The answers of the expectations: the sentences that their authors wrote for the case that they hold.

use super::number::number;
use crate::report::judge::{JudgedTest, TestVerdict};

/// The sentence of each expectation that has one, with the measured number. An expectation that does not hold
/// is named with its verdict instead. Nothing is said of an expectation that is not judged.
pub fn sentences(expectations: &[JudgedTest]) -> Vec<String> {
    expectations.iter().filter_map(sentence).collect()
}

fn sentence(judged: &JudgedTest) -> Option<String> {
    let answer = judged.subject.answer.as_ref()?.trim();
    let (name, number) = (judged.subject.name.trim(), number(judged));
    let measured = if number.is_empty() { number.clone() } else { format!(": {number}") };
    Some(match judged.verdict {
        TestVerdict::Holds => answer.replacen("{}", &number, 1),
        TestVerdict::Fails => format!("“{name}” does not hold{measured}."),
        TestVerdict::Equivalent => format!("“{name}” is as good as its bound{measured}."),
        TestVerdict::Undecided => format!("“{name}” is undecided{measured}."),
        TestVerdict::NotJudged => return None,
    })
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
        sentences(&[JudgedTest { estimate, unit: unit.to_string(), ..judged }])
    }

    #[test]
    fn sentences_are_those_of_expectations_that_hold() {
        let answering = test(Some("Yes. {} are left after each step."));
        let slope = (Some(-0.5), "log10 per step");
        assert_eq!(of(&answering, TestVerdict::Holds, slope), ["Yes. 31.6 % are left after each step."]);
        assert_eq!(of(&answering, TestVerdict::Fails, slope), ["“it is so” does not hold: 31.6 %."]);
        assert_eq!(of(&answering, TestVerdict::Undecided, (None, "1")), ["“it is so” is undecided."]);
        assert_eq!(of(&answering, TestVerdict::NotJudged, slope), [""; 0]);
        assert_eq!(of(&test(None), TestVerdict::Holds, slope), [""; 0]);
    }
}
