//! The number that answers the question over a swept number: a line per colour, with intervals.

use super::dims::{Dim, dims};
use super::draw::axis::Scale;
use super::draw::chart::{BandPoint, Level, Panel, Panels, Range, Series, Spread};
use super::draw::legend::LineStyle;
use super::draw::style::DASHES;
use super::figure::{Chart, Figure};
use super::layout::{Layout, Lines};
use super::lines::{chance_entry, chance_line};
use super::range::y_range;
use super::subject::{HALF_LIFE, SLOPE, Subject};
use crate::config::spec::Plot;
use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::report::summary::Statistic;
use crate::settings::Settings;
use crate::support::stats;

/// The least count of numbers on the x axis, unless the config names the setting.
const LEAST: usize = 3;

/// The ratio of the largest to the smallest number from which on an axis is logarithmic.
const WIDE: f64 = 8.0;

/// The level of chance at a grid point.
type Chance<'a> = (&'a Settings, f64);

/// One number with its grid point.
type Number<'a> = (&'a Settings, Estimate);

/// The figure of a subject over the number that is swept most; none if no setting has enough numbers. Over
/// the length of sequences, the half-life takes the place of the slope.
pub fn figures(subject: &Subject, summary: &[Statistic], plot: &Plot) -> Vec<Figure> {
    let numbers = subject.numbers(summary);
    let points: Vec<&Settings> = numbers.iter().map(|(point, _)| *point).collect();
    let Some(x) = x_dim(&points, plot) else { return vec![] };
    let (subject, numbers) = match subject.name == SLOPE.name && x.has("seq_len") {
        true => (&HALF_LIFE, HALF_LIFE.of_each_point(summary)),
        false => (subject, numbers),
    };
    let layout = Layout::new(&points, 1, Lines::Curves, Some(&x), plot);
    let numbers: Vec<&Number> = numbers.iter().collect();
    let parts = layout.split(&numbers, |(point, _)| (point, 0));
    let drawn = parts.iter().filter(|(_, numbers)| distinct_numbers(&x, numbers) > 1);
    let chances = subject.chances(summary);
    drawn.map(|(words, numbers)| figure((subject, &chances), &x, words, numbers, &layout)).collect()
}

fn distinct_numbers(x: &Dim, numbers: &[&Number]) -> usize {
    let found = numbers.iter().filter(|(point, number)| number.value.is_some() && x.number(point).is_some());
    group_by(found, |(point, _)| x.index(point)).len()
}

/// The dimension of the x axis.
fn x_dim(points: &[&Settings], plot: &Plot) -> Option<Dim> {
    let ordered = dims(points).into_iter().filter(Dim::is_ordered);
    if let Some(name) = plot.x {
        return ordered.filter(|dim| dim.has(name)).find(|dim| dim.count_numbers() > 1);
    }
    let is_free = |dim: &Dim| ![plot.colour, plot.facet].into_iter().flatten().any(|name| dim.has(name));
    let free: Vec<Dim> = ordered.filter(|dim| dim.count_numbers() >= LEAST && is_free(dim)).collect();
    free.into_iter().rev().max_by_key(Dim::count_numbers)
}

fn figure(
    (subject, chances): (&Subject, &[Chance]),
    x: &Dim,
    words: &[String],
    numbers: &[&Number],
    layout: &Layout,
) -> Figure {
    let is_positive = numbers.iter().filter_map(|(_, number)| number.value).all(|value| value > 0.0);
    let scale = if is_positive { subject.scale } else { Scale::Linear };
    let panel = |(title, members): (String, Vec<&Number>)| {
        let lines = group_by(members.iter().copied(), |(point, _)| layout.name(point));
        Panel {
            title,
            levels: lines.iter().flat_map(|(_, line)| levels(x, line, layout, scale)).collect(),
            series: chance(chances, x, &members, scale)
                .into_iter()
                .chain(lines.iter().map(|(name, line)| series(name, x, line, layout, scale)))
                .collect(),
        }
    };
    let panels: Vec<Panel> = layout.panels(numbers, |(point, _)| (point, 0)).into_iter().map(panel).collect();
    let least = if scale == Scale::Powers { 0.3 } else { 1e-9 };
    let meaning = "dot: mean over the seeds; bar: 95 % interval".to_string();
    let of_chance = chance_entry(&panels);
    let has_chance = of_chance.is_some();
    let chart = Panels {
        title: subject.title.to_string(),
        below_title: [words, &layout.fixed(numbers[0].0, &x.names), &[meaning]].concat(),
        x: x_range(x, numbers),
        y: y_range(&panels, subject.axis.to_string(), scale, least),
        panels,
        legend: layout.legend(numbers.iter().map(|(point, _)| *point)).into_iter().chain(of_chance).collect(),
    };
    let name = [&[format!("{}-over-{}", subject.name, x.names[0])], words].concat().join("-");
    let caption = format!(
        "{}, for each {}. A dot is the mean over the seeds, a bar its 95 % interval, as in the tables. A bar \
         without an end is not drawn.{}{}",
        subject.title,
        x.axis,
        if has_chance { " Chance is the loss of the best constant output." } else { "" },
        without_dot(numbers)
    );
    Figure::new(name, caption, Chart::Panels(chart))
}

