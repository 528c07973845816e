//! The rows of two summaries, matched by their settings.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::change::Change;
use super::differences::Replaced;
use super::scale::{Scale, scale, title};
use crate::report::fields::{all, labels, values, varying, without};
use crate::report::summary::{Sample, Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// The metric that is shown beside slopes.
pub const HALF_LIFE: &str = "half_life";

/// A result of A, of B or of both.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The scale of its metric.
    pub scale: Scale,
    /// The name of the number and the settings that vary, for a reader.
    pub label: String,
    /// The settings that vary, as `name=value`.
    pub settings: String,
    /// The number in A.
    pub a: Option<Statistic>,
    /// The number in B.
    pub b: Option<Statistic>,
    /// The change; `None` without two samples of one kind.
    pub change: Option<Change>,
}

impl Pair {
    /// The number in A, or that in B.
    pub fn either(&self) -> &Statistic {
        self.a.as_ref().or(self.b.as_ref()).expect("a result is of A or of B")
    }
}

/// The numbers of a summary that are compared: those with a sample and, of the norms at several lags, that at
/// the largest lag. Half-lives have no sample, since they follow from slopes.
pub fn compared(summary: Vec<Statistic>) -> Vec<Statistic> {
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    let curve = |row: &Statistic| format!("{:?}", (&row.point, row.section, &row.quantity, row.layer));
    for row in &summary {
        let lag = last.entry(curve(row)).or_default();
        *lag = row.lag.unwrap_or(0).max(*lag);
    }
    let is_compared = |row: &Statistic| {
        let is_last = row.lag.is_none_or(|lag| last.get(&curve(row)) == Some(&lag));
        let has_sample = row.sample != Sample::None || row.metric == HALF_LIFE;
        scale(row.metric).is_some() && has_sample && row.estimate.value.is_some() && is_last
    };
    summary.into_iter().filter(is_compared).collect()
}

/// Matches the rows of A and B by everything but the settings that are replaced as a whole.
pub fn pairs(a: Vec<Statistic>, b: Vec<Statistic>, replaced: &Replaced) -> Vec<Pair> {
    let names = Names::new(&a, &b, replaced);
    let mut places: HashMap<Vec<String>, usize> = HashMap::new();
    let mut found: Vec<(Option<Statistic>, Option<Statistic>)> = Vec::new();
    for row in a {
        places.insert(names.key(&row), found.len());
        found.push((Some(row), None));
    }
    for row in b {
        match places.get(&names.key(&row)) {
            Some(place) => found[*place].1 = Some(row),
            None => found.push((None, Some(row))),
        }
    }
    found.into_iter().filter_map(|(a, b)| names.pair(a, b)).collect()
}

/// The settings by which rows are matched and named.
struct Names {
    matched: BTreeMap<ExperimentKind, Vec<&'static str>>,
    shown: BTreeMap<ExperimentKind, Vec<&'static str>>,
    has_layers: bool,
}

impl Names {
    fn new(a: &[Statistic], b: &[Statistic], replaced: &Replaced) -> Names {
        let rows = || a.iter().chain(b);
        let kinds: BTreeSet<ExperimentKind> = rows().map(|row| row.point.kind).collect();
        let without_replaced = |kind: &ExperimentKind, names: &[&'static str]| {
            without(names, replaced.get(kind).map_or(&[], Vec::as_slice))
        };
        let shown = |kind: &ExperimentKind| {
            let points: Vec<&Settings> =
                rows().map(|row| &row.point).filter(|point| point.kind == *kind).collect();
            let vary = varying(points.into_iter());
            let named: Vec<&str> =
                all().into_iter().filter(|name| *name == "cell" || vary.contains(name)).collect();
            (*kind, without_replaced(kind, &named))
        };
        Names {
            matched: kinds.iter().map(|kind| (*kind, without_replaced(kind, &all()))).collect(),
            shown: kinds.iter().map(shown).collect(),
            has_layers: rows().any(|row| row.layer.is_some_and(|layer| layer > 0)),
        }
    }

    fn key(&self, row: &Statistic) -> Vec<String> {
        let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        let kind = row.point.kind;
        let mut key = vec![kind.to_string(), row.section.to_string(), row.metric.to_string()];
        key.extend([row.quantity.clone(), number(row.layer), number(row.lag), row.unit.clone()]);
        key.extend(values(&self.matched[&kind], &row.point));
        key
    }

