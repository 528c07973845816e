//! The slopes of a norm over the numbers that predict them, with the line of equality.

use super::dims::{Dim, dims};
use super::draw::axis::Scale;
use super::draw::chart::{BandPoint, Panel, Panels, Range, Series, Spread};
use super::draw::legend::LineStyle;
use super::draw::style::{DARK, DASHES};
use super::figure::{Chart, Figure};
use super::layout::{Layout, Lines};
use crate::config::spec::Plot;
use crate::report::estimate::Estimate;
use crate::report::summary::{PREDICTED, PREDICTORS, Prediction, Section, Statistic, predictions};
use crate::settings::Settings;

/// The least share of decaying settings at which the axes are logarithmic.
const DECAYING: f64 = 0.75;

/// The names of the figures, by section.
const NAMES: [(Section, &str); 2] =
    [(Section::Gradients, "slope-predicted"), (Section::Jacobian, "jacobian_slope-predicted")];

/// A figure of the slopes of a section with a panel per predictor; none without a predictor of two slopes.
pub fn figure(section: Section, summary: &[Statistic]) -> Option<Figure> {
    let (_, quantity, symbol) = PREDICTED.into_iter().find(|(other, ..)| *other == section)?;
    let (_, name) = NAMES.into_iter().find(|(other, _)| *other == section)?;
    let of = |(metric, words): (&str, &'static str)| {
        (words.trim_start_matches("The "), predictions(summary, (section, quantity), metric))
    };
    let panels: Vec<(&str, Vec<Prediction>)> =
        PREDICTORS.into_iter().map(of).filter(|(_, pairs)| pairs.len() > 1).collect();
    let all: Vec<Prediction> = panels.iter().flat_map(|(_, pairs)| pairs.iter().copied()).collect();
    let points: Vec<&Settings> = all.iter().map(|pair| pair.point).collect();
    if points.is_empty() {
        return None;
    }
    let axes = Axes::of(&all);
    // A colour per cell: inits are too many to tell apart as dots.
    let plot = Plot { colour: Some("cell"), ..Plot::default() };
    let layout = Layout::new(&points, 1, Lines::Solid, None, &plot);
    let equal = LineStyle { dash: DASHES[1], ..LineStyle::line("measured = predicted", DARK, 1.4) };
    let (low, high) = axes.range;
    let line = Series {
        name: equal.label.clone(),
        style: equal.clone(),
        spread: Spread::Bare,
        segments: vec![[low, high].map(|end| axes.place(end, end, end, end)).to_vec()],
    };
    let panel = |(title, pairs): &(&str, Vec<Prediction>)| Panel {
        title: title.to_string(),
        series: std::iter::once(line.clone())
            .chain(pairs.iter().filter_map(|pair| dot(pair, &axes, &layout)))
            .collect(),
        levels: vec![],
    };
    let word = if axes.is_log { "decay" } else { "slope" };
    let range = |title: String, scale: Scale, (low, high): (f64, f64)| Range { title, scale, low, high };
    let dots = layout.legend(points.iter().copied()).into_iter();
    let mut legend: Vec<LineStyle> = dots.map(|style| LineStyle { width: 0.0, dot: true, ..style }).collect();
    legend.push(equal);
    let y_scale = if axes.is_log { Scale::Powers } else { Scale::Linear };
    let chart = Panels {
        title: format!("Slope of the norm of {symbol} over lag: measured and predicted"),
        below_title: below_title(&panels, &axes),
        x: range(format!("predicted {word} (log10 per step)"), axes.x_scale(), axes.range),
        y: range(format!("measured {word} (log10 per step)"), y_scale, (axes.y(low), axes.y(high))),
        panels: panels.iter().map(panel).collect(),
        legend,
    };
    let minus = if axes.is_log { " Decay is the slope without its minus sign." } else { "" };
    let caption = format!(
        "The slope of the norm of {symbol} at each setting, over the number that predicts it. A dot is the \
         mean over the seeds, a bar its 95 % interval. On the dashed line both are equal.{minus}"
    );
    Some(Figure::new(name, caption, Chart::Panels(chart)))
}

/// The axes, which both have the same range.
struct Axes {
    is_log: bool,
    range: (f64, f64),
}

impl Axes {
    /// Logarithmic axes of decay if nearly all slopes and predictions are below 0, else linear axes of
    /// slopes.
    fn of(pairs: &[Prediction]) -> Axes {
        let decaying = pairs.iter().filter(|pair| decays(pair)).count();
        let is_log = decaying as f64 >= DECAYING * pairs.len() as f64;
        let shown = pairs.iter().filter(|pair| !is_log || decays(pair));
        let numbers = shown.flat_map(|pair| {
            let numbers = [pair.predicted.value, pair.slope.value, pair.slope.low, pair.slope.high];
            numbers.into_iter().flatten()
        });
        let numbers = numbers.map(|number| if is_log { -number } else { number });
        let numbers: Vec<f64> = numbers.filter(|number| !is_log || *number > 0.0).collect();
        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = match is_log {
            true => (low / 1.3, high * 1.3),
            false => {
                let margin = 0.06 * (high - low).max(1e-3);
                (low - margin, high + margin)
            }
        };
        Axes { is_log, range }
    }

