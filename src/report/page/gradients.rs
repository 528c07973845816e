//! The tables of gradients: one for each quantity that answers questions, a row per grid point and layer.

use super::markdown_table::{Captioned, MarkdownTable, escaped};
use super::settings::{cells, columns, header, rest};
use super::statistics::{find, last_lag, metric_cell, norm_at, norm_cell, run_count};
use crate::report::format::significant;
use crate::report::group_by::group_by;
use crate::report::load::Results;
use crate::report::summary::{LAG_SMALL_ERROR, LOG10_KEPT, Section, Statistic, is_relative, middle_lag};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// The quantities with a table.
const QUANTITIES: [&str; 4] = ["total_h", "total_c", "weight_hh_term", "weight_hh_truncation_error"];

/// The lags that have columns, besides the largest.
const LAGS: [usize; 4] = [0, 10, 100, 1000];

/// The columns that describe curves without a half-life.
const SHAPE: [&str; 2] = ["slopes of the two halves", "lag with a tenth (a hundredth) left"];

/// The cells of `SHAPE`; empty for a curve with a half-life.
fn shape_cells(rows: &[&Statistic]) -> [String; 2] {
    let number = |metric: &str| {
        let value = find(rows, metric)?.estimate.value?;
        Some(significant(value, 3))
    };
    let Some((early, late)) = number("early_slope").zip(number("late_slope")) else {
        return [String::new(), String::new()];
    };
    let lag = |metric: &str| number(metric).unwrap_or_else(|| "–".to_string());
    [format!("{early}, {late}"), format!("{} ({})", lag("lag_tenth"), lag("lag_hundredth"))]
}

/// The tables: of gradients, and of those after training. Nothing of a quantity without a row.
pub fn tables(results: &Results, summary: &[Statistic]) -> Vec<Captioned> {
    let of_gradients = summary.iter().filter(|row| row.section == Section::Gradients);
    let kinds = group_by(of_gradients, |row| row.point.kind);
    let of_kind = |(kind, rows): &(ExperimentKind, Vec<&Statistic>)| {
        let tables = QUANTITIES.iter().filter_map(|quantity| table((*kind, quantity), results, rows));
        tables.collect::<Vec<_>>()
    };
    kinds.iter().flat_map(of_kind).collect()
}

fn table(
    (kind, quantity): (ExperimentKind, &str),
    results: &Results,
    summary: &[&Statistic],
) -> Option<Captioned> {
    let rows = summary.iter().copied().filter(|row| row.quantity == quantity);
    let blocks = group_by(rows, |row| (&row.point, row.layer));
    let ((point, _), first) = blocks.first()?;
    let settings = columns(blocks.iter().map(|((point, _), _)| *point));
    let several_layers = blocks.iter().any(|((_, layer), _)| *layer != Some(0));
    let last_lags: Vec<usize> = blocks.iter().map(|(_, rows)| last_lag(rows)).collect();
    let common_last = last_lags.iter().all(|lag| *lag == last_lags[0]).then_some(last_lags[0]);
    let has_lag = |lag: &usize| blocks.iter().any(|(_, rows)| norm_at(rows, *lag).is_some());
    let is_shown = |lag: &usize| has_lag(lag) && !(*lag == 0 && is_relative(quantity));
    let mut lags: Vec<usize> = LAGS.into_iter().filter(is_shown).collect();
    lags.extend(common_last.and_then(|_| middle(first, point.seq_len)).filter(|lag| !lags.contains(lag)));
    lags.extend(common_last.filter(|lag| !lags.contains(lag)));
    lags.sort();
    let gates: Vec<&Statistic> =
        summary.iter().copied().filter(|row| row.metric == "mean_log10_gate").collect();
    let has_failed = results.runs().any(|run| !run.is_ok());

    let mut head = header(&settings);
    head.extend(several_layers.then(|| "layer".to_string()));
    head.extend(["slope, log10 per step", "half-life, steps"].map(String::from));
    let is_bent = summary.iter().any(|row| row.quantity == quantity && row.metric == "early_slope");
    let has_error = summary.iter().any(|row| row.quantity == quantity && row.metric == LAG_SMALL_ERROR);
    head.extend(has_error.then(|| "first k that errs by at most a hundredth".to_string()));
    let (metric, number) =
        if is_relative(quantity) { (LOG10_KEPT, "log10 left") } else { ("log10_norm", "log10 norm") };
    head.extend(common_last.is_none().then(|| format!("{number} at the largest lag")));
    head.extend(lags.iter().map(|lag| format!("{number} at lag {lag}")));
    head.extend((!gates.is_empty()).then(|| "mean log10 f (z)".to_string()));
    head.extend(SHAPE.map(String::from).into_iter().filter(|_| is_bent));
    head.extend(has_failed.then(|| "runs".to_string()));

    let row = |((point, layer), rows): &((&Settings, Option<usize>), Vec<&Statistic>)| {
        let mut row = cells(&settings, point);
        row.extend(several_layers.then(|| layer.unwrap_or(0).to_string()));
        row.extend(["slope", "half_life"].map(|metric| metric_cell(rows, metric)));
        row.extend(has_error.then(|| metric_cell(rows, LAG_SMALL_ERROR)));
        let last = last_lag(rows);
        let at_lags: Vec<&Statistic> = rows.iter().copied().filter(|row| row.metric == metric).collect();
        row.extend(common_last.is_none().then(|| format!("{} at {last}", norm_cell(&at_lags, last))));
        row.extend(lags.iter().map(|lag| norm_cell(&at_lags, *lag)));
        let of_point: Vec<&Statistic> = gates.iter().copied().filter(|gate| gate.point == **point).collect();
        row.extend((!gates.is_empty()).then(|| metric_cell(&of_point, "mean_log10_gate")));
        row.extend(shape_cells(rows).into_iter().filter(|_| is_bent));
        let runs = results.points.iter().find(|other| other.settings == **point);
        row.extend(has_failed.then(|| runs.map(|point| run_count(&point.runs)).unwrap_or_default()));
        row
    };
    let after = if kind == ExperimentKind::Training { " after training" } else { "" };
    let title = format!("Decay of {quantity}{after}");
    let caption = format!("{}{after}; all rows: {}.", escaped(quantity), rest(&settings, point));
    let table = MarkdownTable { header: head, rows: blocks.iter().map(row).collect() };
    Some(Captioned { title, caption, table })
}

