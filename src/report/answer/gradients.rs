//! The share of the gradient's norm that is left at a lag, for the hidden state and the states beside it.

use super::leaders::leaders;
use super::norms::{Block, blocks, common_lags, last_layer};
use super::words::{Labels, MOST_EACH, counted, each, listed, rising, share};
use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::report::summary::{LOG10_KEPT, Sample, Section, Statistic, middle_lag};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;
use crate::support::text::pluralize;

/// The largest number of settings of which the sentence gives each number.
const MOST_LISTED: usize = 6;

/// The gradients with respect to the state, with their symbols.
pub const GRADIENTS: [(&str, &str); 5] = [
    ("total_h", "∂L/∂h"),
    ("total_c", "∂L/∂c"),
    ("total_n", "∂L/∂n"),
    ("total_z", "∂L/∂z"),
    ("total_im", "∂L/∂im"),
];

/// The reason why less is left of ∂L/∂h than of ∂L/∂c.
const OF_C: &str = " ∂L/∂h reaches earlier steps only through W_hh and the gates, and a nearly closed gate \
                    leaves little. ∂L/∂c also passes along the cell state.";

/// The rest of the norm of one grid point.
struct Left<'a> {
    point: &'a Settings,
    /// The norm at the lag over that at lag 0, in log10, paired by seed.
    share: Estimate,
    /// The numbers of seeds whose norm is smaller at the lag than at lag 0, and larger.
    seeds: (usize, usize),
}

impl<'a> Left<'a> {
    fn of(block: &Block<'a>, rows: &[&Statistic], name: &str, lag: usize) -> Option<Left<'a>> {
        let is_kept = |row: &&&Statistic| {
            (row.metric, row.quantity.as_str(), row.lag) == (LOG10_KEPT, name, Some(lag))
                && row.point == *block.0
        };
        let kept: Vec<&Statistic> = rows.iter().filter(is_kept).copied().collect();
        let Sample::Seeds(seeds) = &last_layer(&kept).first()?.sample else { return None };
        let shares: Vec<f64> =
            seeds.iter().map(|(_, share)| *share).filter(|share| share.is_finite()).collect();
        let count = |is_it: fn(f64) -> bool| shares.iter().filter(|share| is_it(**share)).count();
        let seeds = (count(|share| share < 0.0), count(|share| share > 0.0));
        (!shares.is_empty()).then(|| Left { point: block.0, share: Estimate::mean(&shares), seeds })
    }

    /// Returns true if the interval leaves open whether the norm falls, and seeds go either way.
    fn is_split(&self) -> bool {
        let is_open = self.share.interval().is_some_and(|ends| ends.low < 0.0 && ends.high > 0.0);
        is_open && self.seeds.0 > 0 && self.seeds.1 > 0
    }
}

/// Sentences on some gradients at an init, and on those of trained networks.
pub fn sentences(summary: &[Statistic], gradients: &[(&str, &str)]) -> Vec<String> {
    let rows = summary.iter().filter(|row| row.section == Section::Gradients);
    let kinds = group_by(rows, |row| row.point.kind);
    let of_kind = |(kind, rows): &(ExperimentKind, Vec<&Statistic>)| {
        let each = gradients.iter().map(|gradient| of_gradient(*gradient, *kind, rows));
        each.collect::<Vec<_>>().concat()
    };
    kinds.iter().flat_map(of_kind).collect()
}

fn of_gradient((name, symbol): (&str, &str), kind: ExperimentKind, rows: &[&Statistic]) -> Vec<String> {
    let mut blocks = lasting(rows, name);
    let longest = blocks.iter().map(|block| block.0.seq_len).max().unwrap_or_default();
    blocks.retain(|block| block.0.seq_len == longest);
    let Some(lag) = middle_lag(&common_lags(&blocks), longest) else { return vec![] };
    let mut left: Vec<Left> = blocks.iter().filter_map(|block| Left::of(block, rows, name, lag)).collect();
    left.sort_by(|a, b| rising(&b.share, &a.share));
    let points: Vec<&Settings> = blocks.iter().map(|block| block.0).collect();
    // A state that some cells lack is named with its cell.
    let hidden = lasting(rows, GRADIENTS[0].0);
    let hidden = hidden.iter().map(|block| block.0).filter(|point| point.seq_len == longest);
    let labels = Labels::of(&hidden.collect::<Vec<_>>());
    let after = if kind == ExperimentKind::Training { " after training" } else { "" };
    let Some(numbers) = numbers(&left, &labels) else { return vec![] };
    let sentence = format!(
        "Of the norm of {symbol}{after} at the last step, this is left {lag} of {longest} steps back: \
         {numbers}."
    );
    let split = split(&left, &labels).map(|words| format!(" {words}")).unwrap_or_default();
    let about = if name == "total_c" { OF_C } else { "" };
    [sentence + &split + about].into_iter().chain(remarks(&points, &left, &labels)).collect()
}

/// The norms of a gradient by grid point. A loss at every step adds to the gradient of every step, so what is
/// left of it says nothing.
fn lasting<'a>(rows: &[&'a Statistic], name: &str) -> Vec<Block<'a>> {
    let mut blocks = blocks(rows, &[name, "direct_h"]);
    blocks.retain(|block| block.1.iter().any(|row| row.quantity == name) && !has_direct_part(block));
    blocks
}

