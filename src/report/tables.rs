//! The summary as tables for a reader: gradients, Jacobians, speed.

use super::number::{plus_minus, significant, with_interval};
use super::point::{Point, SHAPE, Setting, labels, varying, without};
use super::summary::REFERENCE;
use super::table::{Table, escaped};
use super::training;
use crate::results::schema::{RunRow, SummaryRow};

/// Shown where a norm has no logarithm in any seed.
const NONE: &str = "–";

/// The quantity that the table of gradients is about.
const QUANTITY: &str = "total_h";

/// The lags of its columns, beside the largest.
const LAGS: [usize; 4] = [1, 10, 100, 1000];

/// A table, and what all of its rows have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Captioned {
    /// In Markdown, in one line.
    pub caption: String,
    /// The table.
    pub table: Table,
}

/// Rows that differ in what `key` does not say, put together in the order of their first.
fn blocks<'a, K: PartialEq>(
    rows: impl Iterator<Item = &'a SummaryRow>,
    key: impl Fn(&SummaryRow) -> K,
) -> Vec<(K, Vec<&'a SummaryRow>)> {
    let mut blocks: Vec<(K, Vec<&SummaryRow>)> = Vec::new();
    for row in rows {
        let found = key(row);
        match blocks.iter_mut().rev().find(|(known, _)| *known == found) {
            Some((_, members)) => members.push(row),
            None => blocks.push((found, vec![row])),
        }
    }
    blocks
}

/// `task noise, T 100, …` of the settings that have a value.
fn in_words(settings: &[Setting], point: &Point) -> String {
    let with_value = settings.iter().filter(|setting| !setting.value(point).is_empty());
    let words = with_value.map(|setting| format!("{} {}", setting.name(), escaped(&setting.value(point))));
    words.collect::<Vec<_>>().join(", ")
}

/// One row a grid point and layer of `total_h`; none where the summary has none. Where runs failed, each row says of how many.
pub fn gradients(runs: &[RunRow], summary: &[SummaryRow]) -> Option<Captioned> {
    let rows = summary.iter().filter(|row| row.kind == "gradients" && row.quantity == QUANTITY);
    let blocks = blocks(rows, |row| (Point::from(row), row.layer));
    let ((point, _), _) = blocks.first()?;
    let vary = varying(blocks.iter().map(|((point, _), _)| point));
    let shown = |setting: &Setting| *setting == Setting::Cell || vary.contains(setting);
    let settings: Vec<Setting> = Setting::ALL.into_iter().filter(shown).collect();
    let several_layers = blocks.iter().any(|((_, layer), _)| *layer != Some(0));
    let last_lags: Vec<usize> = blocks.iter().map(|(_, rows)| last_lag(rows)).collect();
    let common_last = last_lags.iter().all(|lag| *lag == last_lags[0]).then_some(last_lags[0]);
    let has_lag = |lag: &usize| blocks.iter().any(|(_, rows)| norm_at(rows, *lag).is_some());
    let mut lags: Vec<usize> = LAGS.into_iter().filter(has_lag).collect();
    lags.extend(common_last.filter(|lag| !lags.contains(lag)));

    let mut header: Vec<String> = settings.iter().map(|setting| setting.name().to_string()).collect();
    header.extend(several_layers.then(|| "layer".to_string()));
    header.extend(["slope, log10 per step", "half-life, steps"].map(String::from));
    header.extend(lags.iter().map(|lag| format!("log10 norm at lag {lag}")));
    header.extend(common_last.is_none().then(|| "log10 norm at the largest lag".to_string()));
    let gate_of = |point: &Point| {
        let is_it = |row: &&SummaryRow| {
            row.kind == "gradients" && row.metric == "mean_log10_gate" && Point::from(*row) == *point
        };
        summary.iter().find(is_it)
    };
    let has_gates = blocks.iter().any(|((point, _), _)| gate_of(point).is_some());
    header.extend(has_gates.then(|| "mean log10 f (z)".to_string()));
    let points = training::points(runs);
    let has_failed = runs.iter().any(|run| run.status != "ok");
    header.extend(has_failed.then(|| "runs".to_string()));

    let table_row = |((point, layer), rows): &((Point, Option<usize>), Vec<&SummaryRow>)| {
        let mut cells: Vec<String> = settings.iter().map(|setting| escaped(&setting.value(point))).collect();
        cells.extend(several_layers.then(|| layer.unwrap_or(0).to_string()));
        cells.extend(["slope", "half_life"].map(|metric| line_cell(rows, metric)));
        cells.extend(lags.iter().map(|lag| norm_cell(rows, *lag)));
        let last = last_lag(rows);
        cells.extend(common_last.is_none().then(|| format!("{} at {last}", norm_cell(rows, last))));
        let gate: Vec<&SummaryRow> = gate_of(point).into_iter().collect();
        cells.extend(has_gates.then(|| line_cell(&gate, "mean_log10_gate")));
        let of_point = runs.iter().zip(&points).filter(|(_, other)| *other == point).map(|(run, _)| run);
        cells.extend(has_failed.then(|| counted(of_point)));
        cells
    };
    Some(Captioned {
        caption: format!(
            "{}; all rows: {}.",
            escaped(QUANTITY),
            in_words(&without(&Setting::ALL, &settings), point)
        ),
        table: Table { header, rows: blocks.iter().map(table_row).collect() },
    })
}

