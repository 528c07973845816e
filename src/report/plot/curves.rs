//! Figures of curves over lag, over the number of an exponent, or over training steps: one a quantity and setting, a panel an init, a line a cell.

use super::Figure;
use super::inside::outside;
use super::legend::Key;
use super::panels::{self, Panel, Panels, Series, Stroke};
use super::quantities::{self, shown};
use super::style::{cell_colour, cells, engines};
use crate::report::group::{CurveGroup, LYAPUNOV};
use crate::report::point::{Setting, labels, varying, without};
use crate::report::training::{GRADIENT_NORM, VALID_LOG_LOSS, VALID_LOSS, VALID_SQUARES};
use crate::support::stats;

/// The figures of all groups that have a norm above 0.
pub fn figures(groups: &[CurveGroup]) -> Vec<Figure> {
    let outside = outside(groups.iter().map(|group| &group.point));
    let mut names: Vec<&str> = quantities::names().collect();
    for group in groups {
        if !names.contains(&group.quantity.as_str()) {
            names.push(&group.quantity);
        }
    }
    let mut figures = Vec::new();
    for name in names {
        let of_quantity: Vec<&CurveGroup> = groups.iter().filter(|group| group.quantity == name).collect();
        let several_layers = of_quantity.iter().any(|group| group.layer > 0);
        for (words, members) in split(&of_quantity, &outside, several_layers) {
            if is_worth_drawing(&members) {
                figures.push(figure(name, &words, &members, &outside));
            }
        }
    }
    figures
}

/// The groups of each figure, with the words that tell it from the others.
fn split<'a>(
    groups: &[&'a CurveGroup],
    outside: &[Setting],
    several_layers: bool,
) -> Vec<(Vec<String>, Vec<&'a CurveGroup>)> {
    let mut parts: Vec<(Vec<String>, Vec<&CurveGroup>)> = Vec::new();
    for group in groups {
        let mut words = labels(outside, &group.point);
        if several_layers {
            words.push(format!("layer{}", group.layer));
        }
        match parts.iter_mut().find(|(known, _)| *known == words) {
            Some((_, members)) => members.push(group),
            None => parts.push((words, vec![group])),
        }
    }
    parts
}

/// Whether any line has more than a point, or all have one because there is one lag (T = 1).
fn is_worth_drawing(groups: &[&CurveGroup]) -> bool {
    let most = |lags: fn(&CurveGroup) -> usize| groups.iter().map(|group| lags(group)).max().unwrap_or(0);
    let drawn = most(|group| group.by_x().values().filter(|norms| norms.len() == group.curves.len()).count());
    let is_direct = groups.iter().all(|group| group.quantity == "direct_h");
    drawn > 1 || (drawn == 1 && !is_direct && most(|group| group.by_x().len()) == 1)
}

fn figure(quantity: &str, words: &[String], groups: &[&CurveGroup], outside: &[Setting]) -> Figure {
    let (about, y_title) = shown(quantity);
    let (over, x_title) = match quantity {
        LYAPUNOV => ("their number", "number of the exponent"),
        VALID_LOSS | VALID_LOG_LOSS | VALID_SQUARES | GRADIENT_NORM => ("training steps", "training step"),
        _ => ("lag", "lag T − t (steps before the end of the sequence)"),
    };
    let points = || groups.iter().map(|group| &group.point);
    let inits: Vec<&str> = unique(points().map(|point| point.init.as_str()));
    let looks = Looks {
        cells: cells(points().map(|point| point.cell.as_str())),
        // A model without recurrent layers has no engine.
        engines: engines(points().map(|point| point.engine.as_str()).filter(|engine| !engine.is_empty())),
    };
    let panel = |init: &&str| {
        let of_panel = || groups.iter().copied().filter(|group| group.point.init == **init);
        Panel {
            title: if inits.len() > 1 { init.to_string() } else { String::new() },
            series: looks.series(of_panel()),
            level: of_panel().find_map(|group| group.chance).map(|chance| ("chance".to_string(), chance)),
        }
    };
    let over_seeds = over_seeds(quantity, groups);
    let told = [&varying(points())[..], outside, &[Setting::Cell]].concat();
    let fixed = without(&Setting::ALL, &told);
    let last_lag = groups.iter().flat_map(|group| group.by_x().into_keys().next_back()).max().unwrap_or(0);
    let panels = Panels {
        title: format!("{quantity}: {about}"),
        below_title: [words, &labels(&fixed, &groups[0].point), std::slice::from_ref(&over_seeds)].concat(),
        x_title: x_title.into(),
        y_title,
        x_high: last_lag as f64 + 1.0,
        least_height: if quantity == VALID_LOSS { 0.1 } else { 1.0 },
        panels: inits.iter().map(panel).collect(),
        keys: looks.keys(groups),
        keys_in_a_group: looks.engines.len(),
    };
    let name: Vec<&str> = std::iter::once(quantity).chain(words.iter().map(String::as_str)).collect();
    Figure {
        name: name.join("-"),
        title: name.join(", "),
        caption: format!("The {about}, over {over} ({over_seeds})."),
        drawing: panels::draw(&panels),
    }
}