/// A sentence on the settings without a half-life, after a space; empty if each has a number.
fn without_dot(numbers: &[&Number]) -> String {
    let all = numbers.len();
    match numbers.iter().filter(|(_, number)| number.value.is_none()).count() {
        0 => String::new(),
        1 => format!(" 1 of {all} settings has no dot, because its norm does not fall exponentially."),
        lacking => format!(
            " {lacking} of {all} settings have no dot, because their norms do not fall exponentially."
        ),
    }
}

/// The x axis of all numbers, with a margin.
fn x_range(x: &Dim, numbers: &[&Number]) -> Range {
    let found = numbers.iter().filter_map(|(point, _)| x.number(point));
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = found.fold(none, |(low, high), number| (low.min(number), high.max(number)));
    let is_wide = low > 0.0 && high / low >= WIDE;
    let (scale, low, high) = match is_wide {
        true => {
            let margin = (high / low).powf(0.05);
            (Scale::Logarithmic, low / margin, high * margin)
        }
        false => {
            let margin = 0.05 * (high - low);
            let is_whole = x.numbers.iter().flatten().all(|number| number.fract() == 0.0);
            (if is_whole { Scale::Whole } else { Scale::Linear }, low - margin, high + margin)
        }
    };
    Range { title: x.axis.clone(), scale, low, high }
}

fn shown(value: f64, scale: Scale) -> f64 {
    if scale == Scale::Powers { value.log10() } else { value }
}

/// A line through the numbers in the order of x.
fn series(name: &str, x: &Dim, numbers: &[&Number], layout: &Layout, scale: Scale) -> Series {
    let point = |(point, number): &&Number| {
        let (at, value) = (x.number(point)?, shown(number.value?, scale));
        let end = |end: Option<f64>| end.map(|end| shown(end, scale)).filter(|end| end.is_finite());
        let [low, high] = [number.low, number.high].map(|found| end(found).unwrap_or(value));
        Some(BandPoint { x: at, low, middle: value, high })
    };
    let mut points: Vec<BandPoint> = numbers.iter().filter_map(point).collect();
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    let style = layout.style(numbers[0].0);
    let segments = if points.is_empty() { vec![] } else { vec![points] };
    Series { name: name.to_string(), style, spread: Spread::Bars, segments }
}

/// The level of chance at each number on the x axis; none if there is no such level.
fn chance(chances: &[Chance], x: &Dim, members: &[&Number], scale: Scale) -> Option<Series> {
    let of_members = chances.iter().filter(|(point, _)| members.iter().any(|(member, _)| member == point));
    let by_x =
        group_by(of_members.filter(|(point, _)| x.number(point).is_some()), |(point, _)| x.index(point));
    let place = |(_, found): &(usize, Vec<&Chance>)| {
        let levels: Vec<f64> = found.iter().map(|(_, level)| *level).collect();
        Some((x.number(found[0].0)?, shown(stats::mean(&levels)?, scale)))
    };
    let mut places: Vec<(f64, f64)> = by_x.iter().filter_map(place).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    chance_line(places.into_iter())
}

