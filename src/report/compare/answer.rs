//! The sentences that answer the question which results moved.

use super::Comparison;
use super::outcome::{Judged, Outcome};
use super::scale::is_time;
use crate::report::summary::{Section, Statistic};
use crate::support::text::{bytes, pluralize};

/// The results that the first sentence names, at most.
const NAMED: usize = 3;

impl Comparison {
    /// The answer: a sentence on the results that moved, one on the others, and one on regressions.
    pub fn answer(&self) -> Vec<String> {
        let mut answer = vec![self.moved()];
        answer.extend(self.not_moved());
        answer.extend(self.regression());
        answer
    }

    /// `3 of 18 results moved: …`.
    fn moved(&self) -> String {
        let common = self.common();
        let mut moved: Vec<&Judged> = self.of(Outcome::Moved).collect();
        moved.sort_by_key(|judged| judged.is_worse() != Some(true));
        if moved.is_empty() {
            let none = if common == 1 {
                "The only result did not move".to_string()
            } else {
                format!("None of {common} results moved")
            };
            return none + ".";
        }
        let named: Vec<String> = moved.iter().take(NAMED).copied().map(said).collect();
        let more = moved.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        format!("{} of {} moved: {}{more}.", moved.len(), pluralize(common, "result"), named.join("; "))
    }

    /// The counts of the results that did not move.
    fn not_moved(&self) -> Option<String> {
        let count = |outcome| self.of(outcome).count();
        let parts = [
            (count(Outcome::Perhaps), "perhaps moved"),
            (count(Outcome::NoDifference), "without a difference that was found"),
            (count(Outcome::Equal), "equal"),
            (count(Outcome::NoInterval), "with too few numbers for an interval"),
            (count(Outcome::OnlyInA), "only in A"),
            (count(Outcome::OnlyInB), "only in B"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        (!parts.is_empty()).then(|| format!("The others: {}.", parts.join(", ")))
    }

    fn regression(&self) -> Option<String> {
        let percent = 100.0 * self.limit?;
        let found: Vec<String> = self.regressions().map(said).collect();
        Some(match found.len() {
            0 => format!("No result is worse by more than {percent} % with its whole interval."),
            1 => format!("Worse by more than {percent} %: {}.", found[0]),
            n => format!("{n} results are worse by more than {percent} %: {}.", found.join("; ")),
        })
    }

    /// The remarks that a reader needs to judge the verdicts.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (name, side) in [("A", &self.a), ("B", &self.b)] {
            notes.extend(side.notes.iter().map(|note| format!("{name}: {note}.")));
        }
        if let (Some(a), Some(b)) = (self.a.peak_memory, self.b.peak_memory) {
            let [a, b] = [a, b].map(|amount| bytes(amount as f64));
            notes.push(format!("Peak memory of a process: {a} in A, {b} in B."));
        }
        let tested = self.results.iter().filter(|judged| judged.p_holm.is_some()).count();
        if tested > 0 {
            notes.push(format!(
                "Each interval is a 95 % interval of its own. A result moved if it differs with Holm's \
                 correction for {}; it perhaps moved if its own interval excludes no change, but not with \
                 the correction.",
                pluralize(tested, "comparison")
            ));
        }
        if self.any(|row| is_time(row.metric)) {
            notes.push(
                "Times: the two experiments ran at different times, not in turn. Other load, another clock \
                 rate or another temperature can make a difference that no interval contains."
                    .to_string(),
            );
        }
        if self.any(|row| row.section == Section::Speed && row.metric == "ratio_to_builtin") {
            notes.push(
                "Within each experiment, an engine and builtin took turns, so that time / builtin is the \
                 more reliable comparison."
                    .to_string(),
            );
        }
        notes
    }

    fn any(&self, is_it: impl Fn(&Statistic) -> bool) -> bool {
        self.results
            .iter()
            .any(|judged| judged.pair.a.is_some() && judged.pair.b.is_some() && is_it(judged.pair.either()))
    }
}

/// A result with its change.
fn said(judged: &Judged) -> String {
    format!("{} {}", judged.pair.label, judged.size())
}