    fn x_scale(&self) -> Scale {
        if self.is_log { Scale::Logarithmic } else { Scale::Linear }
    }

    /// The value on the y axis.
    fn y(&self, number: f64) -> f64 {
        if self.is_log { number.log10() } else { number }
    }

    fn place(&self, x: f64, low: f64, middle: f64, high: f64) -> BandPoint {
        BandPoint { x, low: self.y(low), middle: self.y(middle), high: self.y(high) }
    }
}

fn decays(pair: &Prediction) -> bool {
    [pair.slope, pair.predicted].iter().all(|number| number.value.is_some_and(|value| value < 0.0))
}

/// The dot of a setting; none without a place on the axes.
fn dot(pair: &Prediction, axes: &Axes, layout: &Layout) -> Option<Series> {
    let (predicted, Estimate { value, low, high, .. }) = (pair.predicted.value?, pair.slope);
    let value = value?;
    let [low, high] = [low.unwrap_or(value), high.unwrap_or(value)];
    let point = match axes.is_log {
        true if !decays(pair) => return None,
        // An interval that reaches growth ends at the lower edge.
        true => axes.place(-predicted, (-high).max(axes.range.0), -value, -low),
        false => axes.place(predicted, low, value, high),
    };
    let (name, style) = (layout.name(pair.point), layout.style(pair.point));
    Some(Series { name, style, spread: Spread::Bars, segments: vec![vec![point]] })
}

/// The words below the title, with the settings that the axes leave out.
fn below_title(panels: &[(&str, Vec<Prediction>)], axes: &Axes) -> Vec<String> {
    let points: Vec<&Settings> = panels.iter().flat_map(|(_, pairs)| pairs).map(|pair| pair.point).collect();
    let dims = dims(&points);
    let label = |pair: &Prediction| {
        let labels = dims.iter().map(|dim: &Dim| dim.label(pair.point)).filter(|label| !label.is_empty());
        labels.collect::<Vec<_>>().join(", ")
    };
    let missing = |(title, pairs): &(&str, Vec<Prediction>)| {
        let missing = pairs.iter().filter(|pair| axes.is_log && !decays(pair)).map(label);
        let missing: Vec<String> = missing.collect();
        let place = if panels.len() > 1 { format!("{title}: ") } else { String::new() };
        (!missing.is_empty()).then(|| format!("{place}{}", missing.join("; ")))
    };
    let missing: Vec<String> = panels.iter().filter_map(missing).collect();
    let mut words = vec!["dot: mean over the seeds; bar: 95 % interval".to_string()];
    let change = if axes.is_log { "slower decay" } else { "faster decay or slower growth" };
    words.push(format!("below the line: {change} than predicted"));
    let start = "not drawn, since slope or prediction is not below 0";
    words.extend((!missing.is_empty()).then(|| format!("{start}: {}", missing.join("; "))));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{self, Gru, Lstm};
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::fixtures::run;

    fn row(cell: CellName, hidden: usize, metric: &'static str, value: f64) -> Statistic {
        let point = Settings { cell: Some(cell), hidden_size: hidden, ..run("a", 1).settings };
        let estimate = Estimate::mean(&[0.9 * value, value, 1.1 * value]);
        let quantity = if metric == "slope" { "total_h" } else { "" }.to_string();
        Statistic { quantity, ..Statistic::new(Section::Gradients, metric, &point, estimate, "1") }
    }

    fn rows(slopes: &[f64]) -> Vec<Statistic> {
        let of = |(n, slope): (usize, &f64)| {
            let cell = [Lstm, Gru][n % 2];
            [row(cell, n, "slope", *slope), row(cell, n, "mean_log10_gate", -0.5 / (n + 1) as f64)]
        };
        slopes.iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn figure_of_decays_is_logarithmic_and_names_what_grows() {
        let found = figure(Section::Gradients, &rows(&[-0.4, -0.1, -0.02, -0.003, 0.004])).unwrap();
        assert_eq!(faults(&found.drawing()), Vec::<String>::new());
        let data = found.data();
        let dots: Vec<_> = data.iter().filter(|row| row.line != "measured = predicted").collect();
        assert_eq!(dots.len(), 4, "{data:?}");
        assert!((dots[0].y - 0.4f64.log10()).abs() < 1e-9 && dots[0].x == "0.5", "{:?}", dots[0]);
        let Chart::Panels(chart) = &found.chart else { panic!("it has panels") };
        assert!(chart.below_title[2].contains("not below 0: lstm, H4"), "{:?}", chart.below_title);
    }

    #[test]
    fn figure_of_slopes_of_both_signs_is_linear() {
        let found = figure(Section::Gradients, &rows(&[-0.4, 0.1, 0.02])).unwrap();
        let Chart::Panels(chart) = &found.chart else { panic!("it has panels") };
        assert_eq!((chart.y.scale, chart.y.low), (Scale::Linear, chart.x.low));
        assert_eq!(found.data().iter().filter(|row| row.line != "measured = predicted").count(), 3);
        assert!(figure(Section::Gradients, &rows(&[-0.4])).is_none(), "one slope is no comparison");
        assert!(figure(Section::Jacobian, &rows(&[-0.4, 0.1])).is_none());
    }
}
