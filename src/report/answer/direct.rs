//! The parts of the gradient of a loss at every step: from the loss of the same step, and from later losses.

use super::gradients::has_direct_part;
use super::norms::{Block, blocks, by_seed, common_lags, difference};
use super::words::{Labels, listed_or_ends, share};
use crate::report::estimate::Estimate;
use crate::report::summary::Statistic;
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// A sentence on the norms of the part from later losses and of the whole, over that of the direct part; none
/// without these parts at an earlier step.
pub fn sentence(summary: &[Statistic]) -> Option<String> {
    let rows = summary.iter().filter(|row| row.point.kind == ExperimentKind::Gradients);
    let mut blocks = blocks(&rows.collect::<Vec<_>>(), &["total_h", "later_h", "direct_h"]);
    blocks.retain(has_direct_part);
    let lag = common_lags(&blocks).pop()?;
    let later = over_direct(&blocks, "later_h", lag)?;
    let whole = over_direct(&blocks, "total_h", lag)?;
    Some(format!(
        "{lag} steps back, ∂L/∂h is the sum of a direct part, from the loss of that step, and a part from \
         later losses. Relative to the norm of the direct part, that of the later part is {later}, and that \
         of the sum is {whole}, since both parts need not point the same way."
    ))
}

/// The norms of a quantity at a lag over those of the direct part, from the largest; none if there are none.
fn over_direct(blocks: &[Block], quantity: &str, lag: usize) -> Option<String> {
    let ratio = |block| difference(by_seed(block, quantity, lag), by_seed(block, "direct_h", lag));
    let ratios = blocks.iter().filter_map(|block| Some((block.0, ratio(block)?)));
    let mut ratios: Vec<(&Settings, Estimate)> = ratios.collect();
    ratios.sort_by(|(_, a), (_, b)| b.compare(a));
    let labels = Labels::of(&ratios.iter().map(|(point, _)| *point).collect::<Vec<_>>());
    let of = |(point, ratio): &(&Settings, Estimate)| format!("{}{}", share(ratio), labels.bracketed(point));
    listed_or_ends(&ratios.iter().map(of).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    #[test]
    fn sentence_is_the_later_over_the_direct_part_at_the_largest_lag() {
        let of = |rows| {
            let results = results([run("a", 1)]);
            let gradients = Curves::of_gradients(&results, rows).fitted().groups();
            let groups = Groups { gradients, ..Groups::default() };
            sentence(&statistics(&results, &groups, &Verdicts::default()))
        };
        let later = line("a", "later_h", 11, 0.0, 0.01);
        let whole = line("a", "total_h", 11, 0.1, 0.01);
        let found = of([later.clone(), whole, line("a", "direct_h", 11, -0.1, 0.0)].concat());
        let expected = "10 steps back, ∂L/∂h is the sum of a direct part, from the loss of that step, and a \
                        part from later losses. Relative to the norm of the direct part, that of the later \
                        part is 1.58 times, and that of the sum is 2.00 times, since both parts need not \
                        point the same way.";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(of([later, line("a", "direct_h", 1, -0.1, 0.0)].concat()), None);
    }
}