/// The lag in the middle of the sequences, which the answer has too.
fn middle(rows: &[&Statistic], steps: usize) -> Option<usize> {
    let mut lags: Vec<usize> = rows.iter().filter_map(|row| row.lag.filter(|lag| *lag > 0)).collect();
    lags.sort();
    middle_lag(&lags, steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{curve, failed, line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;
    use crate::results::RunRecord;
    use crate::results::schema::GradientRow;

    fn tables_of(runs: Vec<RunRecord>, rows: impl IntoIterator<Item = GradientRow>) -> Vec<Captioned> {
        let results = results(runs);
        let gradients = Curves::of_gradients(&results, rows).fitted().groups();
        let groups = Groups { gradients, ..Groups::default() };
        tables(&results, &statistics(&results, &groups, &Verdicts::default()))
    }

    /// The cells of each line but the rule.
    fn lines(table: &Captioned) -> Vec<Vec<String>> {
        let cells =
            |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_string()).collect();
        table
            .table
            .to_markdown()
            .lines()
            .enumerate()
            .filter(|(n, _)| *n != 1)
            .map(|(_, line)| cells(line))
            .collect()
    }

    #[test]
    fn tables_varying_settings_are_columns_and_the_others_are_in_the_caption() {
        let mut other = run("b", 1);
        other.settings.init = Some("orthogonal(1)+forget_bias(1)".parse().unwrap());
        let rows = ["a", "b"].iter().flat_map(|id| line(id, "total_h", 101, 0.0, -0.1));
        let found = tables_of(vec![run("a", 1), other], rows).remove(0);
        let expected = [
            ["cell", "init", "slope, log10 per step", "half-life, steps"],
            ["lstm", "orthogonal(1)", "-0.100", "3.01"],
            ["lstm", "orthogonal(1)+forget\\_bias(1)", "-0.100", "3.01"],
        ];
        let lines = lines(&found);
        for (line, expected) in lines.iter().zip(expected) {
            assert_eq!(line[..4], expected);
        }
        assert_eq!(lines[0][4..], [10, 50, 100].map(|lag| format!("log10 left at lag {lag}")));
        assert_eq!(lines[1][4..], ["-1.00", "-5.00", "-10.0"]);
        let caption = "total\\_h; all rows: task noise, engine stepwise, layers 1, I 4, H 8, T 100, B 2, \
                       dtype f64, device cpu, threads 1, loss last.";
        assert_eq!(found.caption, caption);
    }

    #[test]
    fn tables_curve_that_is_not_exponential_has_the_slopes_of_its_halves() {
        // Flat up to lag 80, then steep.
        let bent: Vec<(usize, Option<f64>)> = (0..=160)
            .map(|lag| (lag, Some(if lag <= 80 { 0.0 } else { (80 - lag as i64) as f64 * 0.02 })))
            .collect();
        let mut other = run("b", 1);
        other.settings.hidden_size = 9;
        let rows = curve("a", "total_h", &bent).into_iter().chain(line("b", "total_h", 161, 0.0, -0.1));
        let found = lines(&tables_of(vec![run("a", 1), other], rows)[0]);
        let place = found[0].iter().position(|head| head == SHAPE[0]).unwrap();
        assert_eq!(found[1][3], "not exponential");
        assert_eq!(found[1][place..place + 2], ["0.00, -0.0200", "130 (–)"]);
        assert_eq!(found[2][place..place + 2], ["", ""]);
    }

    #[test]
    fn tables_differing_largest_lags_and_missing_seeds_are_in_the_cell() {
        let mut short = run("c", 1);
        short.settings.seq_len = 50;
        let mut rows = curve("a", "total_h", &[(0, Some(0.0)), (1, Some(-1.0)), (2, None)]);
        rows.extend(curve("b", "total_h", &[(0, Some(0.0)), (1, Some(-1.0)), (2, Some(-2.0))]));
        rows.extend(curve("c", "total_h", &[(0, Some(0.0)), (1, None)]));
        let found = lines(&tables_of(vec![run("a", 1), run("b", 2), short], rows)[0]);
        assert_eq!(found[0][4..], ["log10 left at the largest lag"]);
        assert_eq!(found[1][4..], ["-2.00 (n = 1) at 2"]);
        assert_eq!(found[2][2..], ["", "", "– at 1"]);
    }

    #[test]
    fn tables_with_failed_runs_count_the_runs_of_each_row() {
        let mut short = run("c", 1);
        short.settings.seq_len = 50;
        let rows = ["a", "c"].iter().flat_map(|id| line(id, "total_h", 50, 0.0, -0.1));
        let found = lines(&tables_of(vec![run("a", 1), failed(run("b", 2)), short], rows)[0]);
        let last: Vec<&str> = found.iter().map(|line| line.last().unwrap().as_str()).collect();
        assert_eq!(last, ["runs", "2, 1 failed", "1"]);
    }
}