/// How many runs there are, and how many of them failed.
pub fn counted<'a>(runs: impl Iterator<Item = &'a RunRow>) -> String {
    let failed: Vec<bool> = runs.map(|run| run.status != "ok").collect();
    match failed.iter().filter(|failed| **failed).count() {
        0 => failed.len().to_string(),
        some => format!("{}, {some} failed", failed.len()),
    }
}

/// One row a grid point of products of Jacobians: the slope that was measured, and beside it what predicts it. None where the
/// summary has none.
pub fn jacobian(summary: &[SummaryRow]) -> Option<Captioned> {
    let is_told = |row: &&SummaryRow| {
        row.kind == "jacobian"
            && (row.quantity.is_empty() || row.quantity == "frobenius" || is_condition(row))
    };
    let blocks = blocks(summary.iter().filter(is_told), |row| Point::from(row));
    let (point, _) = blocks.first()?;
    let vary = varying(blocks.iter().map(|(point, _)| point));
    let shown = |setting: &Setting| *setting == Setting::Cell || vary.contains(setting);
    let settings: Vec<Setting> = Setting::ALL.into_iter().filter(shown).collect();
    let mut header: Vec<String> = settings.iter().map(|setting| setting.name().to_string()).collect();
    // What predicts the slope of one cell says nothing of another.
    let has = |metric: &str| blocks.iter().any(|(_, rows)| rows.iter().any(|row| row.metric == metric));
    let mut columns = vec![
        ("slope", "slope, log10 per step"),
        ("half_life", "half-life, steps"),
        ("largest_exponent", "exponent, log10 per step"),
        ("log10_spectral_radius", "log10 ρ(W\\_hh)"),
        ("mean_log10_gate", "mean log10 f (z)"),
    ];
    columns.retain(|(metric, _)| has(metric));
    header.extend(columns.iter().map(|(_, title)| title.to_string()));
    header.push("log10 condition number at the largest lag".to_string());
    let table_row = |(point, rows): &(Point, Vec<&SummaryRow>)| {
        let mut cells: Vec<String> = settings.iter().map(|setting| escaped(&setting.value(point))).collect();
        let (condition, others): (Vec<_>, Vec<_>) = rows.iter().copied().partition(|row| is_condition(row));
        cells.extend(columns.iter().map(|(metric, _)| line_cell(&others, metric)));
        let last = last_lag(&condition);
        let found = norm_at(&condition, last).is_some();
        cells.push(if found { format!("{} at {last}", norm_cell(&condition, last)) } else { String::new() });
        cells
    };
    let all = in_words(&without(&Setting::ALL, &settings), point);
    Some(Captioned {
        caption: format!("∂s\\_T/∂s\\_t; all rows: {all}."),
        table: Table { header, rows: blocks.iter().map(table_row).collect() },
    })
}

fn is_condition(row: &SummaryRow) -> bool {
    row.quantity == "condition_number" && row.metric == "log10_norm"
}

fn norm_at<'a>(rows: &[&'a SummaryRow], lag: usize) -> Option<&'a SummaryRow> {
    rows.iter().find(|row| row.lag == Some(lag)).copied()
}

fn last_lag(rows: &[&SummaryRow]) -> usize {
    rows.iter().filter_map(|row| row.lag).max().unwrap_or(0)
}

/// A slope or half-life; nothing where there is none.
fn line_cell(rows: &[&SummaryRow], metric: &str) -> String {
    let row = rows.iter().find(|row| row.metric == metric);
    let cell = row.and_then(|row| Some(with_interval(row.estimate?, row.ci_low, row.ci_high)));
    cell.unwrap_or_default()
}

