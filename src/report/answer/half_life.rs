//! The steps over which the gradient's norm halves.

use super::norms::last_layers;
use super::overview::Column;
use super::words::{Labels, MOST_LISTED, counted, listed};
use crate::report::format::with_interval;
use crate::report::summary::{GROWS, HARDLY_CHANGES, NOT_EXPONENTIAL, Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// A sentence on the half-lives of a norm at an init, and where it has none; nothing if no norm falls
/// exponentially.
pub fn sentence(summary: &[Statistic], (quantity, words): (&str, &str)) -> Option<String> {
    let rows = rows(summary, quantity);
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let (mut falling, lacking): (Vec<&Statistic>, Vec<&Statistic>) =
        rows.iter().copied().partition(|row| row.estimate.value.is_some());
    falling.sort_by(|a, b| a.estimate.compare(&b.estimate));
    let reasons = without_half_life(&lacking, summary, rows.len(), &labels);
    let of = |row: &&Statistic| format!("{}{}", with_interval(&row.estimate), labels.bracketed(&row.point));
    Some(match falling.as_slice() {
        [] => return None,
        [least, middle @ .., most] if middle.len() + 2 > MOST_LISTED => {
            let ends = format!("{} to {}", of(least), of(most));
            let start =
                format!("Where the norm of {words} falls exponentially, it halves after this number of");
            format!("{start} steps: {ends}.{reasons}")
        }
        few => {
            let each = listed(&few.iter().map(of).collect::<Vec<_>>());
            format!("The norm of {words} halves every {each} steps.{reasons}")
        }
    })
}

/// The half-lives of a norm at an init by setting.
pub fn column<'a>(summary: &'a [Statistic], (quantity, words): (&str, &str)) -> Option<Column<'a>> {
    let rows = rows(summary, quantity);
    let is_halving = rows.iter().any(|row| row.estimate.value.is_some());
    let numbers = rows.iter().map(|row| (&row.point, in_words(row, summary))).collect();
    is_halving.then(|| Column { heading: format!("{words} halves every, steps"), numbers })
}

/// The half-lives of a norm at an init. Of several layers, the last one counts.
fn rows<'a>(summary: &'a [Statistic], quantity: &str) -> Vec<&'a Statistic> {
    let is_half_life = |row: &&Statistic| {
        (row.section, row.point.kind) == (Section::Gradients, ExperimentKind::Gradients)
            && (row.metric, row.quantity.as_str()) == ("half_life", quantity)
    };
    last_layers(summary.iter().filter(is_half_life))
}

/// The half-life, or the reason why there is none.
fn in_words(row: &Statistic, summary: &[Statistic]) -> String {
    match row.estimate.value {
        Some(_) => with_interval(&row.estimate),
        None => reason(row, summary).in_words().to_string(),
    }
}

/// The reason why a norm has no half-life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Grows,
    GrowsNotExponentially,
    /// The norm falls to less than half in its first steps, and rises later.
    FallsFirst,
    HardlyChanges,
    NotExponential,
    /// The interval of the slope contains 0, or there is no interval.
    Undecided,
}

impl Reason {
    /// The words in a table.
    fn in_words(self) -> &'static str {
        match self {
            Reason::Grows => "grows",
            Reason::GrowsNotExponentially => "grows, not exponentially",
            Reason::FallsFirst => "falls, then rises",
            Reason::HardlyChanges => "level",
            Reason::NotExponential => "not exponential",
            Reason::Undecided => "no slope",
        }
    }

    /// The words before the settings of a sentence. Both kinds of growth share a sentence.
    fn start(self) -> &'static str {
        match self {
            Reason::Grows | Reason::GrowsNotExponentially => "It grows with the lag",
            Reason::FallsFirst => "It falls in its first steps and rises later",
            Reason::HardlyChanges => "It hardly changes with the lag",
            Reason::NotExponential => "It follows no exponential",
            Reason::Undecided => "Whether it falls or grows is undecided",
        }
    }
}

