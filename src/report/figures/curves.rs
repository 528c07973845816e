//! Figures of curves over lag, over the number of an exponent, or over training steps: a figure per
//! quantity, a panel per init, a line per cell and engine.

use super::draw::legend::LineStyle;
use super::draw::panels::{self, BandPoint, Panel, Panels, Series, segments};
use super::draw::style::{cell_colour, cells, engines};
use super::facets;
use super::figure::Figure;
use super::quantities::{Over, QUANTITIES, Quantity};
use crate::report::fields::{all, labels, varying, without};
use crate::report::group::{CurveGroup, VALID_LOSS};
use crate::report::group_by::group_by;
use crate::settings::names::ExperimentKind;
use crate::support::stats;

/// The figures of all groups that have a norm above 0. Gradients after training have figures of their own.
pub fn figures(groups: &[CurveGroup]) -> Vec<Figure> {
    let kinds = group_by(groups, |group| group.point.kind);
    kinds.iter().flat_map(|(_, groups)| of_kind(groups)).collect()
}

fn of_kind(groups: &[&CurveGroup]) -> Vec<Figure> {
    let settings = facets::of_figures(groups.iter().map(|group| &group.point));
    let mut figures = Vec::new();
    for quantity in &QUANTITIES {
        let of_quantity = groups.iter().copied().filter(|group| group.quantity == quantity.name);
        let of_quantity: Vec<&CurveGroup> = of_quantity.collect();
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

fn figure(quantity: &Quantity, words: &[String], groups: &[&CurveGroup], settings: &[&str]) -> Figure {
    let points = || groups.iter().map(|group| &group.point);
    let styles = Styles {
        cells: cells(points().map(facets::line)),
        // A model without recurrent layers has no engine.
        engines: engines(points().map(facets::engine).filter(|engine| !engine.is_empty())),
    };
    let of_panels = facets::panels(points());
    let by_panel = group_by(groups.iter().copied(), |group| labels(&of_panels, &group.point));
    let panel = |(title, members): &(Vec<String>, Vec<&CurveGroup>)| Panel {
        title: title.join(", "),
        series: members.iter().map(|group| series(group, &styles)).collect(),
        level: members.iter().find_map(|group| group.chance).map(|chance| ("chance".to_string(), chance)),
    };
    let is_after = quantity.over == Over::Lag && groups[0].point.kind == ExperimentKind::Training;
    let after: &[String] = if is_after { &["after training".to_string()] } else { &[] };
    let over_seeds = over_seeds(quantity, groups);
    let named = [&varying(points())[..], settings, &["cell"]].concat();
    let fixed = labels(&without(&all(), &named), &groups[0].point);
    let last_lag = groups.iter().flat_map(|group| group.by_x().into_keys().next_back()).max().unwrap_or(0);
    let panels = Panels {
        title: format!("{}: {}", quantity.name, quantity.about),
        below_title: [after, words, &fixed, std::slice::from_ref(&over_seeds)].concat(),
        x_title: quantity.over.title().into(),
        y_title: quantity.y_title(),
        x_high: last_lag as f64 + 1.0,
        min_span: if quantity.name == VALID_LOSS { 0.1 } else { 1.0 },
        panels: by_panel.iter().map(panel).collect(),
        legend: styles.legend(groups),
        legend_group: styles.engines.len(),
    };
    let name = [&[quantity.name.to_string()], after, words].concat();
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
    if quantity.is_loss() {
        text.push_str("; a run that has ended keeps its last loss");
    }
    if groups.iter().any(|group| group.by_x().values().any(|norms| norms.len() < group.curves.len())) {
        text.push_str("; a gap: some seed has no finite value above 0");
    }
    text
}

/// The look of cells and engines. A colour is a cell. The first engine is a line, the others have
/// markers, so that lines on top of each other are seen.
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
        let names = |group: &CurveGroup| (facets::line(&group.point), facets::engine(&group.point));
        let mut pairs: Vec<(String, String)> =
            group_by(groups, |group| names(group)).into_iter().map(|(pair, _)| pair).collect();
        // Models without an engine come last.
        let place = |names: &[String], name: &String| names.iter().position(|other| other == name);
        let last = usize::MAX;
        pairs.sort_by_key(|(cell, engine)| {
            (place(&self.cells, cell), place(&self.engines, engine).unwrap_or(last))
        });
        pairs.iter().map(|(cell, engine)| self.style(cell, engine)).collect()
    }
}

