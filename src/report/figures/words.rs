//! The words of captions: the meaning of lines and bands, and what is not drawn.

use super::context::Context;
use super::quantities::{Over, Quantity};
use crate::report::group::CurveGroup;
use crate::support::text::pluralize;

/// A sentence on an axis of lags that is not linear, after a space.
pub const SHIFTED: &str =
    " The axis of lags is in proportion to log(lag + 1), so exponential decay bends down.";

/// The meaning of line and band.
pub fn over_seeds(quantity: &Quantity, groups: &[&CurveGroup]) -> String {
    let mean = quantity.mean();
    let seeds = groups.iter().map(|group| group.curves.len());
    match (seeds.clone().min(), seeds.max()) {
        (_, Some(1)) | (None, _) => "1 seed".to_string(),
        (Some(few), Some(many)) if few < many => {
            format!("line: {mean} over the seeds ({few} to {many}); band: smallest to largest seed")
        }
        (_, many) => format!("line: {mean} over {} seeds; band: smallest to largest seed", many.unwrap_or(0)),
    }
}

/// Sentences on ended runs, on gaps, on the end of the axis and on failed runs, each after a space.
pub fn remarks(quantity: &Quantity, groups: &[&CurveGroup], cut: Option<&str>, context: Context) -> String {
    let mut text = String::new();
    if quantity.is_loss() {
        text.push_str(" A run that has ended keeps its last loss.");
    }
    let is_partial =
        |group: &&CurveGroup| group.by_x().values().any(|norms| norms.len() < group.curves.len());
    if groups.iter().any(is_partial) {
        text.push_str(match quantity.over {
            Over::Steps if !quantity.is_loss() => " A line ends with the first of its runs that ends.",
            _ => " A gap: some seed has no finite value above 0.",
        });
    }
    text.push_str(cut.unwrap_or_default());
    let kind = groups.first().map(|group| group.point.kind);
    let failed = context.failed.iter().find(|(failed, _)| Some(*failed) == kind);
    if let Some((_, count)) = failed {
        text.push_str(&format!(" Not drawn: {} failed.", pluralize(*count, "run")));
    }
    text
}
