//! The two paths of the adjoint in figures of their own: the share of the cell path, and both norms on one
//! scale.

use super::context::Context;
use super::draw::axis::Scale;
use super::draw::chart::{BandPoint, Panel, Panels, Range, Series, Spread, segments};
use super::draw::legend::LineStyle;
use super::draw::style::{DARK, DASHES};
use super::figure::{Chart, Figure};
use super::layout::{Layout, Lines};
use super::lines::{place, series, x_range};
use super::quantities::{Quantity, quantity};
use super::range::{cut, lag_scale, y_range};
use super::words::{SHIFTED, over_seeds, remarks};
use crate::report::estimate::Estimate;
use crate::report::group::{Curve, CurveGroup};
use crate::report::summary::path_share;
use crate::settings::Settings;

/// The quantities of the paths.
pub const NAMES: [&str; 2] = ["cell_path", "gate_path"];

/// The path along the state with the path through the gates of the same grid point and layer.
type Pair<'a> = [&'a CurveGroup; 2];

/// Figures of shares; none without both paths.
pub fn shares(groups: &[&CurveGroup], context: Context) -> Vec<Figure> {
    draw(groups, context, Lines::Curves, share_figure)
}

/// Figures of norms; none without both paths.
pub fn norms(groups: &[&CurveGroup], context: Context) -> Vec<Figure> {
    draw(groups, context, Lines::Solid, norm_figure)
}

fn draw(groups: &[&CurveGroup], context: Context, lines: Lines, figure: Draw) -> Vec<Figure> {
    let of = |name: &str| groups.iter().copied().filter(|group| group.quantity == name).collect::<Vec<_>>();
    let [cells, gates] = NAMES.map(of);
    let gate_of = |cell: &CurveGroup| gates.iter().copied().find(|gate| place(gate) == place(cell));
    let pairs = cells.iter().filter_map(|cell| Some([*cell, gate_of(cell)?]));
    let pairs: Vec<Pair> = pairs.filter(has_line).collect();
    let Some(about) = quantity(NAMES[0]).filter(|_| !pairs.is_empty()) else { return vec![] };
    let points: Vec<&Settings> = pairs.iter().map(|[cell, _]| &cell.point).collect();
    let layers = pairs.iter().map(|[cell, _]| cell.layer + 1).max().unwrap_or(0);
    let layout = Layout::new(&points, layers, lines, None, &context.plot);
    let pairs: Vec<&Pair> = pairs.iter().collect();
    let parts = layout.split(&pairs, |[cell, _]| place(cell));
    parts.iter().map(|(words, members)| figure(about, words, members, &layout, context)).collect()
}

type Draw = fn(&Quantity, &[String], &[&Pair], &Layout, Context) -> Figure;

/// Returns true if the share is known at more than one lag.
fn has_line(pair: &Pair) -> bool {
    shares_of(pair).iter().flatten().count() > 1
}

/// The share of the cell path in the sum of both norms.
fn share_figure(about: &Quantity, words: &[String], pairs: &[&Pair], layout: &Layout, _: Context) -> Figure {
    let series = |pair: &Pair| Series {
        name: layout.name(&pair[0].point),
        style: layout.style(&pair[0].point),
        spread: Spread::Band,
        segments: segments(shares_of(pair).into_iter()),
    };
    let panel = |(title, members): (String, Vec<&Pair>)| Panel {
        title,
        series: members.iter().map(|pair| series(pair)).collect(),
        levels: vec![],
    };
    let cells: Vec<&CurveGroup> = pairs.iter().map(|[cell, _]| *cell).collect();
    let meaning = "line: mean over the seeds; band: 95 % interval of the mean".to_string();
    let chart = Panels {
        title: "Share of the cell path in the adjoint".into(),
        below_title: [words, &layout.fixed(&cells[0].point, &[]), &[meaning]].concat(),
        x: x_range(about, &cells, Scale::Whole),
        y: Range { title: "share of the cell path".into(), scale: Scale::Linear, low: -0.02, high: 1.02 },
        panels: layout.panels(pairs, |[cell, _]| place(cell)).into_iter().map(panel).collect(),
        legend: layout.legend(cells.iter().map(|group| &group.point)),
    };
    let caption = "The norm of the part of the adjoint that came along the state itself, through f or z \
                   alone (cell_path), over the sum of the norms of both parts (cell_path and gate_path). \
                   Line: mean over the seeds; band: 95 % interval of the mean. At lag 0 the adjoint has \
                   passed no step.";
    let name = [&["path_share".to_string()], words].concat().join("-");
    Figure::new(name, caption, Chart::Panels(chart.thinned()))
}

