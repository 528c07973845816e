//! Figures of curves over lag, over the number of an exponent, or over training steps: a figure per quantity, a panel per
//! init, a line per cell and engine.

use super::draw::legend::LineStyle;
use super::draw::panels::{self, BandPoint, Panel, Panels, Series};
use super::draw::style::{cell_colour, cells, engines};
use super::facets;
use super::quantities::{QUANTITIES, Quantity};
use super::{Figure, segments};
use crate::report::group::{CurveGroup, group_by};
use crate::report::point::{Setting, labels, varying, without};
use crate::report::training::VALID_LOSS;
use crate::support::stats;

/// The figures of all groups that have a norm above 0.
pub fn figures(groups: &[CurveGroup]) -> Vec<Figure> {
    let settings = facets::of_figures(groups.iter().map(|group| &group.point));
    let mut figures = Vec::new();
    for quantity in &QUANTITIES {
        let of_quantity: Vec<_> = groups.iter().filter(|group| group.quantity == quantity.name).collect();
        let parts = facets::split(&of_quantity, &settings, |group| (&group.point, group.layer));
        let drawn = parts.iter().filter(|(_, members)| is_worth_drawing(members));
        figures.extend(drawn.map(|(words, members)| figure(quantity, words, members, &settings)));
    }
    figures
}

/// Returns true if any line has more than a point, or if every line has one because there is one lag (T = 1).
fn is_worth_drawing(groups: &[&CurveGroup]) -> bool {
    let most = |lags: fn(&CurveGroup) -> usize| groups.iter().map(|group| lags(group)).max().unwrap_or(0);
    let drawn = most(|group| group.by_x().values().filter(|norms| norms.len() == group.curves.len()).count());
    let is_direct = groups.iter().all(|group| group.quantity == "direct_h");
    drawn > 1 || (drawn == 1 && !is_direct && most(|group| group.by_x().len()) == 1)
}

fn figure(quantity: &Quantity, words: &[String], groups: &[&CurveGroup], settings: &[Setting]) -> Figure {
    let points = || groups.iter().map(|group| &group.point);
    let styles = Styles {
        cells: cells(points().map(|point| point.cell.as_str())),
        // A model without recurrent layers has no engine.
        engines: engines(points().map(|point| point.engine.as_str()).filter(|engine| !engine.is_empty())),
    };
    let inits = group_by(groups.iter().copied(), |group| group.point.init.clone());
    let panel = |(init, members): &(String, Vec<&CurveGroup>)| Panel {
        title: if inits.len() > 1 { init.clone() } else { String::new() },
        series: members.iter().map(|group| series(group, &styles)).collect(),
        level: members.iter().find_map(|group| group.chance).map(|chance| ("chance".to_string(), chance)),
    };
    let over_seeds = over_seeds(quantity, groups);
    let named = [&varying(points())[..], settings, &[Setting::Cell]].concat();
    let fixed = labels(&without(&Setting::ALL, &named), &groups[0].point);
    let last_lag = groups.iter().flat_map(|group| group.by_x().into_keys().next_back()).max().unwrap_or(0);
    let panels = Panels {
        title: format!("{}: {}", quantity.name, quantity.about),
        below_title: [words, &fixed, std::slice::from_ref(&over_seeds)].concat(),
        x_title: quantity.over.title().into(),
        y_title: quantity.y_title(),
        x_high: last_lag as f64 + 1.0,
        min_span: if quantity.name == VALID_LOSS { 0.1 } else { 1.0 },
        panels: inits.iter().map(panel).collect(),
        legend: styles.legend(groups),
        legend_group: styles.engines.len(),
    };
    let name = [&[quantity.name.to_string()], words].concat();
    Figure {
        name: name.join("-"),
        title: name.join(", "),
        caption: format!("The {}, over {} ({over_seeds}).", quantity.about, quantity.over.words()),
        drawing: panels::draw(&panels),
    }
}

