//! The ranges of axes.

use super::draw::axis::Scale;
use super::draw::chart::{BandPoint, Panel, Range, Series};
use super::quantities::Quantity;
use crate::report::group::{CurveGroup, LYAPUNOV};
use crate::support::stats;

/// The R² of a line over lag below which a curve is not exponential.
const EXPONENTIAL: f64 = 0.9;

/// The largest lag from which on lags may be on a logarithmic scale.
const LONG: usize = 50;

/// The scale of lags: logarithmic, but with a place for lag 0, if most curves are long and do not fall
/// exponentially, since a power of the lag is a straight line there.
pub fn lag_scale(groups: &[&CurveGroup]) -> Scale {
    let r_squared = |group: &&&CurveGroup| {
        let fits: Vec<f64> = group.fits.iter().flatten().map(|decay| decay.line.r_squared).collect();
        stats::mean(&fits)
    };
    let found: Vec<f64> = groups.iter().filter_map(|group| r_squared(&group)).collect();
    let bent = found.iter().filter(|r_squared| **r_squared < EXPONENTIAL).count();
    let last = groups.iter().flat_map(|group| group.by_x().into_keys().next_back()).max().unwrap_or(0);
    if last >= LONG && 2 * bent > found.len() { Scale::Shifted } else { Scale::Whole }
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

/// Ends an axis on which the lines of interest would look like a level. Returns a sentence that says so,
/// after a space.
pub fn cut(quantity: &Quantity, range: &mut Range, panels: &[Panel]) -> Option<&'static str> {
    if quantity.name == LYAPUNOV {
        let words = " The axis ends below nine tenths of each line's exponents; the lowest leave it.";
        return cut_tails(range, panels).then_some(words);
    }
    let words = " The axis shows the flattest line whole; steeper lines leave it.";
    cut_around_flattest(range, panels).then_some(words)
}

/// The share of the exponents of each line that stays in view.
const IN_VIEW: f64 = 0.9;

/// Ends an axis of falling lines below the first nine tenths of each.
fn cut_tails(range: &mut Range, panels: &[Panel]) -> bool {
    let series = panels.iter().flat_map(|panel| &panel.series);
    let lowest_in_view = |series: &Series| {
        let lows: Vec<f64> = series.segments.iter().flatten().map(|point| point.low).collect();
        let count = (IN_VIEW * lows.len() as f64).ceil() as usize;
        lows[..count].iter().copied().fold(f64::INFINITY, f64::min)
    };
    let low = series.map(lowest_in_view).fold(f64::INFINITY, f64::min);
    let is_cut = low < range.high && range.high - range.low > SLACK * (range.high - low);
    if is_cut {
        range.low = low - 0.04 * (range.high - low);
    }
    is_cut
}

/// Ends an axis of powers around the flattest line.
fn cut_around_flattest(range: &mut Range, panels: &[Panel]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::super::draw::chart::Spread;
    use super::super::draw::legend::LineStyle;
    use super::super::draw::style::DARK;
    use super::super::quantities::quantity;
    use super::*;

    fn panel(values: &[f64]) -> Panel {
        let point = |(n, y): (usize, &f64)| BandPoint { x: n as f64, low: *y, middle: *y, high: *y };
        let series = Series {
            name: String::new(),
            style: LineStyle::line("", DARK, 1.0),
            spread: Spread::Bare,
            segments: vec![values.iter().enumerate().map(point).collect()],
        };
        Panel { title: String::new(), series: vec![series], levels: vec![] }
    }

    #[test]
    fn cut_of_a_spectrum_leaves_out_its_lowest_exponents() {
        let of = |lowest: f64| {
            let values: Vec<f64> = (0..19).map(|n| -0.1 * f64::from(n)).chain([lowest]).collect();
            let panels = [panel(&values)];
            let mut range = y_range(&panels, String::new(), Scale::Linear, 0.02);
            let words = cut(quantity(LYAPUNOV).unwrap(), &mut range, &panels);
            (words.is_some(), range.low)
        };
        let (is_cut, low) = of(-30.0);
        assert!(is_cut && (-2.5..-1.7).contains(&low), "{low}");
        let (is_cut, low) = of(-2.0);
        assert!(!is_cut && low < -2.0, "{low}");
    }
}
