//! The share of the gradient's norm that is left at a lag, for the hidden state and the states beside it.

use super::leaders;
use super::norms::{Block, blocks, common_lags, last_layer};
use super::overview::{Column, MOST_ROWS, Overview};
use super::words::{Labels, MOST_LISTED, counted, listed, listed_or_ends, share};
use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::report::summary::{LOG10_KEPT, LOG10_KEPT_BEFORE, Sample, Section, Statistic, middle_lag};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;
use crate::support::text::pluralize;

/// The gradients with respect to the state, with their symbols.
pub const GRADIENTS: [(&str, &str); 5] = [
    ("total_h", "∂L/∂h"),
    ("total_c", "∂L/∂c"),
    ("total_n", "∂L/∂n"),
    ("total_z", "∂L/∂z"),
    ("total_im", "∂L/∂im"),
];

/// The reason why less is left of ∂L/∂h than of ∂L/∂c.
const OF_C: &str = "In an LSTM, ∂L/∂h reaches earlier steps only through W_hh and the gates, and a nearly \
                    closed gate leaves little. ∂L/∂c also passes along the cell state.";

/// The rest of the norm of one grid point.
struct Left<'a> {
    point: &'a Settings,
    /// The norm at the lag over that at lag 0, in log10, paired by seed.
    share: Estimate,
    /// The numbers of seeds whose norm is smaller at the lag than at lag 0, and larger.
    seeds: (usize, usize),
}

impl<'a> Left<'a> {
    fn of(
        block: &Block<'a>,
        rows: &[&Statistic],
        (metric, name): (&str, &str),
        lag: usize,
    ) -> Option<Left<'a>> {
        let is_kept = |row: &&&Statistic| {
            (row.metric, row.quantity.as_str(), row.lag) == (metric, name, Some(lag)) && row.point == *block.0
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

/// Some gradients at an init, and before and after training, as far as the summary has them.
fn all<'a>(summary: &'a [Statistic], gradients: &[(&'static str, &'static str)]) -> Vec<Gradient<'a>> {
    let rows = summary.iter().filter(|row| row.section == Section::Gradients);
    let kinds = group_by(rows, |row| row.point.kind);
    let of_kind = |(kind, rows): &(ExperimentKind, Vec<&'a Statistic>)| {
        let moments: &[(&str, &str)] = match kind {
            ExperimentKind::Training => {
                &[(LOG10_KEPT_BEFORE, " before training"), (LOG10_KEPT, " after training")]
            }
            _ => &[(LOG10_KEPT, "")],
        };
        let of_gradient = |gradient: &(&'static str, &'static str)| {
            moments.iter().filter_map(|moment| Gradient::of(*gradient, *moment, rows)).collect::<Vec<_>>()
        };
        gradients.iter().flat_map(of_gradient).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(of_kind).collect()
}

/// Sentences on some gradients at an init, and on those of trained networks.
pub fn sentences(summary: &[Statistic], gradients: &[(&'static str, &'static str)]) -> Vec<String> {
    all(summary, gradients).iter().flat_map(Gradient::sentences).collect()
}

/// The sentences beside those on the share that is left.
pub fn remarks(summary: &[Statistic], gradients: &[(&'static str, &'static str)]) -> Vec<String> {
    all(summary, gradients).iter().flat_map(Gradient::remarks).collect()
}

/// The share that is left of some gradients, by setting.
pub fn columns<'a>(summary: &'a [Statistic], gradients: &[(&'static str, &'static str)]) -> Vec<Column<'a>> {
    all(summary, gradients).iter().map(Gradient::column).collect()
}

/// A table of the settings with the most of a gradient, if they are too many for a row each.
pub fn leaders_table(summary: &[Statistic]) -> Vec<Overview> {
    let all = all(summary, &GRADIENTS[..1]);
    all.iter().filter_map(Gradient::leaders_table).collect()
}

/// The rest of the norm of a gradient at the longest T.
struct Gradient<'a> {
    name: &'static str,
    /// The symbol, with a remark on trained networks.
    words: String,
    lag: usize,
    seq_len: usize,
    /// The grid points with the gradient, also those without a norm at the lag.
    points: Vec<&'a Settings>,
    /// From the most that is left.
    left: Vec<Left<'a>>,
    /// Those whose norm is 0 or not finite in each seed.
    lacking: Vec<&'a Settings>,
    labels: Labels,
}

