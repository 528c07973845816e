//! The gradient of a loss at every step, relative to the part that comes from the loss of the same step.

use super::gradients::has_direct_part;
use super::norms::{blocks, by_seed, common_lags, difference};
use super::words::{Labels, listed_or_ends, rising, share};
use crate::report::estimate::Estimate;
use crate::report::summary::Statistic;
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// A sentence on the norm of the whole gradient over that of its direct part; none if no earlier step has a
/// direct part.
pub fn sentence(summary: &[Statistic]) -> Option<String> {
    let rows = summary.iter().filter(|row| row.point.kind == ExperimentKind::Gradients);
    let mut blocks = blocks(&rows.collect::<Vec<_>>(), &["total_h", "direct_h"]);
    blocks.retain(has_direct_part);
    let lag = common_lags(&blocks).pop()?;
    let ratio = |block| difference(by_seed(block, "total_h", lag), by_seed(block, "direct_h", lag));
    let ratios = blocks.iter().filter_map(|block| Some((block.0, ratio(block)?)));
    let mut ratios: Vec<(&Settings, Estimate)> = ratios.collect();
    ratios.sort_by(|(_, a), (_, b)| rising(b, a));
    let labels = Labels::of(&ratios.iter().map(|(point, _)| *point).collect::<Vec<_>>());
    let of = |(point, ratio): &(&Settings, Estimate)| format!("{}{}", share(ratio), labels.bracketed(point));
    let start = format!("{lag} steps back, the norm of the whole gradient is");
    let end = "that of its direct part, which comes from the loss of the same step alone";
    let numbers = listed_or_ends(&ratios.iter().map(of).collect::<Vec<_>>())?;
    let rest =
        "As vectors the parts need not point the same way: the norm of the rest is at least the difference";
    Some(format!("{start} {numbers} {end}. {rest}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    #[test]
    fn sentence_is_the_whole_over_the_direct_part_at_the_largest_lag() {
        let of = |rows| {
            let results = results([run("a", 1)]);
            let gradients = Curves::of_gradients(&results, rows).fitted().groups();
            let groups = Groups { gradients, ..Groups::default() };
            sentence(&statistics(&results, &groups, &Verdicts::default()))
        };
        let whole = line("a", "total_h", 11, 0.0, 0.01);
        let found = of([whole.clone(), line("a", "direct_h", 11, -0.1, 0.0)].concat());
        let expected = "10 steps back, the norm of the whole gradient is 1.58 times that of its direct part, \
                        which comes from the loss of the same step alone. As vectors the parts need not \
                        point the same way: the norm of the rest is at least the difference.";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(of([whole, line("a", "direct_h", 1, -0.1, 0.0)].concat()), None);
    }
}
