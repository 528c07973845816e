//! The steps over which the gradient's norm halves.

use super::MOST_LISTED;
use super::norms::last_layer;
use super::words::{Labels, MOST_EACH, counted, each, listed, ranges, rising};
use crate::report::format::{significant, with_interval};
use crate::report::group_by::group_by;
use crate::report::summary::{Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// A sentence on the half-lives of a norm at an init, and where it has none; nothing if no norm falls
/// exponentially.
pub fn sentence(summary: &[Statistic], quantity: &str, words: &str) -> Option<String> {
    let is_half_life = |row: &&Statistic| {
        (row.section, row.point.kind) == (Section::Gradients, ExperimentKind::Gradients)
            && (row.metric, row.quantity.as_str()) == ("half_life", quantity)
    };
    let blocks = group_by(summary.iter().filter(is_half_life), |row| &row.point);
    let points: Vec<&Settings> = blocks.iter().map(|(point, _)| *point).collect();
    let labels = Labels::of(&points);
    let rows: Vec<&Statistic> = blocks.iter().flat_map(|(_, rows)| last_layer(rows)).collect();
    let (mut falling, lacking): (Vec<&Statistic>, Vec<&Statistic>) =
        rows.iter().copied().partition(|row| row.estimate.value.is_some());
    falling.sort_by(|a, b| rising(&a.estimate, &b.estimate));
    if falling.is_empty() {
        return None;
    }
    let start = format!("The norm of {words} halves after this number of steps:");
    let where_falling =
        format!("Where the norm of {words} falls exponentially, it halves after this number of steps:");
    if (MOST_LISTED + 1..=MOST_EACH).contains(&rows.len()) {
        let numbers: Vec<(&Settings, String)> =
            rows.iter().map(|row| (&row.point, in_words(row, summary))).collect();
        return Some(format!("{start} {}.", each(&numbers, &labels)));
    }
    let reasons = without_half_life(&lacking, points.len(), &labels);
    let of = |row: &&Statistic| format!("{}{}", with_interval(&row.estimate), labels.bracketed(&row.point));
    Some(match falling.as_slice() {
        [least, middle @ .., most] if middle.len() + 2 > MOST_LISTED => {
            let numbers: Vec<(&Settings, String)> =
                falling.iter().map(|row| (&row.point, with_interval(&row.estimate))).collect();
            let lacking: Vec<(&Settings, String)> =
                lacking.iter().map(|row| (&row.point, in_words(row, summary))).collect();
            match ranges(&numbers, &lacking, &labels) {
                Some(each) => format!("{where_falling} {each}."),
                None => format!("{where_falling} {} to {}.{reasons}", of(least), of(most)),
            }
        }
        few => {
            let each = listed(&few.iter().map(of).collect::<Vec<_>>());
            format!("The norm of {words} halves every {each} steps.{reasons}")
        }
    })
}

/// The half-life, or the reason why there is none: of a norm that is not exponential, also that it grows.
fn in_words(row: &Statistic, summary: &[Statistic]) -> String {
    let is_slope = |other: &&Statistic| {
        (other.section, other.metric, other.layer) == (row.section, "slope", row.layer)
            && other.quantity == row.quantity
            && other.point == row.point
    };
    let grows = || summary.iter().find(is_slope).is_some_and(|slope| slope.estimate.low > Some(0.0));
    match (row.estimate.value, row.verdict.as_deref()) {
        (Some(value), _) => significant(value, 3),
        (None, Some("not exponential")) if grows() => "grows, not exponentially".to_string(),
        (None, Some(verdict)) => verdict.to_string(),
        (None, None) => "none".to_string(),
    }
}

/// Sentences on the settings without a half-life, each after a space.
fn without_half_life(rows: &[&Statistic], all: usize, labels: &Labels) -> String {
    let those = |is_it: fn(&str) -> bool| -> Vec<&Settings> {
        let of_kind = rows.iter().filter(|row| is_it(row.verdict.as_deref().unwrap_or_default()));
        of_kind.map(|row| &row.point).collect()
    };
    let said = [
        ("It grows with the lag", those(|verdict| verdict == "grows")),
        ("It hardly changes with the lag", those(|verdict| verdict == "level")),
        ("It follows no exponential", those(|verdict| !["grows", "level"].contains(&verdict))),
    ];
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
            sentence(&statistics(&results, &groups, &Verdicts::default()), "total_h", "∂L/∂h")
        };
        assert_eq!(
            of(&[-0.1, -0.2]).unwrap(),
            "The norm of ∂L/∂h halves every 1.51 (H1) and 3.01 (H0) steps."
        );
        let expected = "The norm of ∂L/∂h halves every 3.01 (H1) steps. It follows no exponential at 1 of 2 \
                        settings (H0).";
        assert_eq!(of(&[0.1, -0.1]).unwrap(), expected);
        let expected = "The norm of ∂L/∂h halves after this number of steps: 3.01 (H0), 1.51 (H1), none \
                        (H2), 0.753 (H3), 0.602 (H4).";
        assert_eq!(of(&[-0.1, -0.2, 0.3, -0.4, -0.5]).unwrap(), expected);
        let many: Vec<f64> = (1..=17).map(|n| -0.1 * f64::from(n)).collect();
        let expected = "Where the norm of ∂L/∂h falls exponentially, it halves after this number of steps: \
                        0.177 (H16) to 3.01 (H0).";
        assert_eq!(of(&many).unwrap(), expected);
        assert_eq!(of(&[0.1]), None);
    }
}
