//! The verdicts on all expectations in one line.

use super::test::{JudgedTest, TestVerdict, named};

/// `1 of 3 expectations holds; does not hold: NAME; undecided: NAME`; none without expectations.
pub fn tally(expectations: &[JudgedTest]) -> Option<String> {
    if expectations.is_empty() {
        return None;
    }
    if expectations.iter().any(|judged| judged.verdict == TestVerdict::NotJudged) {
        return Some("Expectations are not judged: settings were changed".to_string());
    }
    let (holding, total) = (named(expectations, TestVerdict::Holds).len(), expectations.len());
    let noun = if total == 1 { "expectation" } else { "expectations" };
    let verb = if holding == 1 { "holds" } else { "hold" };
    let mut text = format!("{holding} of {total} {noun} {verb}");
    for verdict in [TestVerdict::Fails, TestVerdict::Equivalent, TestVerdict::Undecided] {
        let names = named(expectations, verdict);
        if !names.is_empty() {
            text += &format!("; {}: {}", verdict.on_expectation(), names.join(", "));
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{judged, test};

    #[test]
    fn tally_names_what_does_not_hold_and_what_is_undecided() {
        let tests = ["a", "b", "c", "d"].map(test);
        let verdicts = [TestVerdict::Holds, TestVerdict::Fails, TestVerdict::Undecided, TestVerdict::Fails];
        let all: Vec<JudgedTest> =
            tests.iter().zip(verdicts).map(|(test, verdict)| judged(test, verdict)).collect();
        assert_eq!(tally(&all).unwrap(), "1 of 4 expectations holds; does not hold: b, d; undecided: c");
        assert_eq!(tally(&all[1..3]).unwrap(), "0 of 2 expectations hold; does not hold: b; undecided: c");
        assert_eq!(tally(&all[..1]).unwrap(), "1 of 1 expectation holds");
        let changed = [judged(&tests[0], TestVerdict::NotJudged)];
        assert_eq!(tally(&changed).unwrap(), "Expectations are not judged: settings were changed");
        assert_eq!(tally(&[]), None);
    }
}