/// Mean and range over the seeds at each lag at which every seed has a norm above 0: over fewer they
/// would jump.
fn series(group: &CurveGroup, styles: &Styles) -> Series {
    let lags = group.by_x();
    let at_lag = |(lag, norms): (&usize, &Vec<f64>)| {
        let mean = stats::mean(norms).filter(|_| norms.len() == group.curves.len())?;
        let low = norms.iter().copied().fold(mean, f64::min);
        let high = norms.iter().copied().fold(mean, f64::max);
        Some(BandPoint { x: *lag as f64, low, middle: mean, high })
    };
    let style = styles.style(&facets::line(&group.point), &facets::engine(&group.point));
    Series { style, segments: segments(lags.iter().map(at_lag)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Lstm, Rnn};
    use crate::engine::EngineName;
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::fixtures::{curve, line, results, run};
    use crate::report::group::Curves;
    use crate::results::RunRecord;
    use crate::results::schema::GradientRow;
    use crate::settings::{Engines, Settings};

    fn groups(runs: impl IntoIterator<Item = RunRecord>, rows: Vec<GradientRow>) -> Vec<CurveGroup> {
        Curves::of_gradients(&results(runs), rows).groups()
    }

    fn names(runs: impl IntoIterator<Item = RunRecord>, rows: Vec<GradientRow>) -> Vec<String> {
        let figures = figures(&groups(runs, rows));
        figures
            .iter()
            .for_each(|figure| assert_eq!(faults(&figure.drawing), Vec::<String>::new(), "{}", figure.name));
        figures.into_iter().map(|figure| figure.name).collect()
    }

    /// Runs whose settings `change` makes differ, each with a falling `total_h`.
    fn runs(count: usize, change: impl Fn(usize, &mut Settings)) -> (Vec<RunRecord>, Vec<GradientRow>) {
        let mut runs: Vec<_> = (0..count).map(|n| run(&n.to_string(), 1)).collect();
        runs.iter_mut().enumerate().for_each(|(n, run)| change(n, &mut run.settings));
        let rows = runs.iter().flat_map(|run| line(&run.row.run_id, "total_h", 20, 0.0, -0.1)).collect();
        (runs, rows)
    }

    #[test]
    fn figures_names_tell_varying_settings_only() {
        let (same, rows) = runs(2, |n, run| run.seed = n as u64);
        assert_eq!(names(same, rows), ["total_h"]);
        let (shapes, rows) =
            runs(4, |n, run| (run.seq_len, run.hidden_size) = ([100, 200][n % 2], [8, 16][n / 2]));
        assert_eq!(
            names(shapes, rows),
            ["total_h-H8-T100", "total_h-H8-T200", "total_h-H16-T100", "total_h-H16-T200"]
        );
        let (within, rows) = runs(8, |n, run| {
            run.cell = Some([Rnn, Lstm][n % 2]);
            run.init = Some(["pytorch", "xavier"][n / 2 % 2].parse().unwrap());
            run.engine = Engines::one([EngineName::Stepwise, EngineName::Builtin][n / 4]);
        });
        assert_eq!(names(within, rows), ["total_h"]);
    }

    #[test]
    fn figures_after_training_are_apart_with_a_panel_per_learning_rate() {
        let (mixed, rows) = runs(3, |n, run| {
            run.kind = [ExperimentKind::Gradients, ExperimentKind::Training][n.min(1)];
            run.learning_rate = [None, Some(0.1), Some(0.2)][n];
        });
        let groups = groups(mixed, rows);
        let figures = figures(&groups);
        let names: Vec<_> = figures.iter().map(|figure| figure.name.as_str()).collect();
        assert_eq!(names, ["total_h", "total_h-after training"]);
        let svg = figures[1].svg();
        assert!(svg.contains(">lr=0.1<") && svg.contains(">lr=0.2<"), "{svg}");
    }

    #[test]
    fn figures_models_of_one_parameter_count_share_one() {
        let (sized, rows) = runs(2, |n, run| {
            (run.cell, run.hidden_size) = (Some([Rnn, Lstm][n]), [16, 8][n]);
        });
        assert_eq!(names(sized, rows), ["total_h"]);
    }

    #[test]
    fn figures_several_layers_have_one_each() {
        let (runs, mut rows) = runs(1, |_, run| run.layers = 2);
        let mut upper = rows.clone();
        upper.iter_mut().for_each(|row| row.layer = 1);
        rows.extend(upper);
        rows.extend(line("0", "input_x", 20, 0.0, -0.1));
        assert_eq!(names(runs, rows), ["total_h-layer0", "total_h-layer1", "input_x"]);
    }

    #[test]
    fn figures_direct_h_is_drawn_with_more_than_one_lag() {
        let runs = || [run("a", 1)];
        let last = curve("a", "direct_h", &[(0, Some(0.0)), (1, None), (2, None)]);
        assert!(names(runs(), last).is_empty());
        let sum = curve("a", "direct_h", &[(0, Some(0.0)), (1, Some(0.1)), (2, None)]);
        assert_eq!(names(runs(), sum), ["direct_h"]);
        assert!(names(runs(), curve("a", "direct_h", &[(0, Some(0.0))])).is_empty());
    }

    #[test]
    fn figures_one_lag_is_drawn_and_no_finite_norm_is_not() {
        let runs = || [run("a", 1)];
        assert_eq!(names(runs(), curve("a", "total_h", &[(0, Some(0.0))])), ["total_h"]);
        let nothing = [(0, None), (1, Some(f64::NAN)), (2, Some(f64::INFINITY))];
        assert!(names(runs(), curve("a", "total_h", &nothing)).is_empty());
    }

    #[test]
    fn figures_eighteen_inits_fit_the_page() {
        let (runs, rows) = runs(36, |n, run| {
            run.init = Some(format!("orthogonal({})", n / 2 + 1).parse().unwrap());
            run.cell = Some([Lstm, Rnn][n % 2]);
        });
        assert_eq!(names(runs, rows), ["total_h"]);
    }

    #[test]
    fn series_seed_without_norm_breaks_line() {
        let runs = [run("a", 1), run("b", 2)];
        let mut rows = curve("a", "total_h", &[(0, Some(0.0)), (1, Some(1.0)), (2, None), (3, Some(3.0))]);
        rows.extend(curve("b", "total_h", &[(0, Some(2.0)), (1, Some(1.0)), (2, Some(0.0)), (3, Some(5.0))]));
        let groups = groups(runs, rows);
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
