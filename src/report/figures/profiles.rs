//! Figures of the gradient in the course of training: norms over lag, a panel per cell and init, a line
//! per recorded step, later steps darker.

use super::draw::legend::LineStyle;
use super::draw::panels::{self, BandPoint, Panel, Panels, Series, segments};
use super::draw::shapes::Colour;
use super::draw::style::early_to_late;
use super::facets;
use super::figure::Figure;
use super::quantities::{Quantity, quantity};
use crate::report::fields::{all, labels, varying, without};
use crate::report::group::ProfileGroup;
use crate::report::group_by::group_by;
use crate::settings::Settings;

/// The largest number of lines in a panel that a reader can tell apart.
const MAX_LINES: usize = 6;

/// The figures of all groups: of the adjoints of h and c, and of the gradient of the input.
pub fn figures(groups: &[ProfileGroup]) -> Vec<Figure> {
    let settings = facets::of_figures(groups.iter().map(|group| &group.point));
    let mut figures = Vec::new();
    for quantity in ["total_h", "total_c", "input_x"].into_iter().filter_map(quantity) {
        let of_quantity: Vec<_> = groups.iter().filter(|group| group.quantity == quantity.name).collect();
        let parts = facets::split(&of_quantity, &settings, |group| (&group.point, group.layer));
        let drawn = parts.iter().filter(|(_, members)| is_worth_drawing(members));
        figures.extend(drawn.map(|(words, members)| figure(quantity, words, members, &settings)));
    }
    figures
}

/// Returns true for several steps, with a line of more than a point.
fn is_worth_drawing(groups: &[&ProfileGroup]) -> bool {
    let has_line = |group: &&ProfileGroup| group.mean.values().flatten().count() > 1;
    chosen_steps(groups).len() > 1 && groups.iter().any(has_line)
}

/// All recorded steps, or [`MAX_LINES`] of them, evenly, with the first and the last.
fn chosen_steps(groups: &[&ProfileGroup]) -> Vec<usize> {
    let mut steps: Vec<usize> = groups.iter().map(|group| group.step).collect();
    steps.sort();
    steps.dedup();
    if steps.len() <= MAX_LINES {
        return steps;
    }
    (0..MAX_LINES).map(|n| steps[n * (steps.len() - 1) / (MAX_LINES - 1)]).collect()
}

fn figure(quantity: &Quantity, words: &[String], groups: &[&ProfileGroup], settings: &[&str]) -> Figure {
    let steps = chosen_steps(groups);
    let style = |n: usize| LineStyle::line(format!("step {}", steps[n]), colour(n, steps.len()), 1.6);
    let points = group_by(groups.iter().copied(), |group| group.point.clone());
    let vary = varying(points.iter().map(|(point, _)| point));
    let panel = |(point, members): &(Settings, Vec<&ProfileGroup>)| {
        let line = |group: &&ProfileGroup| {
            let n = steps.iter().position(|step| *step == group.step)?;
            Some(Series { style: style(n), segments: line(group) })
        };
        Panel {
            title: panel_title(point, &vary),
            level: None,
            series: members.iter().filter_map(line).collect(),
        }
    };
    // The title names the loss: that of the task.
    let named = [&["cell", "init", "loss"], settings, &vary].concat();
    let fixed = labels(&without(&all(), &named), &groups[0].point);
    let seeds = over_seeds(groups);
    let last_lag = groups.iter().filter_map(|group| group.mean.keys().next_back()).max();
    let panels = Panels {
        title: format!("{}: norm over lag in the course of training", quantity.name),
        below_title: [words, &fixed, std::slice::from_ref(&seeds)].concat(),
        x_title: quantity.over.title().into(),
        x_high: last_lag.copied().unwrap_or(0) as f64 + 1.0,
        min_span: 1.0,
        y_title: quantity.y_title(),
        panels: points.iter().map(panel).collect(),
        legend: (0..steps.len()).map(style).collect(),
        legend_group: steps.len(),
    };
    let name = [&["during", "training"].map(String::from), words].concat();
    Figure {
        name: format!("{}-{}", quantity.name, name.join("-")),
        title: [&[format!("{} during training", quantity.name)], words].concat().join(", "),
        caption: format!(
            "The {}, over lag, for the loss of the task on the first held-out batch. A line is a step of \
             training, later steps are darker ({seeds}).",
            quantity.about
        ),
        drawing: panels::draw(&panels),
    }
}

