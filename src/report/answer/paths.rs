//! The part of the gradient that came along the state, beside that through the gates.

use super::MOST_LISTED;
use super::norms::{Block, blocks, by_seed, common_lags, last_layer};
use super::words::{Labels, listed, listed_or_ends, percent, rising, share};
use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::report::summary::{Section, Statistic};
use crate::settings::Settings;

/// The lags of the shares beside the largest, as far as there are such lags.
const LAGS: [usize; 2] = [10, 100];

/// A sentence on the share of the path along the state, and one on its decay; none without a split.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    [shares(summary), decay(summary)].into_iter().flatten().collect()
}

fn shares(summary: &[Statistic]) -> Option<String> {
    let mut blocks = blocks(&summary.iter().collect::<Vec<_>>(), &["cell_path", "gate_path"]);
    blocks.retain(|block| block.1.iter().any(|row| row.quantity == "gate_path"));
    let common = common_lags(&blocks);
    let mut lags: Vec<usize> = LAGS.into_iter().filter(|lag| common.contains(lag)).collect();
    lags.extend(common.last().filter(|last| !LAGS.contains(last)));
    let first = *lags.first()?;
    blocks.sort_by(|a, b| rising(&share_at(b, first), &share_at(a, first)));
    let labels = Labels::of(&blocks.iter().map(|block| block.0).collect::<Vec<_>>());
    let of = |block: &Block| {
        let at = |lag: &usize| format!("{} at lag {lag}", percent(&share_at(block, *lag)));
        let numbers = lags.iter().map(at).collect::<Vec<_>>().join(", ");
        format!("{numbers}{}", labels.bracketed(block.0))
    };
    let numbers = listed_or_ends(&blocks.iter().map(of).collect::<Vec<_>>())?;
    Some(format!(
        "Of the gradient with respect to the carried state (c of an LSTM, h of a GRU), this share came along \
         the state alone, and the rest through the gates (shares of the sum of both norms): {numbers}."
    ))
}

/// The norm of the cell path over the sum of both norms at a lag. A path without a norm has none.
fn share_at(block: &Block, lag: usize) -> Estimate {
    let [cell, gate] = ["cell_path", "gate_path"].map(|quantity| by_seed(block, quantity, lag));
    let of = |norms: &[(u64, f64)], seed: u64| {
        norms.iter().find(|(other, _)| *other == seed).map_or(f64::NEG_INFINITY, |(_, norm)| *norm)
    };
    let mut seeds: Vec<u64> = cell.iter().chain(gate).map(|(seed, _)| *seed).collect();
    seeds.sort();
    seeds.dedup();
    let share = |seed: &u64| 1.0 / (1.0 + 10f64.powf(of(gate, *seed) - of(cell, *seed)));
    Estimate::mean(&seeds.iter().map(share).collect::<Vec<_>>()).map(|share| share.clamp(0.0, 1.0))
}

/// The part of the norm along the state alone that each step keeps; none of many grid points.
fn decay(summary: &[Statistic]) -> Option<String> {
    let is_slope = |row: &&Statistic| {
        row.section == Section::Gradients && row.metric == "slope" && row.quantity == "cell_path"
    };
    let blocks = group_by(summary.iter().filter(is_slope), |row| &row.point);
    let labels = Labels::of(&blocks.iter().map(|(point, _)| *point).collect::<Vec<&Settings>>());
    let mut rows: Vec<&Statistic> = blocks.iter().flat_map(|(_, rows)| last_layer(rows)).collect();
    rows.sort_by(|a, b| rising(&b.estimate, &a.estimate));
    let of = |row: &&Statistic| format!("{}{}", share(&row.estimate), labels.bracketed(&row.point));
    let each: Vec<String> = rows.iter().map(of).collect();
    (1..=MOST_LISTED)
        .contains(&each.len())
        .then(|| format!("Along the state alone, each step leaves {} of the norm.", listed(&each)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    #[test]
    fn sentences_give_the_share_and_the_decay_of_the_path_along_the_state() {
        let mut wide = run("b", 1);
        wide.settings.hidden_size = 64;
        let rows = [
            line("a", "cell_path", 101, 0.0, -0.01),
            line("a", "gate_path", 101, 0.0, -0.02),
            line("b", "cell_path", 101, 0.0, -0.06),
            line("b", "gate_path", 101, 0.0, -0.01),
        ];
        let results = results([run("a", 1), wide]);
        let gradients = Curves::of_gradients(&results, rows.concat()).fitted().groups();
        let groups = Groups { gradients, ..Groups::default() };
        let expected = [
            "Of the gradient with respect to the carried state (c of an LSTM, h of a GRU), this share came \
             along the state alone, and the rest through the gates (shares of the sum of both norms): 55.7 % \
             at lag 10, 90.9 % at lag 100 (H8) and 24.0 % at lag 10, below 0.1 % at lag 100 (H64).",
            "Along the state alone, each step leaves 97.7 % (H8) and 87.1 % (H64) of the norm.",
        ];
        let found = sentences(&statistics(&results, &groups, &Verdicts::default()));
        assert_eq!(found, expected);
        assert_eq!(sentences(&[]), [""; 0]);
    }
}
