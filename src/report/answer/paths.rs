//! The part of the gradient that came along the state, beside that through the gates.

use super::MOST_LISTED;
use super::norms::{Block, common_lags, last_layer};
use super::words::{Labels, listed, percent, rising, share};
use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::report::summary::{PATH_SHARE, Section, Statistic};
use crate::settings::Settings;

/// The lags of the shares beside the largest, as far as there are such lags.
const LAGS: [usize; 2] = [10, 100];

/// The largest number of settings of which the sentence gives the shares.
const MOST_SHARES: usize = 8;

/// A sentence on the share of the path along the state; none without a split.
pub fn shares(summary: &[Statistic]) -> Option<String> {
    let rows = summary.iter().filter(|row| row.metric == PATH_SHARE);
    let by_point = group_by(rows, |row| &row.point);
    let mut blocks: Vec<Block> =
        by_point.into_iter().map(|(point, rows)| (point, last_layer(&rows))).collect();
    let common = common_lags(&blocks);
    let mut lags: Vec<usize> = LAGS.into_iter().filter(|lag| common.contains(lag)).collect();
    lags.extend(common.last().filter(|last| !LAGS.contains(last)));
    let first = *lags.first()?;
    let share_at = |block: &Block, lag: usize| {
        block.1.iter().find(|row| row.lag == Some(lag)).map(|row| row.estimate).unwrap_or_default()
    };
    blocks.sort_by(|a, b| rising(&share_at(b, first), &share_at(a, first)));
    let labels = Labels::of(&blocks.iter().map(|block| block.0).collect::<Vec<_>>());
    let of = |block: &Block| {
        let at = |lag: &usize| percent(&Estimate { low: None, high: None, ..share_at(block, *lag) });
        format!("{}{}", listed(&lags.iter().map(at).collect::<Vec<_>>()), labels.bracketed(block.0))
    };
    let numbers = blocks.iter().map(of).collect::<Vec<_>>().join("; ");
    let steps = listed(&lags.iter().map(usize::to_string).collect::<Vec<_>>());
    (blocks.len() <= MOST_SHARES).then(|| {
        format!(
            "The gradient with respect to the carried state (c of an LSTM, h of a GRU) has a part along the \
             state alone and a part through the gates. Of the sum of both norms, the part along the state \
             has this share {steps} steps back: {numbers}."
        )
    })
}

/// A sentence on the part of the norm along the state alone that each step keeps; none of many grid points.
pub fn decay(summary: &[Statistic]) -> Option<String> {
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
        let summary = statistics(&results, &groups, &Verdicts::default());
        let expected = "The gradient with respect to the carried state (c of an LSTM, h of a GRU) has a part \
                        along the state alone and a part through the gates. Of the sum of both norms, the \
                        part along the state has this share 10 and 100 steps back: 55.7 % and 90.9 % (H8); \
                        24.0 % and below 0.1 % (H64).";
        assert_eq!(shares(&summary).as_deref(), Some(expected));
        let expected = "Along the state alone, each step leaves 97.7 % (H8) and 87.1 % (H64) of the norm.";
        assert_eq!(decay(&summary).as_deref(), Some(expected));
        assert_eq!((shares(&[]), decay(&[])), (None, None));
    }
}