/// Returns true if the gradient at an earlier step has a part that passes through no later step.
pub fn has_direct_part(block: &Block) -> bool {
    block.1.iter().any(|row| row.quantity == "direct_h" && row.lag > Some(0) && row.estimate.n > 0)
}

/// The numbers, from the most that is left.
fn numbers(left: &[Left], labels: &Labels) -> Option<String> {
    let in_words = |share_of: &Estimate| match share(share_of) {
        factor if factor.ends_with(" times") => format!("{factor} as much"),
        share => share,
    };
    let of = |left: &Left| format!("{}{}", in_words(&left.share), labels.bracketed(left.point));
    let alone = |left: &Left| Estimate { low: None, high: None, ..left.share };
    Some(match left {
        [] => return None,
        many if (MOST_LISTED + 1..=MOST_EACH).contains(&many.len()) => {
            each(&many.iter().map(|left| (left.point, in_words(&alone(left)))).collect::<Vec<_>>(), labels)
        }
        [most, .., least] if left.len() > MOST_LISTED => {
            let ends = || format!("between {} and {}", of(least), of(most));
            let falling: Vec<_> = left.iter().map(|left| (left.point, left.share)).collect();
            leaders(&falling, labels).unwrap_or_else(ends)
        }
        few => listed(&few.iter().map(of).collect::<Vec<_>>()),
    })
}

/// A sentence on the settings at which the norm grows, if the numbers do not name each; one on those without
/// a norm.
fn remarks(points: &[&Settings], left: &[Left], labels: &Labels) -> Vec<String> {
    let has_many = left.len() > MOST_EACH;
    let growing = left.iter().filter(|left| has_many && left.share.low > Some(0.0));
    let growing: Vec<&Settings> = growing.map(|left| left.point).collect();
    let without = points.iter().filter(|point| left.iter().all(|left| left.point != **point));
    let without: Vec<&Settings> = without.copied().collect();
    let said = [
        ("The norm has grown, with its whole interval, at", growing),
        ("The norm at that step is 0 or not finite at", without),
    ];
    let said = said.iter().filter(|(_, found)| !found.is_empty());
    said.map(|(start, found)| format!("{start} {}.", counted(found, points.len(), labels))).collect()
}

