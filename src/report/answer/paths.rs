//! The part of the gradient that came along the state, beside that through the gates.

use super::norms::{Block, common_lags, last_layer, last_layers};
use super::overview::Column;
use super::words::{Labels, listed, listed_or_ends, percent, share};
use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::report::summary::{PATH_SHARE, Section, Statistic};

/// The lags of the shares beside the largest, as far as there are such lags.
const LAGS: [usize; 2] = [10, 100];

/// The largest number of settings of which the sentence gives the shares, which have no intervals there.
const MOST_SHARES: usize = 4;

/// A sentence on the share of the path along the state; none without a split. Of many settings, it gives the
/// two ends.
pub fn shares(summary: &[Statistic]) -> Option<String> {
    let Shares { lags, mut blocks } = Shares::of(summary)?;
    let first = lags[0];
    blocks.sort_by(|a, b| share_at(b, first).compare(&share_at(a, first)));
    let labels = Labels::of(&blocks.iter().map(|block| block.0).collect::<Vec<_>>());
    let of = |block: &Block| {
        let at = |lag: &usize| percent(&Estimate { low: None, high: None, ..share_at(block, *lag) });
        format!("{}{}", listed(&lags.iter().map(at).collect::<Vec<_>>()), labels.bracketed(block.0))
    };
    let each: Vec<String> = blocks.iter().map(of).collect();
    let numbers = match each.as_slice() {
        [most, middle @ .., least] if middle.len() + 2 > MOST_SHARES => format!("from {most} to {least}"),
        few => few.join("; "),
    };
    let steps = listed(&lags.iter().map(usize::to_string).collect::<Vec<_>>());
    Some(format!(
        "The gradient with respect to the carried state (c of an LSTM, h of a GRU) has a part along the \
         state alone and a part through the gates. Of the sum of both norms, the part along the state has \
         this share {steps} steps back: {numbers}."
    ))
}

/// The share of the path along the state by setting, at each lag.
pub fn columns(summary: &[Statistic]) -> Vec<Column<'_>> {
    let Some(Shares { lags, blocks }) = Shares::of(summary) else { return vec![] };
    let column = |lag: &usize| Column {
        heading: format!("share along the state, {lag} steps back"),
        numbers: blocks.iter().map(|block| (block.0, percent(&share_at(block, *lag)))).collect(),
    };
    lags.iter().map(column).collect()
}

/// The share of the path along the state.
struct Shares<'a> {
    /// The lags of the shares, at least one.
    lags: Vec<usize>,
    blocks: Vec<Block<'a>>,
}

impl Shares<'_> {
    fn of(summary: &[Statistic]) -> Option<Shares<'_>> {
        let rows = summary.iter().filter(|row| row.metric == PATH_SHARE);
        let by_point = group_by(rows, |row| &row.point);
        let blocks: Vec<Block> =
            by_point.into_iter().map(|(point, rows)| (point, last_layer(&rows))).collect();
        let common = common_lags(&blocks);
        let mut lags: Vec<usize> = LAGS.into_iter().filter(|lag| common.contains(lag)).collect();
        lags.extend(common.last().filter(|last| !LAGS.contains(last)));
        (!lags.is_empty()).then_some(Shares { lags, blocks })
    }
}

fn share_at(block: &Block, lag: usize) -> Estimate {
    block.1.iter().find(|row| row.lag == Some(lag)).map(|row| row.estimate).unwrap_or_default()
}

/// A sentence on the part of the norm along the state alone that each step keeps; none without such a part.
pub fn decay(summary: &[Statistic]) -> Option<String> {
    let mut rows = slopes(summary);
    rows.sort_by(|a, b| b.estimate.compare(&a.estimate));
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let of = |row: &&Statistic| format!("{}{}", share(&row.estimate), labels.bracketed(&row.point));
    let each = listed_or_ends(&rows.iter().map(of).collect::<Vec<_>>())?;
    Some(format!("Along the state alone, each step leaves {each} of the norm."))
}

/// The part of the norm along the state alone that each step keeps, by setting.
pub fn decay_column(summary: &[Statistic]) -> Column<'_> {
    let numbers = slopes(summary).iter().map(|row| (&row.point, share(&row.estimate))).collect();
    Column { heading: "left by a step along the state alone".to_string(), numbers }
}

/// The slopes of the path along the state. Of several layers, the last one counts.
fn slopes(summary: &[Statistic]) -> Vec<&Statistic> {
    let is_slope = |row: &&Statistic| {
        row.section == Section::Gradients && row.metric == "slope" && row.quantity == "cell_path"
    };
    last_layers(summary.iter().filter(is_slope))
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
