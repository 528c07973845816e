//! The answer of a claim: its verdict, and the number of each test.

use super::number::number_of_claim;
use super::words::capitalized;
use crate::report::judge::{ClaimVerdict, JudgedTest, TestVerdict, Verdicts, counts, overall};
use crate::report::load::Results;

/// The claim with its verdict; none for a claim that is not judged.
pub fn verdict(results: &Results, verdicts: &Verdicts) -> Option<String> {
    let claim = results.tests.claim.as_ref().filter(|_| results.about.changed.is_empty())?;
    let statement = claim.statement.trim().trim_end_matches('.');
    let verdict = overall(&verdicts.claim);
    let counts = counts(&verdicts.claim);
    let verdict = match verdict {
        ClaimVerdict::Supported => counts,
        verdict => format!("{}: {counts}", verdict.in_words()),
    };
    Some(format!("The claim “{statement}” is {verdict}."))
}

/// A sentence for each test that has none in the answer: its verdict, then its name and its number.
pub fn tests(verdicts: &Verdicts) -> impl Iterator<Item = String> {
    let is_said =
        |test: &&JudgedTest| test.subject.answer.is_some() && test.verdict != TestVerdict::NotJudged;
    verdicts.claim.iter().filter(move |test| !is_said(test)).map(|test: &JudgedTest| {
        let control = if test.subject.control { "Control, " } else { "" };
        let number = Some(number_of_claim(test)).filter(|number| !number.is_empty());
        let number = number.map(|number| format!(" ({number})")).unwrap_or_default();
        let verdict = format!("{control}{}", test.verdict.on_claim());
        format!("{}: “{}”{number}.", capitalized(&verdict), test.subject.name.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::spec::Test;
    use crate::report::fixtures::{judged, test};

    #[test]
    fn tests_begin_with_the_verdict_and_leave_out_what_the_answer_says() {
        let plain = test("it is so");
        let control = Test { control: true, ..test("it works") };
        let said = Test { answer: Some("Yes.".into()), ..test("it is said") };
        let of = |verdict| {
            let claim = [&plain, &control, &said].map(|test| judged(test, verdict)).into();
            super::tests(&Verdicts { claim, ..Verdicts::default() }).collect::<Vec<_>>()
        };
        assert_eq!(
            of(TestVerdict::Fails),
            ["Contradicted: “it is so”.", "Control, contradicted: “it works”."]
        );
        assert_eq!(of(TestVerdict::NotJudged).len(), 3);
    }
}
