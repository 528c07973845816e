//! Figures of what learning does to the gradient: norms over lag, a panel a cell and init, a line a recorded step of training,
//! the later the darker.

use super::Figure;
use super::canvas::Colour;
use super::inside::{INSIDE, outside};
use super::legend::Key;
use super::panels::{self, Panel, Panels, Series, Stroke};
use super::quantities::shown;
use super::style::early_to_late;
use crate::report::point::{Point, Setting, labels, varying, without};
use crate::report::profile::ProfileGroup;

/// More lines than so many in a panel cannot be told apart.
const MOST_LINES: usize = 6;

/// The figures of all groups: of the adjoints of h and c, and of the input's gradient.
pub fn figures(groups: &[ProfileGroup]) -> Vec<Figure> {
    let outside = outside(groups.iter().map(|group| &group.point));
    let mut figures = Vec::new();
    for quantity in ["total_h", "total_c", "input_x"] {
        let of_quantity = groups.iter().filter(|group| group.quantity == quantity);
        let several_layers = of_quantity.clone().any(|group| group.layer > 0);
        let mut parts: Vec<(Vec<String>, Vec<&ProfileGroup>)> = Vec::new();
        for group in of_quantity {
            let mut words = labels(&outside, &group.point);
            words.extend(several_layers.then(|| format!("layer{}", group.layer)));
            match parts.iter_mut().find(|(known, _)| *known == words) {
                Some((_, members)) => members.push(group),
                None => parts.push((words, vec![group])),
            }
        }
        let worth = |members: &[&ProfileGroup]| {
            chosen_steps(members).len() > 1 && members.iter().any(|group| drawn(group).count() > 1)
        };
        figures.extend(
            parts
                .iter()
                .filter(|(_, members)| worth(members))
                .map(|(words, of)| figure(quantity, words, of, &outside)),
        );
    }
    figures
}

/// Of the steps that were recorded: all, or so many, evenly, with the first and the last.
fn chosen_steps(groups: &[&ProfileGroup]) -> Vec<usize> {
    let mut steps: Vec<usize> = groups.iter().map(|group| group.step).collect();
    steps.sort();
    steps.dedup();
    if steps.len() <= MOST_LINES {
        return steps;
    }
    (0..MOST_LINES).map(|n| steps[n * (steps.len() - 1) / (MOST_LINES - 1)]).collect()
}

fn drawn(group: &ProfileGroup) -> impl Iterator<Item = (usize, f64)> + '_ {
    group.mean.iter().filter_map(|(lag, norm)| Some((*lag, (*norm)?)))
}