impl<'a> Gradient<'a> {
    fn of(
        (name, symbol): (&'static str, &'static str),
        (metric, moment): (&str, &str),
        rows: &[&'a Statistic],
    ) -> Option<Gradient<'a>> {
        let mut blocks = lasting(rows, name);
        let seq_len = blocks.iter().map(|block| block.0.seq_len).max().unwrap_or_default();
        blocks.retain(|block| block.0.seq_len == seq_len);
        let lag = middle_lag(&common_lags(&blocks), seq_len)?;
        let mut left: Vec<Left> =
            blocks.iter().filter_map(|block| Left::of(block, rows, (metric, name), lag)).collect();
        left.sort_by(|a, b| b.share.compare(&a.share));
        let is_lacking = |block: &&Block| left.iter().all(|left| left.point != block.0);
        let lacking = blocks.iter().filter(is_lacking).map(|block| block.0).collect();
        // A state that some cells lack is named with its cell.
        let hidden = lasting(rows, GRADIENTS[0].0);
        let hidden = hidden.iter().map(|block| block.0).filter(|point| point.seq_len == seq_len);
        let labels = Labels::of(&hidden.collect::<Vec<_>>());
        let (words, points) = (format!("{symbol}{moment}"), blocks.iter().map(|block| block.0).collect());
        (!left.is_empty()).then_some(Gradient { name, words, lag, seq_len, points, left, lacking, labels })
    }

    fn sentences(&self) -> Vec<String> {
        let Gradient { words, lag, seq_len, left, labels, .. } = self;
        let falling = self.falling();
        let leaders = (left.len() > MOST_ROWS).then(|| leaders::leaders(&falling, labels)).flatten();
        let sentence = match leaders {
            Some((name, each)) => format!(
                "For each {name}, this is the most of the norm of {words} that is left {lag} of {seq_len} \
                 steps back, where it has not grown to more than twice: {each}."
            ),
            None => format!(
                "Of the norm of {words} at the last step, this is left {lag} of {seq_len} steps back: {}.",
                numbers(left, labels)
            ),
        };
        [sentence].into_iter().chain(self.remarks()).collect()
    }

    /// The settings whose seeds go either way, those at which the norm grows, those without a norm, and why
    /// more is left of ∂L/∂c.
    fn remarks(&self) -> Vec<String> {
        let Gradient { words, lag, seq_len, left, labels, .. } = self;
        let start = format!(
            "Seeds disagree on {words} {lag} of {seq_len} steps back: compared with the last step, the norm \
             is"
        );
        let split = split(left, labels).map(|split| format!("{start} {split}"));
        let is_said = self.words.ends_with("before training");
        let about = (self.name == "total_c" && !is_said).then(|| OF_C.to_string());
        split.into_iter().chain(self.exceptions()).chain(about).collect()
    }

    /// A sentence on the settings at which the norm grows, if the numbers do not name each; one on those
    /// without a norm.
    fn exceptions(&self) -> Vec<String> {
        let Gradient { points, left, lacking, labels, lag, .. } = self;
        let growing = left.iter().filter(|left| left.share.low > Some(0.0)).map(|left| left.point);
        let growing = if left.len() > MOST_ROWS { growing.collect() } else { vec![] };
        let said = [
            ("is larger than at the last step, with its whole interval,", &growing),
            ("or at the last step is 0 or not finite", lacking),
        ];
        let said = said.iter().filter(|(_, found)| !found.is_empty());
        let of = |(verb, found): &(&str, &Vec<&Settings>)| {
            format!("The norm {lag} steps back {verb} at {}.", counted(found, points.len(), labels))
        };
        said.map(of).collect()
    }

    fn heading(&self) -> String {
        format!("{} left {} of {} steps back", self.words, self.lag, self.seq_len)
    }

    fn falling(&self) -> Vec<leaders::Left<'a>> {
        self.left.iter().map(|left| (left.point, left.share)).collect()
    }

    fn leaders_table(&self) -> Option<Overview> {
        let heading = format!("most of {}", self.heading());
        let table = || leaders::table(&self.falling(), &self.lacking, &self.labels, &heading);
        (self.left.len() > MOST_ROWS).then(table).flatten()
    }

    fn column(&self) -> Column<'a> {
        let heading = self.heading();
        let number = |point: &&'a Settings| {
            let left = self.left.iter().find(|left| left.point == *point)?;
            Some((*point, share(&left.share)))
        };
        Column { heading, numbers: self.points.iter().filter_map(number).collect() }
    }
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

/// The numbers, from the most that is left, or the two ends of many.
fn numbers(left: &[Left], labels: &Labels) -> String {
    let in_words = |share_of: &Estimate| match share(share_of) {
        factor if factor.ends_with(" times") => format!("{factor} as much"),
        share => share,
    };
    let of = |left: &Left| format!("{}{}", in_words(&left.share), labels.bracketed(left.point));
    listed_or_ends(&left.iter().map(of).collect::<Vec<_>>()).unwrap_or_default()
}