/// A norm, with the number of seeds where other lags have more; nothing where there is no such lag.
fn norm_cell(rows: &[&SummaryRow], lag: usize) -> String {
    let Some(row) = norm_at(rows, lag) else { return String::new() };
    let Some(estimate) = row.estimate else { return NONE.to_string() };
    let most = rows.iter().map(|row| row.n).max().unwrap_or(row.n);
    let fewer = if row.n < most { format!(" (n = {})", row.n) } else { String::new() };
    plus_minus(estimate, row.ci_low, row.ci_high) + &fewer
}

/// One row a shape, pass and cell; two columns an engine. None where the summary has no speed.
pub fn speed(summary: &[SummaryRow]) -> Option<Captioned> {
    let rows = summary.iter().filter(|row| row.kind == "speed");
    let blocks = blocks(rows, |row| (Point::from(row).with_engine(""), row.quantity.clone()));
    let ((point, _), _) = blocks.first()?;
    let vary = varying(blocks.iter().map(|((point, _), _)| point));
    let others = without(&without(&vary, &SHAPE), &[Setting::Cell]);
    let fixed = without(&without(&without(&Setting::ALL, &vary), &SHAPE), &[Setting::Cell, Setting::Engine]);
    let mut engines: Vec<&str> = Vec::new();
    for row in blocks.iter().flat_map(|(_, rows)| rows) {
        if !engines.contains(&row.engine.as_str()) {
            engines.push(&row.engine);
        }
    }
    // What the others are held against comes first.
    engines.sort_by_key(|engine| *engine != REFERENCE);
    let has_ratios = engines.first() == Some(&REFERENCE);

    let mut header = vec!["shape".to_string()];
    header.extend(others.iter().map(|setting| setting.name().to_string()));
    header.extend(["pass", "cell"].map(String::from));
    for engine in &engines {
        header.push(format!("{}, ms", escaped(engine)));
        header.push(format!("{}, GFLOP/s", escaped(engine)));
        header.extend(
            (has_ratios && *engine != REFERENCE).then(|| format!("{} / {REFERENCE}", escaped(engine))),
        );
    }

    let table_row = |((point, pass), rows): &((Point, String), Vec<&SummaryRow>)| {
        let mut cells = vec![labels(&SHAPE, point).join(" ")];
        cells.extend(others.iter().map(|setting| escaped(&setting.value(point))));
        cells.extend([escaped(pass), escaped(&point.cell)]);
        for engine in &engines {
            cells.push(time_cell(rows, engine, "seconds", 1e3));
            cells.push(rate_cell(rows, engine));
            let ratio = || time_cell(rows, engine, "ratio_to_builtin", 1.0);
            cells.extend((has_ratios && *engine != REFERENCE).then(ratio));
        }
        cells
    };
    Some(Captioned {
        caption: format!("All rows: {}.", in_words(&fixed, point)),
        table: Table { header, rows: blocks.iter().map(table_row).collect() },
    })
}

/// What an engine multiplies in a second, and which share of the processor's peak that is, where it is known.
fn rate_cell(rows: &[&SummaryRow], engine: &str) -> String {
    let of = |metric| rows.iter().find(|row| row.engine == engine && row.metric == metric)?.estimate;
    let share = of("share_of_peak").map(|share| format!(" ({:.0} %)", 100.0 * share)).unwrap_or_default();
    of("gflops").map(|rate| significant(rate, 3) + &share).unwrap_or_default()
}

