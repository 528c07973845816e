//! The share of the gradient's norm that is left at a lag.

use super::MOST_LISTED;
use super::words::{bracketed, label, listed, rising, share};
use crate::report::estimate::Estimate;
use crate::report::fields::{labels, varying, without};
use crate::report::group_by::group_by;
use crate::report::summary::{Sample, Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// The rest of the norm of one grid point.
struct Left<'a> {
    point: &'a Settings,
    /// The norm at the lag over that at lag 0, in log10, paired by seed.
    share: Estimate,
}

/// A sentence on the gradients at an init, and one on those of trained networks. Of several layers, the last
/// one counts.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    let norms = summary.iter().filter(|row| {
        row.section == Section::Gradients && row.metric == "log10_norm" && row.quantity == "total_h"
    });
    group_by(norms, |row| row.point.kind).iter().filter_map(|(kind, rows)| sentence(*kind, rows)).collect()
}

fn sentence(kind: ExperimentKind, rows: &[&Statistic]) -> Option<String> {
    let blocks = group_by(rows.iter().copied(), |row| &row.point);
    let lag = common_lag(&blocks)?;
    let mut left: Vec<Left> = blocks
        .iter()
        .filter_map(|(point, rows)| Some(Left { point, share: left_at(&last_layer(rows), lag)? }))
        .collect();
    left.sort_by(|a, b| rising(&b.share, &a.share));
    let names = varying(left.iter().map(|left| left.point));
    let after = if kind == ExperimentKind::Training { " after training" } else { "" };
    let steps = format!("{lag} steps back, the gradient's norm{after} is");
    match left.as_slice() {
        [] => None,
        [one] => Some(format!("{steps} {} of its value at the last step.", share(&one.share))),
        few if few.len() <= MOST_LISTED => {
            let each: Vec<String> = few
                .iter()
                .map(|left| format!("{}{}", share(&left.share), bracketed(&names, left.point)))
                .collect();
            Some(format!("{steps} this part of its value at the last step: {}.", listed(&each)))
        }
        [most, .., least] => {
            let of = |left: &Left| format!("{}{}", share(&left.share), bracketed(&names, left.point));
            let range =
                format!("{steps} between {} and {} of its value at the last step", of(least), of(most));
            let by_cell = by_cell(&left, &names);
            Some(format!("{range}.{by_cell}"))
        }
    }
}

/// A sentence with the most that each cell keeps, if there are several cells.
fn by_cell(left: &[Left], names: &[&'static str]) -> String {
    if !names.contains(&"cell") {
        return String::new();
    }
    let others = without(names, &["cell"]);
    // The first of each cell has the most left.
    let each: Vec<String> = group_by(left, |left| left.point.cell)
        .iter()
        .map(|(_, of_cell)| {
            let (cell, rest) = (label(&["cell"], of_cell[0].point), labels(&others, of_cell[0].point));
            format!("{cell} {} with {}", share(&of_cell[0].share), rest.join(", "))
        })
        .collect();
    format!(" The most that each cell keeps: {}.", each.join("; "))
}

/// The largest lag that every point has a norm at.
pub fn common_lag(blocks: &[(&Settings, Vec<&Statistic>)]) -> Option<usize> {
    let lags = |rows: &[&Statistic]| -> Vec<usize> {
        rows.iter().filter(|row| row.estimate.n > 0).filter_map(|row| row.lag).collect()
    };
    let (first, others) = blocks.split_first()?;
    let in_all = |lag: &usize| *lag > 0 && others.iter().all(|(_, rows)| lags(rows).contains(lag));
    lags(&first.1).into_iter().filter(in_all).max()
}

/// The rows of the last layer.
pub fn last_layer<'a>(rows: &[&'a Statistic]) -> Vec<&'a Statistic> {
    let last = rows.iter().filter_map(|row| row.layer).max();
    rows.iter().copied().filter(|row| row.layer == last).collect()
}

/// The norm at a lag, by seed.
pub fn of_seed_at<'a>(rows: &[&'a Statistic], lag: usize) -> Option<&'a [(u64, f64)]> {
    match &rows.iter().find(|row| row.lag == Some(lag))?.sample {
        Sample::Seeds(seeds) => Some(seeds),
        _ => None,
    }
}

/// The norm at a lag over that at lag 0, in log10, over the seeds that have both.
fn left_at(rows: &[&Statistic], lag: usize) -> Option<Estimate> {
    let (start, end) = (of_seed_at(rows, 0)?, of_seed_at(rows, lag)?);
    let of_seed = |(seed, norm): &(u64, f64)| {
        let (_, first) = start.iter().find(|(other, _)| other == seed)?;
        Some(norm - first)
    };
    let differences: Vec<f64> = end.iter().filter_map(of_seed).filter(|x| x.is_finite()).collect();
    (!differences.is_empty()).then(|| Estimate::mean(&differences))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::report::fixtures::{line, results, run, with_cell};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    /// The sentences of runs with the slope of each: the norm begins at 10².
    fn of(runs: &[(CellName, usize, f64)]) -> Vec<String> {
        let id = |n: usize| format!("run{n}");
        let runs_of = runs.iter().enumerate().map(|(n, (cell, hidden, _))| {
            let mut run = with_cell(run(&id(n), 1), *cell);
            run.settings.hidden_size = *hidden;
            run
        });
        let rows =
            runs.iter().enumerate().flat_map(|(n, (.., slope))| line(&id(n), "total_h", 101, 2.0, *slope));
        let results = results(runs_of);
        let gradients = Curves::of_gradients(&results, rows).fitted().groups();
        let groups = Groups { gradients, ..Groups::default() };
        sentences(&statistics(&results, &groups, &Verdicts::default()))
    }

    #[test]
    fn sentences_are_relative_to_lag_zero() {
        let expected = "100 steps back, the gradient's norm is 10^-10.0 of its value at the last step.";
        assert_eq!(of(&[(CellName::Lstm, 8, -0.1)]), [expected]);
        assert_eq!(of(&[]), [""; 0]);
    }

    #[test]
    fn sentences_list_few_points_from_the_most_that_is_left() {
        let expected = "100 steps back, the gradient's norm is this part of its value at the last step: \
                        50.1 % (lstm) and 10^-20.0 (rnn).";
        assert_eq!(of(&[(CellName::Rnn, 8, -0.2), (CellName::Lstm, 8, -0.003)]), [expected]);
    }

    #[test]
    fn sentences_on_many_points_give_the_range_and_the_best_of_each_cell() {
        let (rnn, lstm) = (CellName::Rnn, CellName::Lstm);
        let found =
            of(&[(rnn, 8, -0.2), (rnn, 16, -0.1), (lstm, 8, -0.003), (lstm, 16, 0.001), (rnn, 32, -0.3)]);
        let expected = "100 steps back, the gradient's norm is between 10^-30.0 (rnn, H32) and 1.26 times \
                        (lstm, H16) of its value at the last step. The most that each cell keeps: lstm \
                        1.26 times with H16; rnn 10^-10.0 with H16.";
        assert_eq!(found, [expected]);
    }
}