/// The meaning of line and band.
fn over_seeds(quantity: &Quantity, groups: &[&CurveGroup]) -> String {
    let mean = if quantity.is_plain() { "mean" } else { "mean of log10" };
    let seeds = groups.iter().map(|group| group.curves.len());
    let mut text = match (seeds.clone().min(), seeds.max()) {
        (_, Some(1)) => "1 seed".to_string(),
        (Some(few), Some(many)) if few < many => {
            format!("line: {mean} over the seeds ({few} to {many}); band: smallest to largest seed")
        }
        (_, many) => format!("line: {mean} over {} seeds; band: smallest to largest seed", many.unwrap_or(0)),
    };
    if groups.iter().any(|group| group.by_x().values().any(|norms| norms.len() < group.curves.len())) {
        text.push_str("; a gap: some seed has no finite value above 0");
    }
    text
}

/// The look of cells and engines. A colour is a cell. The first engine is a line, the others have markers, so that lines
/// on top of each other are seen.
struct Styles {
    cells: Vec<String>,
    engines: Vec<String>,
}

impl Styles {
    fn style(&self, cell: &str, engine: &str) -> LineStyle {
        let number = self.engines.iter().position(|other| other == engine).unwrap_or(0);
        let names_engine = self.engines.len() > 1 && !engine.is_empty();
        let label = if names_engine { format!("{cell}, {engine}") } else { cell.to_string() };
        let width = if number == 0 { 2.0 } else { 1.0 };
        let plain = LineStyle::line(label, cell_colour(cell, &self.cells), width);
        LineStyle { marker: number.checked_sub(1), ..plain }
    }

    /// Every cell and engine that occurs.
    fn legend(&self, groups: &[&CurveGroup]) -> Vec<LineStyle> {
        let occurs = |cell: &str, engine: &str| {
            groups.iter().any(|group| group.point.cell == cell && group.point.engine == engine)
        };
        let engines = || self.engines.iter().map(String::as_str).chain([""]);
        let pairs = self.cells.iter().flat_map(|cell| engines().map(move |engine| (cell, engine)));
        let pairs = pairs.filter(|(cell, engine)| occurs(cell, engine));
        pairs.map(|(cell, engine)| self.style(cell, engine)).collect()
    }
}