/// A metric of an engine in other units; nothing where it was not timed.
fn time_cell(rows: &[&SummaryRow], engine: &str, metric: &str, factor: f64) -> String {
    let row = rows.iter().find(|row| row.engine == engine && row.metric == metric);
    let in_units = |value: Option<f64>| value.map(|value| factor * value);
    let cell = row.and_then(|row| {
        Some(with_interval(in_units(row.estimate)?, in_units(row.ci_low), in_units(row.ci_high)))
    });
    cell.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::load::Experiment;
    use crate::report::{fake, group, summary};
    use crate::results::schema::{GradientRow, SpeedRow};

    fn of_gradients(runs: &[RunRow], rows: impl IntoIterator<Item = GradientRow>) -> Vec<SummaryRow> {
        summary::rows(&Experiment { gradients: group::gradients(runs, rows), ..Experiment::default() })
    }

    fn of_speed(runs: &[RunRow], rows: impl IntoIterator<Item = SpeedRow>) -> Vec<SummaryRow> {
        summary::rows(&Experiment { speed: group::speed(runs, rows), ..Experiment::default() })
    }

    #[test]
    fn settings_that_vary_are_columns_and_the_others_are_said_once() {
        let mut runs = [fake::run("a", 1), fake::run("b", 1)];
        runs[1].init = "a|b_c".into();
        let rows = ["a", "b"].iter().flat_map(|id| fake::line(id, "total_h", 101, 0.0, -0.1));
        let found = gradients(&runs, &of_gradients(&runs, rows)).unwrap();
        let header = [
            "cell",
            "init",
            "slope, log10 per step",
            "half-life, steps",
            "log10 norm at lag 1",
            "log10 norm at lag 10",
            "log10 norm at lag 100",
        ];
        assert_eq!(found.table.header, header);
        assert_eq!(
            found.table.rows[0],
            ["lstm", "orthogonal(1)", "-0.100", "3.01", "-0.100", "-1.00", "-10.0"]
        );
        assert_eq!(found.table.rows[1][1], "a\\|b\\_c");
        let caption = "total\\_h; all rows: engine stepwise, task noise, loss last, layers 1, B 2, T 100, I 4, H 8, \
                       dtype f64, device cpu, threads 1.";
        assert_eq!(found.caption, caption);
    }

    #[test]
    fn the_largest_lag_stands_in_the_cell_where_it_differs_and_so_does_n_where_seeds_are_missing() {
        let mut runs = [fake::run("a", 1), fake::run("b", 2), fake::run("c", 1)];
        runs[2].seq_len = 50;
        let mut rows = fake::curve("a", "total_h", &[(0, Some(0.0)), (1, Some(-1.0)), (2, None)]);
        rows.extend(fake::curve("b", "total_h", &[(0, Some(0.0)), (1, Some(-1.0)), (2, Some(-2.0))]));
        rows.extend(fake::curve("c", "total_h", &[(0, Some(0.0)), (1, None)]));
        let found = gradients(&runs, &of_gradients(&runs, rows)).unwrap().table;
        assert_eq!(found.header[4..], ["log10 norm at lag 1", "log10 norm at the largest lag"]);
        assert_eq!(found.rows[0][4..], ["-1.00 ± 0.00", "-2.00 (n = 1) at 2"]);
        assert_eq!(found.rows[1][2..], ["", "", NONE, "– at 1"]);
    }

    #[test]
    fn a_row_says_of_how_many_runs_it_is_where_some_failed() {
        let mut runs = [fake::run("a", 1), fake::run("b", 2), fake::run("c", 1)];
        runs[1].status = "failed".into();
        runs[2].seq_len = 50;
        let rows = ["a", "c"].iter().flat_map(|id| fake::line(id, "total_h", 50, 0.0, -0.1));
        let found = gradients(&runs, &of_gradients(&runs, rows)).unwrap().table;
        assert_eq!(found.header.last().unwrap(), "runs");
        assert_eq!(
            found.rows.iter().map(|row| row.last().unwrap().as_str()).collect::<Vec<_>>(),
            ["2, 1 failed", "1"]
        );
    }

    #[test]
    fn an_engine_has_a_column_of_times_and_one_of_ratios() {
        let runs = [fake::run("a", 1), RunRow { batch_size: 3, ..fake::run("b", 1) }];
        let mut samples = Vec::new();
        for n in 0..3 {
            samples.push(fake::sample("a", "fused", "train", n, 0.002));
            samples.push(fake::sample("a", "builtin", "train", n, 0.001));
            samples.push(fake::sample("b", "builtin", "train", n, 0.003));
        }
        let found = speed(&of_speed(&runs, samples)).unwrap().table;
        let engines = ["builtin, ms", "builtin, GFLOP/s", "fused, ms", "fused, GFLOP/s", "fused / builtin"];
        assert_eq!(found.header[..3], ["shape", "pass", "cell"]);
        assert_eq!(found.header[3..], engines);
        let times = ["1.00 [1.00, 1.00]", "0.461", "2.00 [2.00, 2.00]", "0.230", "2.00 [2.00, 2.00]"];
        assert_eq!(found.rows[0][..3], ["B2 T100 I4 H8", "train", "lstm"]);
        assert_eq!(found.rows[0][3..], times);
        assert_eq!(found.rows[1][3..], ["3.00 [3.00, 3.00]", "0.230", "", "", ""]);
    }

    #[test]
    fn without_builtin_there_are_times_alone_and_nothing_is_no_table() {
        let samples = [fake::sample("a", "fused", "forward", 0, 0.002)];
        let found = speed(&of_speed(&[fake::run("a", 1)], samples)).unwrap().table;
        assert_eq!(found.header, ["shape", "pass", "cell", "fused, ms", "fused, GFLOP/s"]);
        assert_eq!(found.rows[0][3..], ["2.00", "0.0768"]);
        assert_eq!((gradients(&[], &[]), speed(&[])), (None, None));
    }
}