/// A sentence on the settings whose seeds go either way.
fn split(left: &[Left], labels: &Labels) -> Option<String> {
    let of = |left: &Left| {
        let (less, more) = left.seeds;
        format!("less in {} and more in {more}{}", pluralize(less, "seed"), labels.bracketed(left.point))
    };
    let each: Vec<String> = left.iter().filter(|left| left.is_split()).map(of).collect();
    (1..=MOST_LISTED)
        .contains(&each.len())
        .then(|| format!("Seeds differ in their direction: {} than at the last step.", listed(&each)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::report::fixtures::{curve, line, results, run, with_cell};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;
    use crate::results::RunRecord;
    use crate::results::schema::GradientRow;

    fn found(runs: Vec<RunRecord>, rows: Vec<GradientRow>) -> Vec<String> {
        let results = results(runs);
        let gradients = Curves::of_gradients(&results, rows).fitted().groups();
        let groups = Groups { gradients, ..Groups::default() };
        sentences(&statistics(&results, &groups, &Verdicts::default()), &GRADIENTS)
    }

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
        found(runs_of.collect(), rows.collect())
    }

    #[test]
    fn sentences_are_relative_to_lag_zero() {
        let expected = "Of the norm of ∂L/∂h at the last step, this is left 50 of 100 steps back: 10^-5.00.";
        assert_eq!(of(&[(CellName::Lstm, 8, -0.1)]), [expected]);
        assert_eq!(of(&[]), [""; 0]);
    }

    #[test]
    fn sentences_list_few_points_from_the_most_that_is_left() {
        let expected = "Of the norm of ∂L/∂h at the last step, this is left 50 of 100 steps back: 70.8 % \
                        (lstm) and 10^-10.0 (rnn).";
        assert_eq!(of(&[(CellName::Rnn, 8, -0.2), (CellName::Lstm, 8, -0.003)]), [expected]);
    }

    #[test]
    fn sentences_on_several_points_give_the_number_of_each() {
        let (rnn, gru, lstm) = (CellName::Rnn, CellName::Gru, CellName::Lstm);
        let many = [(rnn, 8, -0.2), (rnn, 16, -0.1), (rnn, 32, -0.3), (lstm, 8, -0.003), (lstm, 16, 0.02)];
        let expected = [
            "Of the norm of ∂L/∂h at the last step, this is left 50 of 100 steps back: rnn: 10^-10.0 (H8), \
             10^-5.00 (H16), 10^-15.0 (H32); gru: 1.00 % (H8), 0.316 % (H16); lstm: 70.8 % (H8), 10.0 times \
             as much (H16).",
        ];
        let found = of(&[&many[..], &[(gru, 8, -0.04), (gru, 16, -0.05)]].concat());
        assert_eq!(found, expected);
    }

    #[test]
    fn sentences_name_settings_that_grow_and_those_without_a_norm() {
        let runs: Vec<RunRecord> = (1..=18)
            .flat_map(|size| [(size, 1), (size, 2)])
            .map(|(size, seed)| {
                let mut run = run(&format!("{size}-{seed}"), seed);
                run.settings.hidden_size = size;
                run
            })
            .collect();
        let rows = runs.iter().flat_map(|run| match (run.settings.hidden_size, run.settings.seed) {
            (18, _) => curve(&run.row.run_id, "total_h", &[(0, Some(0.0)), (1, None), (2, None)]),
            (size, seed) => line(&run.row.run_id, "total_h", 3, 0.0, 0.01 * seed as f64 + 1.5 - size as f64),
        });
        let expected = [
            "Of the norm of ∂L/∂h at the last step, this is left 2 of 100 steps back: between 10^-30.97 \
             [10^-31.10, 10^-30.84] (H17) and 10.7 [8.0, 14.4] times as much (H1).",
            "The norm has grown, with its whole interval, at 1 of 18 settings (H1).",
            "The norm at that step is 0 or not finite at 1 of 18 settings (H18).",
        ];
        assert_eq!(found(runs.clone(), rows.collect()), expected);
    }

    #[test]
    fn sentences_count_the_seeds_of_a_setting_that_goes_either_way() {
        let of = |slopes: &[f64]| {
            let runs = (1..).zip(slopes).map(|(seed, _)| run(&seed.to_string(), seed)).collect();
            let rows = (1..)
                .zip(slopes)
                .flat_map(|(seed, slope): (u64, _)| line(&seed.to_string(), "total_h", 11, 0.0, *slope));
            found(runs, rows.collect())
        };
        let expected =
            " Seeds differ in their direction: less in 1 seed and more in 2 than at the last step.";
        assert!(of(&[-0.5, 0.6, 0.1])[0].ends_with(expected));
        for slopes in [[0.5, 0.6, 0.55], [0.01, 2.0, 0.1]] {
            assert!(!of(&slopes)[0].contains("seeds"), "{slopes:?}");
        }
    }

    #[test]
    fn sentences_of_several_lengths_are_on_the_longest() {
        let mut long = run("b", 1);
        long.settings.seq_len = 200;
        let rows = [line("a", "total_h", 100, 0.0, -0.1), line("b", "total_h", 200, 0.0, -0.2)].concat();
        let expected = "Of the norm of ∂L/∂h at the last step, this is left 100 of 200 steps back: 10^-20.0.";
        assert_eq!(found(vec![run("a", 1), long], rows), [expected]);
    }

    #[test]
    fn sentences_have_one_on_the_state_beside_h() {
        let gru = with_cell(run("b", 1), CellName::Gru);
        let rows = [
            line("a", "total_h", 11, 0.0, -0.1),
            line("b", "total_h", 11, 0.0, -0.2),
            line("a", "total_c", 11, -1.0, 0.05),
        ];
        let expected = [
            "Of the norm of ∂L/∂h at the last step, this is left 10 of 100 steps back: 10.0 % (lstm) and \
             1.00 % (gru).",
            "Of the norm of ∂L/∂c at the last step, this is left 10 of 100 steps back: 3.16 times as much \
             (lstm). ∂L/∂h reaches earlier steps only through W_hh and the gates, and a nearly closed gate \
             leaves little. ∂L/∂c also passes along the cell state.",
        ];
        assert_eq!(found(vec![with_cell(run("a", 1), CellName::Lstm), gru], rows.concat()), expected);
    }

    #[test]
    fn sentences_leave_out_a_loss_at_every_step() {
        let rows = [line("a", "total_h", 11, 0.0, 0.0), line("a", "direct_h", 11, -0.1, 0.0)].concat();
        assert_eq!(found(vec![run("a", 1)], rows), [""; 0]);
    }
}
