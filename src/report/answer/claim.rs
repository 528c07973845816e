//! The answer of a claim: its verdict, and the number of each test.

use super::number::number_of_claim;
use crate::report::judge::{ClaimVerdict, JudgedTest, TestVerdict, Verdicts, overall};
use crate::report::load::Results;
use crate::support::text::pluralize;

/// The claim with its verdict; none for a claim that is not judged.
pub fn verdict(results: &Results, verdicts: &Verdicts) -> Option<String> {
    let claim = results.tests.claim.as_ref().filter(|_| results.about.changed.is_empty())?;
    let statement = claim.statement.trim().trim_end_matches('.');
    let verdict = overall(&verdicts.claim);
    let verb = if verdict == ClaimVerdict::Depends { "" } else { "is " };
    let tests = verdicts.claim.iter().filter(|test| !test.subject.control);
    let holding = tests.clone().filter(|test| test.verdict == TestVerdict::Holds).count();
    let of = pluralize(tests.count(), "setting");
    let count = match verdict {
        ClaimVerdict::Supported => format!(" at {holding} of {of}"),
        _ => format!(": supported at {holding} of {of}"),
    };
    Some(format!("The claim “{statement}” {verb}{}{count}.", verdict.in_words()))
}

/// A sentence for each test, with its number and its verdict.
pub fn tests(verdicts: &Verdicts) -> impl Iterator<Item = String> {
    verdicts.claim.iter().map(|test: &JudgedTest| {
        let control = if test.subject.control { "Control " } else { "" };
        let number = Some(number_of_claim(test)).filter(|number| !number.is_empty());
        let number = number.map(|number| format!("{number}, ")).unwrap_or_default();
        format!("{control}“{}”: {number}{}.", test.subject.name.trim(), test.verdict.on_claim())
    })
}
