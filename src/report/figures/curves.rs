//! Figures of curves over lag, over the number of an exponent, or over training steps: a figure per quantity.

use super::context::Context;
use super::draw::axis::Scale;
use super::draw::chart::{Panel, Panels};
use super::figure::{Chart, Figure};
use super::layout::{Layout, Lines};
use super::lines::{chance_entry, chance_of_curves, levels, place, series, x_range};
use super::paths;
use super::quantities::{Over, QUANTITIES, Quantity};
use super::range::{cut, has_bundle, lag_scale, y_range};
use super::ratio;
use super::words::{SHIFTED, over_seeds, remarks};
use crate::report::group::CurveGroup;
use crate::report::group_by::group_by;
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// The figures of all groups that have a norm above 0. Gradients after training have figures of their own.
pub fn figures(groups: &[CurveGroup], context: Context) -> Vec<Figure> {
    let kinds = group_by(groups, |group| group.point.kind);
    kinds.iter().flat_map(|(_, groups)| of_kind(groups, context)).collect()
}

fn of_kind(groups: &[&CurveGroup], context: Context) -> Vec<Figure> {
    let points: Vec<&Settings> = groups.iter().map(|group| &group.point).collect();
    let ratios = ratio::groups(groups);
    let all: Vec<&CurveGroup> = groups.iter().copied().chain(&ratios).collect();
    let mut figures = paths::shares(groups, context);
    for quantity in QUANTITIES.iter().filter(|quantity| !paths::NAMES.contains(&quantity.name)) {
        let of_quantity = all.iter().copied().filter(|group| group.quantity == quantity.name);
        let of_quantity: Vec<&CurveGroup> = of_quantity.collect();
        let layers = of_quantity.iter().map(|group| group.layer + 1).max().unwrap_or(0);
        let lines = if quantity.over == Over::Steps { Lines::Steps } else { Lines::Curves };
        let layout = Layout::new(&points, layers, lines, None, &context.plot);
        let parts = layout.split(&of_quantity, place);
        let drawn = parts.iter().filter(|(_, members)| is_worth_drawing(members));
        figures.extend(drawn.map(|(words, members)| figure(quantity, words, members, &layout, context)));
    }
    figures.extend(paths::norms(groups, context));
    figures
}

/// Returns true if any line has more than a point, or if every line has one because there is one lag (T = 1).
fn is_worth_drawing(groups: &[&CurveGroup]) -> bool {
    let most = |lags: fn(&CurveGroup) -> usize| groups.iter().map(|group| lags(group)).max().unwrap_or(0);
    let drawn = most(|group| group.by_x().values().filter(|norms| norms.len() == group.curves.len()).count());
    let is_direct = groups.iter().all(|group| group.quantity == "direct_h");
    drawn > 1 || (drawn == 1 && !is_direct && most(|group| group.by_x().len()) == 1)
}

fn figure(
    quantity: &Quantity,
    words: &[String],
    groups: &[&CurveGroup],
    layout: &Layout,
    context: Context,
) -> Figure {
    let is_after = quantity.over == Over::Lag && groups[0].point.kind == ExperimentKind::Training;
    let after: &[String] = if is_after { &["after training".to_string()] } else { &[] };
    let of_scale = |scale: Scale| {
        let panels = panels(quantity, groups, layout, (scale, context));
        let mut y = y_range(&panels, quantity.y_title(), quantity.scale(), quantity.min_span());
        let cut = cut(quantity, &mut y, &panels);
        (scale, panels, y, cut)
    };
    let found = of_scale(match quantity.over {
        Over::Lag => lag_scale(groups),
        Over::Position => Scale::Logarithmic,
        _ => Scale::Whole,
    });
    let is_bundle = found.3.is_some() && quantity.over == Over::Lag && has_bundle(&found.1, &found.2);
    let (x_scale, panels, y, cut) = if is_bundle { of_scale(Scale::Shifted) } else { found };
    let over_seeds = over_seeds(quantity, groups);
    let fixed = layout.fixed(&groups[0].point, &[]);
    let points = groups.iter().map(|group| &group.point);
    let chart = Panels {
        title: [&[quantity.title.to_string()], after].concat().join(", "),
        below_title: [words, &fixed, std::slice::from_ref(&over_seeds)].concat(),
        x: x_range(quantity, groups, x_scale),
        y,
        legend: layout.legend(points).into_iter().chain(chance_entry(&panels)).collect(),
        panels,
    };
    let name = [&[quantity.name.to_string()], after, words].concat();
    let mut caption =
        format!("The {} ({}), over {} ({over_seeds}).", quantity.about, quantity.name, quantity.over.words());
    caption += &remarks(quantity, groups, cut, context);
    if x_scale == Scale::Shifted {
        caption += SHIFTED;
    }
    Figure::new(name.join("-"), caption, Chart::Panels(chart.thinned()))
}