/// The end of a sentence on the settings whose seeds go either way.
fn split(left: &[Left], labels: &Labels) -> Option<String> {
    let of = |left: &Left| {
        let (less, more) = left.seeds;
        format!("smaller in {} and larger in {more}{}", pluralize(less, "seed"), labels.bracketed(left.point))
    };
    let each: Vec<String> = left.iter().filter(|left| left.is_split()).map(of).collect();
    (1..=MOST_LISTED).contains(&each.len()).then(|| format!("{}.", listed(&each)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::report::fixtures::{curve, line, results, run, training, with_cell};
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
    fn sentences_on_several_points_give_the_ends() {
        let (rnn, gru, lstm) = (CellName::Rnn, CellName::Gru, CellName::Lstm);
        let many = [(rnn, 8, -0.2), (rnn, 16, -0.1), (rnn, 32, -0.3), (lstm, 8, -0.003), (lstm, 16, 0.02)];
        let expected =
            ["Of the norm of ∂L/∂h at the last step, this is left 50 of 100 steps back: between 10^-15.0 \
             (rnn, H32) and 10.0 times as much (lstm, H16)."];
        let found = of(&[&many[..], &[(gru, 8, -0.04), (gru, 16, -0.05)]].concat());
        assert_eq!(found, expected);
    }

    #[test]
    fn sentences_name_settings_that_grow_and_those_without_a_norm() {
        let runs: Vec<RunRecord> = (1..=32)
            .flat_map(|size| [(size, 1), (size, 2)])
            .map(|(size, seed)| {
                let mut run = run(&format!("{size}-{seed}"), seed);
                run.settings.hidden_size = size;
                run
            })
            .collect();
        let rows = runs.iter().flat_map(|run| match (run.settings.hidden_size, run.settings.seed) {
            (32, _) => curve(&run.row.run_id, "total_h", &[(0, Some(0.0)), (1, None), (2, None)]),
            (size, seed) => line(&run.row.run_id, "total_h", 3, 0.0, 0.01 * seed as f64 + 1.5 - size as f64),
        });
        let expected = [
            "Of the norm of ∂L/∂h at the last step, this is left 2 of 100 steps back: between 10^-58.97 \
             [10^-59.10, 10^-58.84] (H31) and 10.7 [8.0, 14.4] times as much (H1).",
            "The norm 2 steps back is larger than at the last step, with its whole interval, at 1 of 32 \
             settings (H1).",
            "The norm 2 steps back or at the last step is 0 or not finite at 1 of 32 settings (H32).",
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
        let expected = "Seeds disagree on ∂L/∂h 10 of 100 steps back: compared with the last step, the norm \
                        is smaller in 1 seed and larger in 2.";
        assert_eq!(of(&[-0.5, 0.6, 0.1])[1], expected);
        for slopes in [[0.5, 0.6, 0.55], [0.01, 2.0, 0.1]] {
            assert_eq!(of(&slopes).len(), 1, "{slopes:?}");
        }
    }

    #[test]
    fn sentences_are_on_the_gradient_before_and_after_training() {
        let results = results([training("a", 1)]);
        let recorded = |step, slope| {
            let mut rows = line("a", "total_h", 11, 0.0, slope);
            rows.iter_mut().for_each(|row| row.step = Some(step));
            rows
        };
        let rows = [recorded(0, -0.5), recorded(20, -0.1)].concat();
        let curves = Curves::of_gradients(&results, rows);
        let groups = Groups {
            before_training: curves.before_training(),
            gradients: curves.groups(),
            ..Groups::default()
        };
        let found = sentences(&statistics(&results, &groups, &Verdicts::default()), &GRADIENTS);
        let end = "at the last step, this is left 10 of 100 steps back:";
        let expected = [("before", "10^-5.00"), ("after", "10.0 %")]
            .map(|(moment, left)| format!("Of the norm of ∂L/∂h {moment} training {end} {left}."));
        assert_eq!(found, expected);
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
             (lstm).",
            "In an LSTM, ∂L/∂h reaches earlier steps only through W_hh and the gates, and a nearly closed \
             gate leaves little. ∂L/∂c also passes along the cell state.",
        ];
        assert_eq!(found(vec![with_cell(run("a", 1), CellName::Lstm), gru], rows.concat()), expected);
    }

    #[test]
    fn sentences_leave_out_a_loss_at_every_step() {
        let rows = [line("a", "total_h", 11, 0.0, 0.0), line("a", "direct_h", 11, -0.1, 0.0)].concat();
        assert_eq!(found(vec![run("a", 1)], rows), [""; 0]);
    }
}
