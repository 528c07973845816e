//! Norms of the summary by grid point, lag and seed.

use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::report::summary::{Sample, Section, Statistic};
use crate::settings::Settings;

/// The rows of one grid point.
pub type Block<'a> = (&'a Settings, Vec<&'a Statistic>);

/// The log10 norms of some quantities of the gradient by grid point. Of several layers, the last one counts.
pub fn blocks<'a>(rows: &[&'a Statistic], quantities: &[&str]) -> Vec<Block<'a>> {
    let is_norm = |row: &&&Statistic| {
        row.section == Section::Gradients
            && row.metric == "log10_norm"
            && quantities.contains(&row.quantity.as_str())
    };
    let by_point = group_by(rows.iter().filter(is_norm).copied(), |row| &row.point);
    by_point.into_iter().map(|(point, rows)| (point, last_layer(&rows))).collect()
}

/// The rows of the last layer of each grid point.
pub fn last_layers<'a>(rows: impl Iterator<Item = &'a Statistic>) -> Vec<&'a Statistic> {
    group_by(rows, |row| &row.point).iter().flat_map(|(_, rows)| last_layer(rows)).collect()
}

/// The rows of the last layer.
pub fn last_layer<'a>(rows: &[&'a Statistic]) -> Vec<&'a Statistic> {
    let last = rows.iter().filter_map(|row| row.layer).max();
    rows.iter().copied().filter(|row| row.layer == last).collect()
}

/// The lags of every grid point, at which most of them have a norm; in order, without 0.
pub fn common_lags(blocks: &[Block]) -> Vec<usize> {
    let Some((first, others)) = blocks.split_first() else { return vec![] };
    let has_row = |block: &Block, lag: usize| block.1.iter().any(|row| row.lag == Some(lag));
    let has_norm =
        |block: &&Block, lag: usize| block.1.iter().any(|row| row.lag == Some(lag) && row.estimate.n > 0);
    let mut lags: Vec<usize> = first.1.iter().filter_map(|row| row.lag).collect();
    lags.sort();
    lags.dedup();
    lags.retain(|lag| *lag > 0 && others.iter().all(|block| has_row(block, *lag)));
    lags.retain(|lag| 2 * blocks.iter().filter(|block| has_norm(block, *lag)).count() > blocks.len());
    lags
}

/// The log10 norms of a quantity at a lag, by seed.
pub fn by_seed<'a>(block: &Block<'a>, quantity: &str, lag: usize) -> &'a [(u64, f64)] {
    let row = block.1.iter().find(|row| row.quantity == quantity && row.lag == Some(lag));
    match row.map(|row| &row.sample) {
        Some(Sample::Seeds(seeds)) => seeds,
        _ => &[],
    }
}

/// The mean difference of two lists, over the seeds that both have; none without such a seed.
pub fn difference(of: &[(u64, f64)], from: &[(u64, f64)]) -> Option<Estimate> {
    let of_seed = |(seed, number): &(u64, f64)| {
        let (_, other) = from.iter().find(|(other, _)| other == seed)?;
        Some(number - other).filter(|difference| difference.is_finite())
    };
    let differences: Vec<f64> = of.iter().filter_map(of_seed).collect();
    (!differences.is_empty()).then(|| Estimate::mean(&differences))
}
