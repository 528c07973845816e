//! The parts of figures of curves: lines, axes and levels.

use super::context::Context;
use super::draw::axis::Scale;
use super::draw::chart::{BandPoint, Level, Panel, Range, Series, Spread, segments};
use super::draw::legend::LineStyle;
use super::draw::style::{DARK, DASHES};
use super::layout::Layout;
use super::quantities::{Over, Quantity};
use crate::report::group::CurveGroup;
use crate::settings::Settings;
use crate::support::stats;

/// Returns the grid point and the layer of a group.
pub fn place(group: &CurveGroup) -> (&Settings, usize) {
    (&group.point, group.layer)
}

/// The x axis: from 0, or on a logarithmic scale from the first point above 0, to the last point.
pub fn x_range(quantity: &Quantity, groups: &[&CurveGroup], scale: Scale) -> Range {
    let last = groups.iter().flat_map(|group| group.by_x().into_keys().next_back()).max().unwrap_or(0);
    let first = groups.iter().filter_map(|group| group.by_x().into_keys().find(|x| *x > 0)).min();
    let low = if scale == Scale::Logarithmic { first.unwrap_or(1) as f64 } else { 0.0 };
    Range { title: quantity.over.title().into(), scale, low, high: (last as f64).max(low + 1.0) }
}

/// The name of the level of chance.
pub const CHANCE: &str = "chance";

/// The levels of chance and of the criterion of a loss. Chance is a level over training steps alone.
pub fn levels(quantity: &Quantity, groups: &[&CurveGroup], context: Context) -> Vec<Level> {
    let chance = groups.iter().find_map(|group| group.chance.values().next());
    let chance = chance.filter(|_| quantity.over == Over::Steps);
    let chance = chance.map(|chance| Level { at: *chance, style: level_style(CHANCE, 1) });
    let target = context.solved_loss.filter(|_| quantity.is_loss());
    let target = target.map(|loss| if quantity.is_plain() { loss } else { loss.log10() });
    chance
        .into_iter()
        .chain(target.map(|loss| Level { at: loss, style: level_style("solved below", 2) }))
        .collect()
}

/// The line of chance over lengths or over the steps of a sequence; none over training steps.
pub fn chance_of_curves(quantity: &Quantity, groups: &[&CurveGroup]) -> Option<Series> {
    let chance = &groups.iter().find(|group| !group.chance.is_empty())?.chance;
    let point = |(x, level): (&usize, &f64)| (*x as f64, *level);
    chance_line(chance.iter().map(point)).filter(|_| quantity.over != Over::Steps)
}

/// The line of chance through some places; none through fewer than two.
pub fn chance_line(places: impl Iterator<Item = (f64, f64)>) -> Option<Series> {
    let point = |(x, level)| BandPoint { x, low: level, middle: level, high: level };
    let points: Vec<BandPoint> = places.map(point).collect();
    (points.len() > 1).then(|| Series {
        name: CHANCE.to_string(),
        style: level_style(CHANCE, 1),
        spread: Spread::Bare,
        segments: vec![points],
    })
}

/// The entry of the legend for a line of chance, if a panel has one.
pub fn chance_entry(panels: &[Panel]) -> Option<LineStyle> {
    let mut lines = panels.iter().flat_map(|panel| &panel.series);
    lines.any(|series| series.name == CHANCE).then(|| level_style(CHANCE, 1))
}

/// The look of a level with a name.
pub fn level_style(name: &str, dash: usize) -> LineStyle {
    LineStyle { dash: DASHES[dash], ..LineStyle::line(name, DARK, 1.2) }
}

/// Mean and range over the seeds at each lag at which every seed has a norm above 0: over fewer they
/// would jump.
pub fn series(group: &CurveGroup, layout: &Layout, x_scale: Scale) -> Series {
    let lags = group.by_x();
    let at_lag = |(lag, norms): (&usize, &Vec<f64>)| {
        let mean = stats::mean(norms).filter(|_| norms.len() == group.curves.len())?;
        let low = norms.iter().copied().fold(mean, f64::min);
        let high = norms.iter().copied().fold(mean, f64::max);
        Some(BandPoint { x: *lag as f64, low, middle: mean, high })
    };
    let is_shown = |(lag, _): &(&usize, &Vec<f64>)| **lag > 0 || x_scale != Scale::Logarithmic;
    Series {
        name: layout.name(&group.point),
        style: layout.style(&group.point),
        spread: Spread::Band,
        segments: segments(lags.iter().filter(is_shown).map(at_lag)),
    }
}