/// The reason why a norm has no half-life. A norm whose slope is above 0 grows, unless it first falls to less
/// than half.
fn reason(row: &Statistic, summary: &[Statistic]) -> Reason {
    let is_same = |other: &&Statistic| {
        (other.section, other.layer) == (row.section, row.layer)
            && other.quantity == row.quantity
            && other.point == row.point
    };
    let of =
        |metric: &'static str| summary.iter().filter(is_same).filter(move |other| other.metric == metric);
    let rises = of("slope").any(|slope| slope.estimate.low > Some(0.0));
    let norms = || of("log10_norm").filter(|norm| norm.estimate.value.is_some());
    let first = norms().min_by_key(|norm| norm.lag).and_then(|norm| norm.estimate.value);
    let half = first.map(|first| first - std::f64::consts::LOG10_2);
    let falls_first = norms().any(|norm| norm.estimate.value < half);
    match row.verdict.as_deref() {
        Some(GROWS | NOT_EXPONENTIAL) if rises && falls_first => Reason::FallsFirst,
        Some(NOT_EXPONENTIAL) if rises => Reason::GrowsNotExponentially,
        Some(GROWS) => Reason::Grows,
        Some(HARDLY_CHANGES) => Reason::HardlyChanges,
        Some(NOT_EXPONENTIAL) => Reason::NotExponential,
        _ => Reason::Undecided,
    }
}

/// Sentences on the settings without a half-life, each after a space.
fn without_half_life(rows: &[&Statistic], summary: &[Statistic], all: usize, labels: &Labels) -> String {
    let order =
        [Reason::Grows, Reason::FallsFirst, Reason::HardlyChanges, Reason::NotExponential, Reason::Undecided];
    let of_start = |start: &str| -> Vec<&Settings> {
        let of_kind = rows.iter().filter(|row| reason(row, summary).start() == start);
        of_kind.map(|row| &row.point).collect()
    };
    let said = order.map(Reason::start).map(|start| (start, of_start(start)));
    let said = said.iter().filter(|(_, found)| !found.is_empty());
    said.map(|(start, found)| format!(" {start} at {}.", counted(found, all, labels))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    #[test]
    fn sentence_says_where_the_norm_does_not_halve() {
        let of = |slopes: &[f64]| {
            let sized = |n: usize| {
                let mut run = run(&n.to_string(), 1);
                run.settings.hidden_size = n;
                run
            };
            let results = results((0..slopes.len()).map(sized));
            let rows = slopes
                .iter()
                .enumerate()
                .flat_map(|(n, slope)| line(&n.to_string(), "total_h", 50, 0.0, *slope));
            let gradients = Curves::of_gradients(&results, rows).fitted().groups();
            let groups = Groups { gradients, ..Groups::default() };
            sentence(&statistics(&results, &groups, &Verdicts::default()), ("total_h", "∂L/∂h"))
        };
        assert_eq!(
            of(&[-0.1, -0.2]).unwrap(),
            "The norm of ∂L/∂h halves every 1.51 (H1) and 3.01 (H0) steps."
        );
        let expected = "The norm of ∂L/∂h halves every 3.01 (H1) steps. Whether it falls or grows is \
                        undecided at 1 of 2 settings (H0).";
        assert_eq!(of(&[0.1, -0.1]).unwrap(), expected);
        let expected = "Where the norm of ∂L/∂h falls exponentially, it halves after this number of steps: \
                        0.602 (H4) to 3.01 (H0). Whether it falls or grows is undecided at 1 of 5 \
                        settings (H2).";
        assert_eq!(of(&[-0.1, -0.2, 0.3, -0.4, -0.5]).unwrap(), expected);
        let many: Vec<f64> = (1..=17).map(|n| -0.1 * f64::from(n)).collect();
        let expected = "Where the norm of ∂L/∂h falls exponentially, it halves after this number of steps: \
                        0.177 (H16) to 3.01 (H0).";
        assert_eq!(of(&many).unwrap(), expected);
        assert_eq!(of(&[0.1]), None);
    }

    #[test]
    fn reason_of_a_rise_after_a_fall_is_not_growth() {
        let of = |first: f64| {
            let results = results([run("a", 1), run("b", 2), run("c", 3)]);
            let of_seed = |(id, slope): (&str, f64)| {
                let later = line(id, "total_h", 200, first, slope);
                let start = line(id, "total_h", 1, 0.0, 0.0);
                start.into_iter().chain(later.into_iter().skip(1)).collect::<Vec<_>>()
            };
            let rows = [("a", 0.01), ("b", 0.011), ("c", 0.009)].map(of_seed).concat();
            let gradients = Curves::of_gradients(&results, rows).fitted().groups();
            let groups = Groups { gradients, ..Groups::default() };
            let summary = statistics(&results, &groups, &Verdicts::default());
            reason(super::rows(&summary, "total_h")[0], &summary)
        };
        assert_eq!([of(-5.0), of(0.0)], [Reason::FallsFirst, Reason::Grows]);
    }
}
