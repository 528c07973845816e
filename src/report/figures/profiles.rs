//! Figures of the network in the course of training: norms over lag and Lyapunov exponents, a panel per cell
//! and init, a line per recorded moment, later ones darker.

use super::draw::axis::Scale;
use super::draw::chart::{BandPoint, Panel, Panels, Range, Series, Spread, segments};
use super::draw::legend::LineStyle;
use super::draw::shapes::Colour;
use super::draw::style::early_to_late;
use super::figure::{Chart, Figure};
use super::layout::{Layout, Lines};
use super::quantities::{Over, Quantity, quantity};
use super::range::{cut, y_range};
use crate::config::spec::Plot;
use crate::report::group::{LYAPUNOV, Moment, ProfileGroup};
use crate::settings::Settings;

/// The largest number of lines in a panel that a reader can tell apart.
const MAX_LINES: usize = 6;

/// The figures of all groups: of the adjoints of h and of carried states, of the gradient of the input, and
/// of the exponents.
pub fn figures(groups: &[ProfileGroup], plot: &Plot) -> Vec<Figure> {
    let points: Vec<&Settings> = groups.iter().map(|group| &group.point).collect();
    let mut figures = Vec::new();
    let names = ["total_h", "total_c", "total_n", "total_z", "total_im", "input_x", LYAPUNOV];
    for quantity in names.into_iter().filter_map(quantity) {
        let of_quantity: Vec<_> = groups.iter().filter(|group| group.quantity == quantity.name).collect();
        let layers = of_quantity.iter().map(|group| group.layer + 1).max().unwrap_or(0);
        let layout = Layout::new(&points, layers, Lines::Own, None, plot);
        let parts = layout.split(&of_quantity, |group| (&group.point, group.layer));
        let drawn = parts.iter().filter(|(_, members)| is_worth_drawing(members));
        figures.extend(drawn.map(|(words, members)| figure(quantity, words, members, &layout)));
    }
    figures
}

/// Returns true for several steps, with a line of more than a point.
fn is_worth_drawing(groups: &[&ProfileGroup]) -> bool {
    let has_line = |group: &&ProfileGroup| group.mean.values().flatten().count() > 1;
    chosen_moments(groups).len() > 1 && groups.iter().any(has_line)
}

/// All recorded moments, or [`MAX_LINES`] of them, evenly, with the first and the last.
fn chosen_moments(groups: &[&ProfileGroup]) -> Vec<Moment> {
    let mut moments: Vec<Moment> = groups.iter().map(|group| group.moment).collect();
    moments.sort();
    moments.dedup();
    if moments.len() <= MAX_LINES {
        return moments;
    }
    (0..MAX_LINES).map(|n| moments[n * (moments.len() - 1) / (MAX_LINES - 1)]).collect()
}

fn in_words(moment: Moment) -> String {
    match moment {
        Moment::Step(step) => format!("step {step}"),
        Moment::End => "end of the run".to_string(),
    }
}

fn figure(quantity: &Quantity, words: &[String], groups: &[&ProfileGroup], layout: &Layout) -> Figure {
    let moments = chosen_moments(groups);
    let style = |n: usize| LineStyle::line(in_words(moments[n]), colour(n, moments.len()), 1.8);
    let panel = |(title, members): (String, Vec<&ProfileGroup>)| {
        let line = |group: &&ProfileGroup| {
            let n = moments.iter().position(|moment| *moment == group.moment)?;
            let (name, style) = (style(n).label, style(n));
            Some(Series { name, style, spread: Spread::Band, segments: line(group) })
        };
        Panel { title, levels: vec![], series: members.iter().filter_map(line).collect() }
    };
    let panels: Vec<Panel> =
        layout.panels(groups, |group| (&group.point, group.layer)).into_iter().map(panel).collect();
    let mut y = y_range(&panels, quantity.y_title(), quantity.scale(), quantity.min_span());
    let cut = cut(quantity, &mut y, &panels).unwrap_or_default();
    // The caption names the loss: that of the task.
    let fixed = layout.fixed(&groups[0].point, &["loss"]);
    let seeds = over_seeds(quantity, groups);
    let keys = || groups.iter().flat_map(|group| group.mean.keys().copied());
    let (low, high) = (keys().min().unwrap_or(0) as f64, keys().max().unwrap_or(0).max(1) as f64);
    let chart = Panels {
        title: format!("{}, during training", quantity.title),
        below_title: [words, &fixed, std::slice::from_ref(&seeds)].concat(),
        x: Range { title: quantity.over.title().into(), scale: Scale::Whole, low, high },
        y,
        panels,
        legend: (0..moments.len()).map(style).collect(),
    };
    let name = [&["during", "training"].map(String::from), words].concat();
    let caption = format!(
        "The {} ({}), over {}, {}. A line is a moment of training, later moments are darker ({seeds}).{cut}",
        quantity.about,
        quantity.name,
        quantity.over.words(),
        if quantity.over == Over::Lag {
            "for the loss of the task on the first held-out batch"
        } else {
            "on the first held-out sequence"
        },
    );
    let name = format!("{}-{}", quantity.name, name.join("-"));
    Figure::new(name, caption, Chart::Panels(chart.thinned()))
}

fn colour(n: usize, count: usize) -> Colour {
    early_to_late(n as f64 / (count.max(2) - 1) as f64)
}

/// The meaning of a line.
fn over_seeds(quantity: &Quantity, groups: &[&ProfileGroup]) -> String {
    let mean = quantity.mean();
    match groups.iter().map(|group| group.seeds).max() {
        Some(1) | None => "1 seed".to_string(),
        Some(most) => format!("line: {mean} over the seeds that were recorded then, at most {most}"),
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
        ProfileGroup { point, quantity: quantity.into(), layer, moment: Moment::Step(step), seeds: 2, mean }
    }

    fn names(groups: &[ProfileGroup]) -> Vec<String> {
        let figures = figures(groups, &Plot::default());
        figures.iter().for_each(|f| assert_eq!(faults(&f.drawing()), Vec::<String>::new(), "{}", f.name));
        figures.into_iter().map(|figure| figure.name).collect()
    }

    #[test]
    fn figures_one_per_quantity_with_a_panel_per_layer() {
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
        assert_eq!(names(&groups), ["total_h-during-training", "input_x-during-training"]);
    }

    #[test]
    fn figures_one_step_is_not_drawn() {
        assert!(names(&[group(Rnn, "total_h", 0, 3)]).is_empty());
    }

    #[test]
    fn chosen_moments_many_are_thinned_with_first_and_last() {
        let mut groups: Vec<_> = (0..=40).map(|n| group(Rnn, "total_h", 0, 10 * n)).collect();
        let expected = [0, 80, 160, 240, 320, 400].map(Moment::Step);
        assert_eq!(chosen_moments(&groups.iter().collect::<Vec<_>>()), expected);
        groups[3].moment = Moment::End;
        assert_eq!(chosen_moments(&groups.iter().collect::<Vec<_>>()).last(), Some(&Moment::End));
        assert_eq!(names(&groups), ["total_h-during-training"]);
    }
}
