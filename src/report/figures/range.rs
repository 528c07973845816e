//! The ranges of axes.

use super::draw::axis::Scale;
use super::draw::chart::{BandPoint, Panel, Range};
use crate::report::group::CurveGroup;
use crate::support::stats;

/// The R² of a line over lag below which a curve is not exponential.
const EXPONENTIAL: f64 = 0.9;

/// The largest lag from which on lags may be on a logarithmic scale.
const LONG: usize = 50;

/// The scale of lags: logarithmic if most curves are long and do not fall exponentially, since a power of the
/// lag is a straight line there.
pub fn lag_scale(groups: &[&CurveGroup]) -> Scale {
    let r_squared = |group: &&&CurveGroup| {
        let fits: Vec<f64> = group.fits.iter().flatten().map(|decay| decay.line.r_squared).collect();
        stats::mean(&fits)
    };
    let found: Vec<f64> = groups.iter().filter_map(|group| r_squared(&group)).collect();
    let bent = found.iter().filter(|r_squared| **r_squared < EXPONENTIAL).count();
    let last = groups.iter().flat_map(|group| group.by_x().into_keys().next_back()).max().unwrap_or(0);
    if last >= LONG && 2 * bent > found.len() { Scale::Logarithmic } else { Scale::Whole }
}

/// The span of the axis over that of the flattest line, above which the axis is cut.
const FLATTEST: f64 = 10.0;

/// The factor that an axis may be longer without being cut.
const SLACK: f64 = 1.4;

/// The span in decades that no axis is cut below.
const LEAST: f64 = 1.0;

/// The y axis of all bands and levels with a margin, at least `min_span` wide.
pub fn y_range(panels: &[Panel], title: String, scale: Scale, min_span: f64) -> Range {
    let series = panels.iter().flat_map(|panel| &panel.series);
    let levels = panels.iter().flat_map(|panel| &panel.levels).map(|level| (level.at, level.at));
    let points = series.flat_map(|series| series.segments.iter().flatten());
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    let join = |(low, high): (f64, f64), (from, to): (f64, f64)| (low.min(from), high.max(to));
    let (low, high) = points.map(|point| (point.low, point.high)).chain(levels).fold(none, join);
    if low > high {
        return Range { title, scale, low: -1.0, high: 1.0 };
    }
    let margin = f64::max(0.04 * (high - low), (min_span - (high - low)) / 2.0);
    Range { title, scale, low: low - margin, high: high + margin }
}

/// Ends an axis of powers, on which the flattest line would look like a level, around that line. Returns true
/// if it did.
pub fn cut(range: &mut Range, panels: &[Panel]) -> bool {
    let series = || panels.iter().flat_map(|panel| &panel.series);
    let ends = series().filter_map(|series| ends(series.segments.iter().flatten()));
    let flattest = ends.min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
    let Some((low, high)) = flattest.filter(|_| range.scale == Scale::Powers && series().count() > 1) else {
        return false;
    };
    let most = FLATTEST * (high - low).max(LEAST);
    let is_cut = range.high - range.low > SLACK * most;
    if is_cut {
        let points = || series().flat_map(|series| series.segments.iter().flatten());
        let bottom = points().map(|point| point.low).fold(f64::INFINITY, f64::min);
        let top = points().map(|point| point.high).fold(f64::NEG_INFINITY, f64::max);
        range.low = (bottom - 0.04 * most).max(high - most);
        range.high = (top + 0.04 * most).min(low + most);
    }
    is_cut
}

/// The share of the x axis within which all lines of a panel leave it, so that they look like one.
const BUNDLE: f64 = 0.1;

/// Returns true if all lines of a panel leave the y axis near the beginning of a linear x axis.
pub fn has_bundle(panels: &[Panel], y: &Range) -> bool {
    let last = |panel: &Panel| points(panel).map(|point| point.x).fold(0.0, f64::max);
    let last = panels.iter().map(last).fold(0.0, f64::max);
    panels.iter().any(|panel| {
        let within = points(panel).filter(|point| (y.low..=y.high).contains(&point.middle));
        within.map(|point| point.x).fold(0.0, f64::max) < BUNDLE * last
    })
}

/// The points of all lines of a panel.
fn points(panel: &Panel) -> impl Iterator<Item = &BandPoint> {
    panel.series.iter().flat_map(|series| series.segments.iter().flatten())
}

/// The lower and the upper end of a line; none of no line.
fn ends<'a>(points: impl Iterator<Item = &'a BandPoint>) -> Option<(f64, f64)> {
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = points.fold(none, |(low, high), point| (low.min(point.middle), high.max(point.middle)));
    (low < high).then_some((low, high))
}