/// What line and band are.
fn over_seeds(quantity: &str, groups: &[&CurveGroup]) -> String {
    let mean = if [VALID_LOSS, LYAPUNOV].contains(&quantity) { "mean" } else { "mean of log10" };
    let seeds = groups.iter().map(|group| group.curves.len());
    let mut text = match (seeds.clone().min(), seeds.max()) {
        (_, Some(1)) => "1 seed".to_string(),
        (Some(few), Some(many)) if few < many => {
            format!("line: {mean} over the seeds ({few} to {many}); band: smallest to largest seed")
        }
        (_, many) => format!("line: {mean} over {} seeds; band: smallest to largest seed", many.unwrap_or(0)),
    };
    if groups.iter().any(|group| group.by_x().values().any(|norms| norms.len() < group.curves.len())) {
        text.push_str("; nothing where a seed has no finite value above 0");
    }
    text
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    names.for_each(|name| {
        if !found.contains(&name) {
            found.push(name);
        }
    });
    found
}

/// How cells and engines are told apart: cells by colour; the first engine is a line, the others have
/// markers, so that they can be seen where they agree.
struct Looks {
    cells: Vec<String>,
    engines: Vec<String>,
}

impl Looks {
    fn key(&self, cell: &str, engine: &str) -> Key {
        let engine_place = self.engines.iter().position(|other| other == engine).unwrap_or(0);
        Key {
            label: if self.engines.len() > 1 && !engine.is_empty() {
                format!("{cell}, {engine}")
            } else {
                cell.to_string()
            },
            colour: cell_colour(cell, &self.cells),
            line: Some(if engine_place == 0 { 2.0 } else { 1.0 }),
            marker: engine_place.checked_sub(1),
            dot: false,
            dashed: false,
        }
    }

    /// The legend: every cell and engine that occurs.
    fn keys(&self, groups: &[&CurveGroup]) -> Vec<Key> {
        let occurs = |cell: &str, engine: &str| {
            groups.iter().any(|group| group.point.cell == cell && group.point.engine == engine)
        };
        let engines = || self.engines.iter().map(String::as_str).chain([""]);
        let pairs = self.cells.iter().flat_map(|cell| engines().map(move |engine| (cell, engine)));
        pairs
            .filter(|(cell, engine)| occurs(cell, engine))
            .map(|(cell, engine)| self.key(cell, engine))
            .collect()
    }

    fn series<'a>(&self, groups: impl Iterator<Item = &'a CurveGroup>) -> Vec<Series> {
        groups.map(|group| series(group, self.key(&group.point.cell, &group.point.engine))).collect()
    }
}

/// Mean and range over the seeds, where every seed has a norm above 0: over fewer they would jump.
fn series(group: &CurveGroup, key: Key) -> Series {
    let lags = group.by_x();
    let at_lag = |(lag, norms): (&usize, &Vec<f64>)| {
        let mean = stats::mean(norms).filter(|_| norms.len() == group.curves.len())?;
        let low = norms.iter().copied().fold(mean, f64::min);
        let high = norms.iter().copied().fold(mean, f64::max);
        Some(Stroke { x: *lag as f64, low, middle: mean, high })
    };
    Series { key, pieces: pieces(lags.iter().map(at_lag)) }
}