/// Mean and range over the seeds at each lag at which every seed has a norm above 0: over fewer they would jump.
fn series(group: &CurveGroup, styles: &Styles) -> Series {
    let lags = group.by_x();
    let at_lag = |(lag, norms): (&usize, &Vec<f64>)| {
        let mean = stats::mean(norms).filter(|_| norms.len() == group.curves.len())?;
        let low = norms.iter().copied().fold(mean, f64::min);
        let high = norms.iter().copied().fold(mean, f64::max);
        Some(BandPoint { x: *lag as f64, low, middle: mean, high })
    };
    let style = styles.style(&group.point.cell, &group.point.engine);
    Series { style, segments: segments(lags.iter().map(at_lag)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::{fake, group};
    use crate::results::schema::{GradientRow, RunRow};

    fn names(runs: &[RunRow], rows: Vec<GradientRow>) -> Vec<String> {
        let figures = figures(&group::gradients(runs, rows));
        figures
            .iter()
            .for_each(|figure| assert_eq!(faults(&figure.drawing), Vec::<String>::new(), "{}", figure.name));
        figures.into_iter().map(|figure| figure.name).collect()
    }

    /// Runs that `change` makes differ, each with a falling `total_h`.
    fn runs(count: usize, change: impl Fn(usize, &mut RunRow)) -> (Vec<RunRow>, Vec<GradientRow>) {
        let mut runs: Vec<_> = (0..count).map(|n| fake::run(&n.to_string(), 1)).collect();
        runs.iter_mut().enumerate().for_each(|(n, run)| change(n, run));
        let rows = runs.iter().flat_map(|run| fake::line(&run.run_id, "total_h", 20, 0.0, -0.1)).collect();
        (runs, rows)
    }

    #[test]
    fn figures_names_tell_varying_settings_only() {
        let (same, rows) = runs(2, |n, run| run.seed = n as u64);
        assert_eq!(names(&same, rows), ["total_h"]);
        let (shapes, rows) =
            runs(4, |n, run| (run.seq_len, run.hidden_size) = ([100, 200][n % 2], [8, 16][n / 2]));
        assert_eq!(
            names(&shapes, rows),
            ["total_h-T100-H8", "total_h-T200-H8", "total_h-T100-H16", "total_h-T200-H16"]
        );
        let (inside, rows) = runs(8, |n, run| {
            run.cell = ["rnn", "lstm"][n % 2].into();
            run.init = ["pytorch", "xavier"][n / 2 % 2].into();
            run.engine = ["stepwise", "builtin"][n / 4].into();
        });
        assert_eq!(names(&inside, rows), ["total_h"]);
    }

    #[test]
    fn figures_models_of_one_parameter_count_share_one() {
        let (sized, rows) = runs(2, |n, run| {
            (run.cell, run.hidden_size) = (["rnn", "lstm"][n].into(), [16, 8][n]);
        });
        assert_eq!(names(&sized, rows), ["total_h"]);
    }

    #[test]
    fn figures_several_layers_have_one_each() {
        let (runs, mut rows) = runs(1, |_, run| run.layers = 2);
        let mut upper = rows.clone();
        upper.iter_mut().for_each(|row| row.layer = 1);
        rows.extend(upper);
        rows.extend(fake::line("0", "input_x", 20, 0.0, -0.1));
        assert_eq!(names(&runs, rows), ["total_h-layer0", "total_h-layer1", "input_x"]);
    }

    #[test]
    fn figures_direct_h_is_drawn_with_more_than_one_lag() {
        let runs = [fake::run("a", 1)];
        let last = fake::curve("a", "direct_h", &[(0, Some(0.0)), (1, None), (2, None)]);
        assert!(names(&runs, last).is_empty());
        let sum = fake::curve("a", "direct_h", &[(0, Some(0.0)), (1, Some(0.1)), (2, None)]);
        assert_eq!(names(&runs, sum), ["direct_h"]);
        assert!(names(&runs, fake::curve("a", "direct_h", &[(0, Some(0.0))])).is_empty());
    }

    #[test]
    fn figures_one_lag_is_drawn_and_no_finite_norm_is_not() {
        let runs = [fake::run("a", 1)];
        assert_eq!(names(&runs, fake::curve("a", "total_h", &[(0, Some(0.0))])), ["total_h"]);
        let nothing = [(0, None), (1, Some(f64::NAN)), (2, Some(f64::INFINITY))];
        assert!(names(&runs, fake::curve("a", "total_h", &nothing)).is_empty());
    }

    #[test]
    fn figures_eighteen_inits_fit_the_page() {
        let (runs, rows) = runs(36, |n, run| {
            run.init = format!("orthogonal({})", n / 2);
            run.cell = ["lstm", "another"][n % 2].into();
        });
        assert_eq!(names(&runs, rows), ["total_h"]);
    }

    #[test]
    fn series_seed_without_norm_breaks_line() {
        let runs = [fake::run("a", 1), fake::run("b", 2)];
        let mut rows =
            fake::curve("a", "total_h", &[(0, Some(0.0)), (1, Some(1.0)), (2, None), (3, Some(3.0))]);
        rows.extend(fake::curve(
            "b",
            "total_h",
            &[(0, Some(2.0)), (1, Some(1.0)), (2, Some(0.0)), (3, Some(5.0))],
        ));
        let groups = group::gradients(&runs, rows);
        let styles = Styles { cells: vec!["lstm".into()], engines: vec!["stepwise".into()] };
        let drawn: Vec<Vec<_>> = series(&groups[0], &styles)
            .segments
            .iter()
            .map(|segment| segment.iter().map(|s| (s.x, s.low, s.middle, s.high)).collect())
            .collect();
        assert_eq!(drawn, [vec![(0.0, 0.0, 1.0, 2.0), (1.0, 1.0, 1.0, 1.0)], vec![(3.0, 3.0, 4.0, 5.0)]]);
        assert!(figures(&groups)[0].caption.contains("a gap: some seed has no finite value above 0"));
    }
}