/// The panels with a line; all of them if none has one.
fn panels(
    quantity: &Quantity,
    groups: &[&CurveGroup],
    layout: &Layout,
    (x_scale, context): (Scale, Context),
) -> Vec<Panel> {
    let panel = |(title, members): (String, Vec<&CurveGroup>)| Panel {
        title,
        series: chance_of_curves(quantity, &members)
            .into_iter()
            .chain(members.iter().map(|group| series(group, layout, x_scale)))
            .collect(),
        levels: levels(quantity, &members, context),
    };
    let panels: Vec<Panel> = layout.panels(groups, place).into_iter().map(panel).collect();
    let has_line = |panel: &Panel| {
        panel.series.iter().flat_map(|series| &series.segments).any(|segment| segment.len() > 1)
    };
    let (with, without): (Vec<Panel>, Vec<Panel>) = panels.into_iter().partition(has_line);
    if with.is_empty() { without } else { with }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Lstm, Rnn};
    use crate::config::spec::Plot;
    use crate::engine::EngineName;
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::fixtures::{curve, line, results, run};
    use crate::report::group::Curves;
    use crate::results::RunRecord;
    use crate::results::schema::GradientRow;
    use crate::settings::names::LossName;
    use crate::settings::{Engines, Settings};

    fn groups(runs: impl IntoIterator<Item = RunRecord>, rows: Vec<GradientRow>) -> Vec<CurveGroup> {
        Curves::of_gradients(&results(runs), rows).groups()
    }

    fn names(runs: impl IntoIterator<Item = RunRecord>, rows: Vec<GradientRow>) -> Vec<String> {
        let figures = figures(&groups(runs, rows), Context::default());
        figures.iter().for_each(|figure| {
            assert_eq!(faults(&figure.drawing()), Vec::<String>::new(), "{}", figure.name)
        });
        figures.into_iter().map(|figure| figure.name).collect()
    }

    /// Runs whose settings `change` makes differ, each with a falling `total_h`.
    fn runs(count: usize, change: impl Fn(usize, &mut Settings)) -> (Vec<RunRecord>, Vec<GradientRow>) {
        let mut runs: Vec<_> = (0..count).map(|n| run(&n.to_string(), 1)).collect();
        runs.iter_mut().enumerate().for_each(|(n, run)| change(n, &mut run.settings));
        let rows = runs.iter().flat_map(|run| line(&run.row.run_id, "total_h", 20, 0.0, -0.1)).collect();
        (runs, rows)
    }

    fn svg_of(runs: Vec<RunRecord>, rows: Vec<GradientRow>, plot: Plot) -> String {
        let context = Context { plot, ..Context::default() };
        let figures = figures(&groups(runs, rows), context);
        assert_eq!(figures.len(), 1);
        assert_eq!(faults(&figures[0].drawing()), Vec::<String>::new());
        figures[0].svg()
    }

    #[test]
    fn figures_any_swept_setting_is_a_line_or_a_panel() {
        let (layers, rows) = runs(3, |n, run| run.layers = [1, 2, 4][n]);
        let svg = svg_of(layers, rows, Plot::default());
        let order = ["L1", "L2", "L4"].map(|label| svg.find(&format!(">{label}<")).expect(label));
        assert!(order.is_sorted(), "{svg}");
        let (shapes, rows) =
            runs(4, |n, run| (run.seq_len, run.hidden_size) = ([100, 200][n % 2], [8, 16][n / 2]));
        let svg = svg_of(shapes, rows, Plot::default());
        assert!(
            ["T100", "T200", "H8", "H16"].iter().all(|label| svg.contains(&format!(">{label}<"))),
            "{svg}"
        );
        assert!(svg.contains("stroke-dasharray"));
        let (within, rows) = runs(8, |n, run| {
            run.cell = Some([Rnn, Lstm][n % 2]);
            run.init = Some(["pytorch", "xavier"][n / 2 % 2].parse().unwrap());
            run.engine = Engines::one([EngineName::Stepwise, EngineName::Builtin][n / 4]);
        });
        assert_eq!(names(within, rows), ["total_h"]);
    }

    #[test]
    fn figures_the_config_chooses_colour_and_panels() {
        let grid = || {
            runs(6, |n, run| {
                (run.cell, run.layers) = (Some([Rnn, Lstm][n % 2]), [1, 2, 4][n / 2]);
            })
        };
        let (all, rows) = grid();
        let facet = Plot { facet: Some("layers"), ..Plot::default() };
        let svg = svg_of(all, rows, facet);
        assert!(svg.contains("font-weight=\"bold\">L4<"), "a panel has a bold title: {svg}");
        let (all, rows) = grid();
        let colour = Plot { colour: Some("layers"), ..Plot::default() };
        assert!(svg_of(all, rows, colour).contains("font-weight=\"bold\">lstm<"));
    }

    #[test]
    fn figures_many_ordered_inits_are_lines_in_a_panel_per_cell() {
        let (biases, rows) = runs(10, |n, run| {
            run.cell = Some([Rnn, Lstm][n % 2]);
            run.init = Some(format!("pytorch+forget_bias({})", n / 2).parse().unwrap());
        });
        let svg = svg_of(biases, rows, Plot::default());
        assert!(
            svg.contains("font-weight=\"bold\">lstm<") && svg.contains(">pytorch+forget_bias(4)<"),
            "{svg}"
        );
    }

    #[test]
    fn figures_after_training_are_apart_with_a_panel_per_learning_rate() {
        let (mixed, rows) = runs(4, |n, run| {
            run.kind = [ExperimentKind::Gradients, ExperimentKind::Training][n.min(1)];
            run.cell = Some([Rnn, Rnn, Lstm, Rnn][n]);
            run.learning_rate = [None, Some(0.1), Some(0.2), Some(0.2)][n];
        });
        let failed = [(ExperimentKind::Training, 2)];
        let context = Context { failed: &failed, ..Context::default() };
        let facet = Plot { facet: Some("learning_rate"), ..Plot::default() };
        let figures = figures(&groups(mixed, rows), Context { plot: facet, ..context });
        let names: Vec<_> = figures.iter().map(|figure| figure.name.as_str()).collect();
        assert_eq!(names, ["total_h", "total_h-after training"]);
        let svg = figures[1].svg();
        assert!(svg.contains(">lr=0.1<") && svg.contains(">lr=0.2<"), "{svg}");
        let captions: Vec<bool> = figures.iter().map(|f| f.caption.contains("2 runs failed")).collect();
        assert_eq!(captions, [false, true]);
    }

    #[test]
    fn figures_models_of_one_parameter_count_share_one() {
        let (sized, rows) = runs(2, |n, run| {
            (run.cell, run.hidden_size) = (Some([Rnn, Lstm][n]), [16, 8][n]);
        });
        assert_eq!(names(sized, rows), ["total_h"]);
    }

    #[test]
    fn figures_several_layers_have_a_panel_each() {
        let (runs, mut rows) = runs(1, |_, run| run.layers = 2);
        let mut upper = rows.clone();
        upper.iter_mut().for_each(|row| row.layer = 1);
        rows.extend(upper);
        rows.extend(line("0", "input_x", 20, 0.0, -0.1));
        assert_eq!(names(runs, rows), ["total_h", "input_x"]);
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
        let layout = Layout::new(&[&groups[0].point], 1, Lines::Curves, None, &Plot::default());
        let drawn: Vec<Vec<_>> = series(&groups[0], &layout, Scale::Whole)
            .segments
            .iter()
            .map(|segment| segment.iter().map(|s| (s.x, s.low, s.middle, s.high)).collect())
            .collect();
        assert_eq!(drawn, [vec![(0.0, 0.0, 1.0, 2.0), (1.0, 1.0, 1.0, 1.0)], vec![(3.0, 3.0, 4.0, 5.0)]]);
        let figures = figures(&groups, Context::default());
        assert!(figures[0].caption.contains("A gap: some seed has no finite value above 0"));
        let xs: Vec<String> = figures[0].data().into_iter().map(|row| row.x).collect();
        assert_eq!(xs, ["0", "1", "3"], "the CSV file has the points that are drawn");
    }

    #[test]
    fn figures_lags_are_logarithmic_where_all_lines_of_a_panel_leave_it_at_once() {
        let scale = |slope: f64| {
            let (runs, _) = runs(2, |n, run| run.init = Some(["pytorch", "xavier"][n].parse().unwrap()));
            let rows =
                [line("0", "total_h", 501, 0.0, -0.002), line("1", "total_h", 501, 0.0, slope)].concat();
            let plot = Plot { facet: Some("init"), ..Plot::default() };
            let figures = figures(&groups(runs, rows), Context { plot, ..Context::default() });
            assert_eq!(faults(&figures[0].drawing()), Vec::<String>::new());
            let Chart::Panels(chart) = &figures[0].chart else { panic!("it has panels") };
            chart.x.scale
        };
        assert_eq!(scale(-0.5), Scale::Shifted);
        assert_eq!(scale(-0.05), Scale::Whole);
    }

    #[test]
    fn figures_panel_without_a_line_is_left_out_beside_others() {
        let (mixed, _) = runs(2, |n, run| run.loss = [Some(LossName::Last), Some(LossName::Task)][n]);
        let last = curve("0", "direct_h", &[(0, Some(0.0)), (1, None), (2, None)]);
        let rows = [last, line("1", "direct_h", 3, 0.0, -0.1)].concat();
        let plot = Plot { facet: Some("loss"), ..Plot::default() };
        let figures = figures(&groups(mixed, rows), Context { plot, ..Context::default() });
        let Chart::Panels(chart) = &figures[0].chart else { panic!("it has panels") };
        let titles: Vec<&str> = chart.panels.iter().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["loss=task"]);
    }

    #[test]
    fn figures_steep_line_is_cut_where_a_flat_one_would_not_be_seen() {
        let mut flat = run("a", 1);
        flat.settings.cell = Some(Rnn);
        let rows = [line("a", "total_h", 101, 0.0, -0.02), line("b", "total_h", 101, 0.0, -3.0)].concat();
        let figures = figures(&groups([flat, run("b", 1)], rows), Context::default());
        assert!(figures[0].caption.contains("steeper lines leave it"), "{}", figures[0].caption);
        let Chart::Panels(chart) = &figures[0].chart else { panic!("it has panels") };
        assert!((-30.0..-10.0).contains(&chart.y.low), "{}", chart.y.low);
        assert_eq!(faults(&figures[0].drawing()), Vec::<String>::new());
    }
}