/// Cuts where there is nothing.
fn pieces<P>(points: impl Iterator<Item = Option<P>>) -> Vec<Vec<P>> {
    let mut pieces = vec![Vec::new()];
    for point in points {
        match (point, pieces.last_mut()) {
            (Some(point), Some(piece)) => piece.push(point),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::overlap::faults;
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
    fn names_tell_what_varies_and_nothing_else() {
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
    fn models_of_one_number_of_parameters_share_a_figure() {
        let (sized, rows) = runs(2, |n, run| {
            (run.cell, run.hidden_size) = (["rnn", "lstm"][n].into(), [16, 8][n]);
        });
        assert_eq!(names(&sized, rows), ["total_h"]);
    }

    #[test]
    fn layers_have_figures_of_their_own() {
        let (runs, mut rows) = runs(1, |_, run| run.layers = 2);
        let mut upper = rows.clone();
        upper.iter_mut().for_each(|row| row.layer = 1);
        rows.extend(upper);
        rows.extend(fake::line("0", "input_x", 20, 0.0, -0.1));
        assert_eq!(names(&runs, rows), ["total_h-layer0", "total_h-layer1", "input_x"]);
    }

    #[test]
    fn direct_h_is_drawn_where_it_has_more_than_one_lag() {
        let runs = [fake::run("a", 1)];
        let last = fake::curve("a", "direct_h", &[(0, Some(0.0)), (1, None), (2, None)]);
        assert!(names(&runs, last).is_empty());
        let sum = fake::curve("a", "direct_h", &[(0, Some(0.0)), (1, Some(0.1)), (2, None)]);
        assert_eq!(names(&runs, sum), ["direct_h"]);
        assert!(names(&runs, fake::curve("a", "direct_h", &[(0, Some(0.0))])).is_empty());
    }

    #[test]
    fn one_lag_is_drawn_and_nothing_above_zero_is_not() {
        let runs = [fake::run("a", 1)];
        assert_eq!(names(&runs, fake::curve("a", "total_h", &[(0, Some(0.0))])), ["total_h"]);
        let nothing = [(0, None), (1, Some(f64::NAN)), (2, Some(f64::INFINITY))];
        assert!(names(&runs, fake::curve("a", "total_h", &nothing)).is_empty());
    }

    #[test]
    fn eighteen_inits_and_unknown_names_are_drawn() {
        let (runs, rows) = runs(36, |n, run| {
            run.init = format!("orthogonal({})", n / 2);
            run.cell = ["lstm", "another"][n % 2].into();
        });
        assert_eq!(names(&runs, rows), ["total_h"]);
    }

    #[test]
    fn a_line_breaks_where_a_seed_has_no_norm() {
        let runs = [fake::run("a", 1), fake::run("b", 2)];
        let mut rows =
            fake::curve("a", "total_h", &[(0, Some(0.0)), (1, Some(1.0)), (2, None), (3, Some(3.0))]);
        rows.extend(fake::curve(
            "b",
            "total_h",
            &[(0, Some(2.0)), (1, Some(1.0)), (2, Some(0.0)), (3, Some(5.0))],
        ));
        let groups = group::gradients(&runs, rows);
        let looks = Looks { cells: vec!["lstm".into()], engines: vec!["stepwise".into()] };
        let drawn: Vec<Vec<_>> = looks.series(groups.iter())[0]
            .pieces
            .iter()
            .map(|piece| piece.iter().map(|s| (s.x, s.low, s.middle, s.high)).collect())
            .collect();
        assert_eq!(drawn, [vec![(0.0, 0.0, 1.0, 2.0), (1.0, 1.0, 1.0, 1.0)], vec![(3.0, 3.0, 4.0, 5.0)]]);
        assert!(figures(&groups)[0].caption.contains("nothing where a seed has no finite value above 0"));
    }
}