/// Cell and init, and the other settings that vary within the figure.
fn panel_title(point: &Settings, vary: &[&str]) -> String {
    let others = without(vary, &["model", "cell", "init", "hidden_size"]);
    [vec![facets::line(point)], labels(&["init"], point), labels(&others, point)].concat().join(", ")
}

fn colour(n: usize, count: usize) -> Colour {
    early_to_late(n as f64 / (count.max(2) - 1) as f64)
}

/// The meaning of a line.
fn over_seeds(groups: &[&ProfileGroup]) -> String {
    match groups.iter().map(|group| group.seeds).max() {
        Some(1) | None => "1 seed".to_string(),
        Some(most) => format!("line: mean over the seeds that reached the step, at most {most}"),
    }
}

/// The line, with a gap where there is no norm.
fn line(group: &ProfileGroup) -> Vec<Vec<BandPoint>> {
    let point = |x: usize, y: f64| BandPoint { x: x as f64, low: y, middle: y, high: y };
    segments(group.mean.iter().map(|(lag, norm)| norm.map(|norm| point(*lag, norm))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{self, Lstm, Rnn};
    use crate::report::figures::draw::layout_check::faults;
    use crate::settings::names::ExperimentKind;

    fn group(cell: CellName, quantity: &str, layer: usize, step: usize) -> ProfileGroup {
        let init = Some("pytorch".parse().unwrap());
        let point =
            Settings { cell: Some(cell), init, seq_len: 30, ..Settings::blank(ExperimentKind::Training) };
        let slope = -0.1 / (1.0 + step as f64);
        let mean = (0..30).map(|lag| (lag, (lag != 7).then_some(slope * lag as f64))).collect();
        ProfileGroup { point, quantity: quantity.into(), layer, step, seeds: 2, mean }
    }

    fn names(groups: &[ProfileGroup]) -> Vec<String> {
        let figures = figures(groups);
        figures.iter().for_each(|f| assert_eq!(faults(&f.drawing), Vec::<String>::new(), "{}", f.name));
        figures.into_iter().map(|figure| figure.name).collect()
    }

    #[test]
    fn figures_one_per_quantity_and_layer() {
        let mut groups = Vec::new();
        for (cell, layer, step) in
            [(Rnn, 0, 0), (Rnn, 0, 5), (Lstm, 0, 0), (Lstm, 0, 5), (Lstm, 1, 0), (Lstm, 1, 5)]
        {
            groups.push(group(cell, "total_h", layer, step));
        }
        groups.extend([
            group(Lstm, "input_x", 0, 0),
            group(Lstm, "input_x", 0, 5),
            group(Lstm, "direct_h", 0, 0),
        ]);
        let expected =
            ["total_h-during-training-layer0", "total_h-during-training-layer1", "input_x-during-training"];
        assert_eq!(names(&groups), expected);
    }

    #[test]
    fn figures_one_step_is_not_drawn() {
        assert!(names(&[group(Rnn, "total_h", 0, 3)]).is_empty());
    }

    #[test]
    fn chosen_steps_many_are_thinned_with_first_and_last() {
        let groups: Vec<_> = (0..=40).map(|n| group(Rnn, "total_h", 0, 10 * n)).collect();
        assert_eq!(chosen_steps(&groups.iter().collect::<Vec<_>>()), [0, 80, 160, 240, 320, 400]);
        assert_eq!(names(&groups), ["total_h-during-training"]);
    }
}