    fn pair(&self, a: Option<Statistic>, b: Option<Statistic>) -> Option<Pair> {
        let (label, settings, scale) = {
            let row = a.as_ref().or(b.as_ref())?;
            (self.label(row), self.settings(row), scale(row.metric)?)
        };
        let samples = a.as_ref().zip(b.as_ref());
        let change = samples.and_then(|(a, b)| Change::of(scale, &a.sample, &b.sample));
        Some(Pair { scale, label, settings, a, b, change })
    }

    /// `lstm T100: slope of total_h, layer 1`.
    fn label(&self, row: &Statistic) -> String {
        let layer = row.layer.filter(|_| self.has_layers).map(|layer| format!(", layer {layer}"));
        let is_after = row.section == Section::Gradients && row.point.kind == ExperimentKind::Training;
        let after = if is_after { ", after training" } else { "" };
        let settings = labels(&self.shown[&row.point.kind], &row.point).join(" ");
        let settings = if settings.is_empty() { settings } else { format!("{settings}: ") };
        settings + &title(row) + &layer.unwrap_or_default() + after
    }

    fn settings(&self, row: &Statistic) -> String {
        let names = &self.shown[&row.point.kind];
        let of = |name: &&str| Some(format!("{name}={}", row.point.value(name)?));
        names.iter().filter_map(of).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::report::compare::differences::replaced;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;

    fn row(metric: &'static str, lag: Option<usize>, cell: CellName, seq_len: usize) -> Statistic {
        let point = Settings { seed: 0, cell: Some(cell), seq_len, ..run("a", 1).settings };
        let values = [1.0, 2.0];
        Statistic {
            quantity: "total_h".into(),
            lag,
            sample: Sample::Seeds((1..).zip(values).collect()),
            ..Statistic::new(Section::Gradients, metric, &point, Estimate::mean(&values), "log10")
        }
    }

    fn matched(a: Vec<Statistic>, b: Vec<Statistic>) -> Vec<(String, bool, bool)> {
        let replaced = replaced(&a, &b);
        let pairs = pairs(a, b, &replaced);
        pairs.into_iter().map(|pair| (pair.label, pair.a.is_some(), pair.b.is_some())).collect()
    }

    #[test]
    fn pairs_settings_that_vary_are_matched() {
        let slope = |cell, seq_len| row("slope", None, cell, seq_len);
        let a = vec![slope(CellName::Rnn, 10), slope(CellName::Lstm, 10)];
        let b = vec![slope(CellName::Lstm, 10), slope(CellName::Gru, 10)];
        let expected = [
            ("rnn: slope of total_h", true, false),
            ("lstm: slope of total_h", true, true),
            ("gru: slope of total_h", false, true),
        ];
        assert_eq!(matched(a, b), expected.map(|(label, a, b)| (label.to_string(), a, b)));
    }

    #[test]
    fn pairs_setting_replaced_as_a_whole_does_not_part_rows() {
        let slope = |cell, seq_len| row("slope", None, cell, seq_len);
        let cells = |seq_len| vec![slope(CellName::Rnn, seq_len), slope(CellName::Lstm, seq_len)];
        let found = matched(cells(10), cells(20));
        assert!(found.len() == 2 && found.iter().all(|(_, a, b)| *a && *b), "{found:?}");
        assert_eq!(found[0].0, "rnn: slope of total_h");
        let one = matched(vec![slope(CellName::Rnn, 10)], vec![slope(CellName::Gru, 10)]);
        assert_eq!(one, [("slope of total_h".to_string(), true, true)]);
    }

    #[test]
    fn compared_of_several_lags_the_largest_counts() {
        let norm = |lag| row("log10_norm", Some(lag), CellName::Rnn, 10);
        let derived = |metric| Statistic { sample: Sample::None, ..row(metric, None, CellName::Rnn, 10) };
        let slope = row("slope", None, CellName::Rnn, 10);
        let found = compared(vec![norm(1), slope, norm(9), derived("r_squared"), derived("half_life")]);
        let kept: Vec<_> = found.iter().map(|row| (row.metric, row.lag)).collect();
        assert_eq!(kept, [("slope", None), ("log10_norm", Some(9)), ("half_life", None)]);
    }
}
