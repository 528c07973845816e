//! The answers of the expectations: the sentences that their authors wrote for the case that they hold.

use super::words::share;
use crate::config::spec::ClaimMetric;
use crate::report::format::with_interval;
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

/// The estimate: a share if it is a logarithm of one, a percentage if it is a fraction of answers or runs,
/// else with its unit.
fn number(judged: &JudgedTest) -> String {
    let estimate = &judged.estimate;
    if estimate.value.is_none() {
        return String::new();
    }
    let is_fraction = matches!(judged.subject.reading.metric, ClaimMetric::Accuracy | ClaimMetric::Solved);
    let percent = || with_interval(&estimate.map(|fraction| 100.0 * fraction));
    match judged.unit.as_str() {
        unit if unit.starts_with("log10") => share(estimate),
        "nats per step" => share(&estimate.map(|nats| nats * std::f64::consts::LOG10_E)),
        _ if is_fraction && judged.subject.baseline.is_none() => format!("{} %", percent()),
        _ if is_fraction => format!("{} percentage points", percent()),
        "1" | "" => with_interval(estimate),
        unit => format!("{} {unit}", with_interval(estimate)),
    }
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

    #[test]
    fn sentences_have_numbers_in_their_unit() {
        let mut answering = test(Some("{}"));
        assert_eq!(of(&answering, TestVerdict::Holds, (Some(0.25), "nats")), ["0.250 nats"]);
        assert_eq!(of(&answering, TestVerdict::Holds, (Some(0.25), "1")), ["0.250"]);
        answering.reading.metric = ClaimMetric::Accuracy;
        assert_eq!(of(&answering, TestVerdict::Holds, (Some(0.25), "1")), ["25.0 %"]);
    }
}