fn figure(quantity: &str, words: &[String], groups: &[&ProfileGroup], outside: &[Setting]) -> Figure {
    let (about, y_title) = shown(quantity);
    let steps = chosen_steps(groups);
    let key = |n: usize| Key {
        label: format!("step {}", steps[n]),
        colour: colour(n, steps.len()),
        line: Some(1.6),
        marker: None,
        dot: false,
        dashed: false,
    };
    let mut points: Vec<&Point> = Vec::new();
    for group in groups {
        if !points.contains(&&group.point) {
            points.push(&group.point);
        }
    }
    let several_engines = varying(points.iter().copied()).contains(&Setting::Engine);
    let panel = |point: &&Point| {
        let of_point = groups.iter().filter(|group| group.point == **point);
        let line = |group: &&&ProfileGroup| {
            let n = steps.iter().position(|step| *step == group.step)?;
            Some(Series { key: key(n), pieces: pieces(group) })
        };
        let engine = several_engines.then(|| point.engine.clone());
        let title = [Some(point.cell.clone()), Some(point.init.clone()), engine];
        let title: Vec<String> = title.into_iter().flatten().filter(|word| !word.is_empty()).collect();
        Panel {
            title: title.join(", "),
            level: None,
            series: of_point.filter_map(|group| line(&group)).collect(),
        }
    };
    // The loss is named by the figure: it is that of the task, while it is learned.
    let told = [&INSIDE[..], outside, &varying(points.iter().copied()), &[Setting::Loss]].concat();
    let seeds = over_seeds(groups);
    let last_lag =
        groups.iter().filter_map(|group| group.mean.keys().next_back()).max().copied().unwrap_or(0);
    let panels = Panels {
        title: format!("{quantity}: what training does to the norm over lag"),
        below_title: [
            words,
            &labels(&without(&Setting::ALL, &told), &groups[0].point),
            std::slice::from_ref(&seeds),
        ]
        .concat(),
        x_title: "lag T − t (steps before the end of the sequence)".into(),
        x_high: last_lag as f64 + 1.0,
        least_height: 1.0,
        y_title,
        panels: points.iter().map(panel).collect(),
        keys: (0..steps.len()).map(key).collect(),
        keys_in_a_group: steps.len(),
    };
    let tail = words.iter().map(String::as_str);
    let name: Vec<&str> = [quantity, "during", "training"].into_iter().chain(tail.clone()).collect();
    let title: Vec<String> =
        std::iter::once(format!("{quantity} during training")).chain(tail.map(String::from)).collect();
    Figure {
        name: name.join("-"),
        title: title.join(", "),
        caption: format!(
            "The {about}, over lag, after so many steps of training (the darker the later), of the task's own loss on the first \
             held-out batch ({seeds})."
        ),
        drawing: panels::draw(&panels),
    }
}

fn colour(n: usize, count: usize) -> Colour {
    early_to_late(n as f64 / (count.max(2) - 1) as f64)
}

/// What a line is.
fn over_seeds(groups: &[&ProfileGroup]) -> String {
    match groups.iter().map(|group| group.seeds).max() {
        Some(1) | None => "1 seed".to_string(),
        Some(most) => format!("line: mean over the seeds that came to the step ({most} at most)"),
    }
}

/// The line, cut where there is nothing.
fn pieces(group: &ProfileGroup) -> Vec<Vec<Stroke>> {
    let mut pieces = vec![Vec::new()];
    for (lag, norm) in &group.mean {
        match (norm, pieces.last_mut()) {
            (Some(y), Some(piece)) => piece.push(Stroke { x: *lag as f64, low: *y, middle: *y, high: *y }),
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

    fn group(cell: &str, quantity: &str, layer: usize, step: usize) -> ProfileGroup {
        let point = Point { cell: cell.into(), init: "pytorch".into(), seq_len: 30, ..Point::default() };
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
    fn a_figure_a_quantity_and_layer_and_a_panel_a_cell() {
        let mut groups = Vec::new();
        for (cell, layer, step) in
            [("rnn", 0, 0), ("rnn", 0, 5), ("lstm", 0, 0), ("lstm", 0, 5), ("lstm", 1, 0), ("lstm", 1, 5)]
        {
            groups.push(group(cell, "total_h", layer, step));
        }
        groups.extend([
            group("lstm", "input_x", 0, 0),
            group("lstm", "input_x", 0, 5),
            group("lstm", "direct_h", 0, 0),
        ]);
        let expected =
            ["total_h-during-training-layer0", "total_h-during-training-layer1", "input_x-during-training"];
        assert_eq!(names(&groups), expected);
    }

    #[test]
    fn one_step_shows_no_change_and_is_not_drawn() {
        assert!(names(&[group("rnn", "total_h", 0, 3)]).is_empty());
    }

    #[test]
    fn of_many_steps_some_are_shown_the_first_and_the_last_among_them() {
        let groups: Vec<_> = (0..=40).map(|n| group("rnn", "total_h", 0, 10 * n)).collect();
        assert_eq!(chosen_steps(&groups.iter().collect::<Vec<_>>()), [0, 80, 160, 240, 320, 400]);
        assert_eq!(names(&groups), ["total_h-during-training"]);
    }
}