/// The mean share over the seeds at each lag at which all of them have one.
fn shares_of([cell, gate]: &Pair) -> Vec<Option<BandPoint>> {
    let lags = cell.by_x().into_keys();
    let at_lag = |lag: usize| {
        let share = |(cell, gate): (&Curve, &Curve)| path_share(*cell.get(&lag)?, *gate.get(&lag)?);
        let shares: Option<Vec<f64>> = cell.curves.iter().zip(&gate.curves).map(share).collect();
        let estimate = Estimate::mean(&shares?).map(|share| share.clamp(0.0, 1.0));
        let middle = estimate.value?;
        let [low, high] = [estimate.low, estimate.high].map(|end| end.unwrap_or(middle));
        Some(BandPoint { x: lag as f64, low, middle, high })
    };
    lags.map(at_lag).collect()
}

/// Both norms on one scale: the gate path is dashed.
fn norm_figure(
    about: &Quantity,
    words: &[String],
    pairs: &[&Pair],
    layout: &Layout,
    context: Context,
) -> Figure {
    let all: Vec<&CurveGroup> = pairs.iter().flat_map(|pair| pair.iter().copied()).collect();
    let x_scale = lag_scale(&all);
    let of_path = |group: &CurveGroup, n: usize| {
        let line = series(group, layout, x_scale);
        let path = ["cell path", "gate path"][n];
        Series {
            name: format!("{}, {path}", line.name),
            style: LineStyle { dash: DASHES[n], ..line.style.clone() },
            ..line
        }
    };
    let panel = |(title, members): (String, Vec<&Pair>)| {
        let lines = members.iter().flat_map(|pair| [of_path(pair[0], 0), of_path(pair[1], 1)]);
        Panel { title, series: lines.collect(), levels: vec![] }
    };
    let panels: Vec<Panel> = layout.panels(pairs, |[cell, _]| place(cell)).into_iter().map(panel).collect();
    let mut y = y_range(&panels, "‖\u{2009}path of the adjoint\u{2009}‖".into(), Scale::Powers, 1.0);
    let cut = cut(about, &mut y, &panels);
    let path =
        |n: usize| LineStyle { dash: DASHES[n], ..LineStyle::line(["cell path", "gate path"][n], DARK, 2.0) };
    let mut legend = layout.legend(all.iter().map(|group| &group.point));
    legend.extend([path(0), path(1)]);
    let over_seeds = over_seeds(about, &all);
    let chart = Panels {
        title: "The adjoint by path".into(),
        below_title: [words, &layout.fixed(&all[0].point, &[]), std::slice::from_ref(&over_seeds)].concat(),
        x: x_range(about, &all, x_scale),
        y,
        panels,
        legend,
    };
    let mut caption = format!(
        "The norms of both parts of the adjoint: along the state itself, through f or z alone (cell_path), \
         and through the gates and W_hh at some step (gate_path), over lag ({over_seeds})."
    );
    caption += &remarks(about, &all, cut, context);
    if x_scale == Scale::Shifted {
        caption += SHIFTED;
    }
    let name = [&["paths".to_string()], words].concat().join("-");
    Figure::new(name, caption, Chart::Panels(chart.thinned()))
}