/// The values without a place on the x axis, such as an init of another form.
fn levels(x: &Dim, numbers: &[&Number], layout: &Layout, scale: Scale) -> Vec<Level> {
    let others = numbers.iter().filter(|(point, _)| x.number(point).is_none());
    let level = |(point, number): &&Number| {
        let plain = layout.style(point);
        let label = format!("{}, {}", plain.label, x.label(point));
        let style = LineStyle { label, width: 1.4, dash: DASHES[2], ..plain };
        Some(Level { at: shown(number.value?, scale), style })
    };
    others.filter_map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Lstm, Rnn};
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::figures::lines::CHANCE;
    use crate::report::figures::subject::TEST_LOSS;
    use crate::report::fixtures::run;
    use crate::report::summary::Section;
    use crate::settings::names::ExperimentKind;

    fn slope(change: impl FnOnce(&mut Settings), value: f64) -> Statistic {
        let mut point = run("a", 1).settings;
        change(&mut point);
        let estimate =
            Estimate { value: Some(value), low: Some(value - 0.01), high: Some(value + 0.01), n: 3 };
        Statistic {
            quantity: "total_h".into(),
            layer: Some(0),
            ..Statistic::new(Section::Gradients, "slope", &point, estimate, "log10 per step")
        }
    }

    fn figures_of(summary: &[Statistic], plot: &Plot) -> Vec<Figure> {
        let figures = figures(&SLOPE, summary, plot);
        figures.iter().for_each(|f| assert_eq!(faults(&f.drawing()), Vec::<String>::new(), "{}", f.name));
        figures
    }

    #[test]
    fn figures_slope_is_over_the_number_in_the_init() {
        let bias = |cell, init: &str, value| {
            slope(|point| (point.cell, point.init) = (Some(cell), Some(init.parse().unwrap())), value)
        };
        let mut summary = vec![bias(Rnn, "pytorch", -0.3), bias(Lstm, "pytorch", -0.2)];
        for (n, cell) in (1..4).flat_map(|n| [(n, Rnn), (n, Lstm)]) {
            summary.push(bias(cell, &format!("pytorch+forget_bias({n})"), -0.1 / f64::from(n)));
        }
        let figures = figures_of(&summary, &Plot::default());
        assert_eq!(figures.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["slope-over-init"]);
        let xs: Vec<String> = figures[0].data().into_iter().map(|row| row.x).collect();
        assert_eq!(xs, ["1", "2", "3", "1", "2", "3"]);
        let svg = figures[0].svg();
        assert!(svg.contains(">rnn, pytorch<") && svg.contains(">x in pytorch+forget_bias(x)<"), "{svg}");
    }

    #[test]
    fn figures_of_half_lives_say_which_settings_have_no_dot() {
        let of_length = |metric, seq_len, value: Option<f64>| {
            let mut row = slope(|point| point.seq_len = seq_len, -0.1);
            (row.metric, row.estimate.value) = (metric, value);
            row
        };
        let lengths = [10, 20, 40, 80];
        let summary = |lacking: usize| -> Vec<Statistic> {
            let slopes = lengths.map(|seq_len| of_length("slope", seq_len, Some(-0.1)));
            let half_life = |seq_len| of_length("half_life", seq_len, (seq_len != lacking).then_some(3.0));
            slopes.into_iter().chain(lengths.map(half_life)).collect()
        };
        let captions = |lacking| figures_of(&summary(lacking), &Plot::default()).remove(0).caption;
        let expected = "1 of 4 settings has no dot, because its norm does not fall exponentially.";
        assert!(captions(80).ends_with(expected), "{}", captions(80));
        assert!(!captions(0).contains("no dot"));
    }

    #[test]
    fn figures_of_a_loss_have_a_line_of_chance_where_it_is_known() {
        let loss = |seq_len: usize, chance: Option<&str>| {
            let point = Settings { kind: ExperimentKind::Training, seq_len, ..run("a", 1).settings };
            Statistic {
                against: chance.map(String::from),
                ..Statistic::new(Section::Training, "test_loss", &point, Estimate::mean(&[0.1]), "mse")
            }
        };
        let with = [loss(10, Some("0.5")), loss(20, Some("0.4")), loss(40, Some("0.3"))];
        let of = |summary: &[Statistic]| figures(&TEST_LOSS, summary, &Plot::default()).remove(0);
        let levels: Vec<String> =
            of(&with).data().into_iter().filter(|row| row.line == CHANCE).map(|row| row.x).collect();
        assert_eq!(levels, ["10", "20", "40"]);
        assert!(of(&with).svg().contains(">chance<"));
        let without = [10, 20, 40].map(|seq_len| loss(seq_len, None));
        assert!(!of(&without).svg().contains(">chance<"));
    }

    #[test]
    fn figures_two_values_are_no_trend_unless_the_config_asks() {
        let summary = [8, 16].map(|size| slope(|point| point.hidden_size = size, -0.1));
        assert!(figures_of(&summary, &Plot::default()).is_empty());
        let x = Plot { x: Some("hidden_size"), ..Plot::default() };
        assert_eq!(figures_of(&summary, &x)[0].name, "slope-over-hidden_size");
    }
}
