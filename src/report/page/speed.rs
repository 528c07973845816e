//! The table of speed: a row per shape, pass and cell, columns per engine.

use super::markdown_table::{Captioned, MarkdownTable, escaped};
use super::settings::{cells, rest};
use super::statistics::find;
use crate::report::fields::{SHAPE, heads, labels, varying, without};
use crate::report::format::{significant, with_interval};
use crate::report::group::REFERENCE;
use crate::report::group_by::group_by;
use crate::report::summary::{Section, Statistic};
use crate::settings::{Engines, Settings};

/// The note on a share above 1.
const EXCEEDS_PEAK: &str = " **The peak was measured under load:** at least one share is above 100 %, which \
    no engine can reach. All shares of such a run are too large.";

/// The table; none if nothing was timed.
pub fn table(summary: &[Statistic]) -> Option<Captioned> {
    let rows = summary.iter().filter(|row| row.section == Section::Speed);
    let without_engine = |point: &Settings| Settings { engine: Engines::default(), ..point.clone() };
    let blocks = group_by(rows, |row| (without_engine(&row.point), row.quantity.clone()));
    let ((point, _), _) = blocks.first()?;
    let vary = varying(blocks.iter().map(|((point, _), _)| point));
    let others = without(&vary, &[&SHAPE[..], &["cell"]].concat());
    let reference = Engines::one(REFERENCE);
    let rows = blocks.iter().flat_map(|(_, rows)| rows);
    let mut engines: Vec<&Engines> =
        group_by(rows, |row| &row.point.engine).into_iter().map(|(engine, _)| engine).collect();
    // The reference comes first.
    engines.sort_by_key(|engine| **engine != reference);
    let has_ratio = |engine: &Engines| engines[0] == &reference && *engine != reference;

    let mut header = vec!["shape".to_string()];
    header.extend(heads(&others));
    header.extend(["pass", "cell"].map(String::from));
    for engine in &engines {
        let name = escaped(&engine.to_string());
        header.extend([format!("{name}, ms"), format!("{name}, GFLOP/s")]);
        header.extend(has_ratio(engine).then(|| format!("{name} / {REFERENCE}")));
    }
    let row = |((point, pass), rows): &((Settings, String), Vec<&Statistic>)| {
        let mut row = vec![labels(&SHAPE, point).join(" ")];
        row.extend(cells(&others, point));
        row.push(escaped(pass));
        row.extend(cells(&["cell"], point));
        for engine in &engines {
            let of_engine: Vec<&Statistic> =
                rows.iter().copied().filter(|row| row.point.engine == **engine).collect();
            row.push(metric_cell(&of_engine, "seconds", 1e3));
            row.push(rate_cell(&of_engine));
            row.extend(has_ratio(engine).then(|| metric_cell(&of_engine, "ratio_to_builtin", 1.0)));
        }
        row
    };
    let named = [&vary[..], &SHAPE, &["cell", "engine"]].concat();
    let table = MarkdownTable { header, rows: blocks.iter().map(row).collect() };
    let note = if exceeds_peak(summary) { EXCEEDS_PEAK } else { "" };
    let caption = format!("All rows: {}.{note}", rest(&named, point));
    Some(Captioned { caption, table: table.to_markdown() })
}

/// Returns true if an engine is faster than the measured peak.
fn exceeds_peak(summary: &[Statistic]) -> bool {
    let shares = summary.iter().filter(|row| row.metric == "share_of_peak");
    shares.filter_map(|row| row.estimate.value).any(|share| share > 1.0)
}

/// The rate of an engine, and its fraction of the processor's peak if that is known.
fn rate_cell(rows: &[&Statistic]) -> String {
    let of = |metric| find(rows, metric)?.estimate.value;
    let share = of("share_of_peak").map(|share| format!(" ({:.0} %)", 100.0 * share)).unwrap_or_default();
    of("gflops").map(|rate| significant(rate, 3) + &share).unwrap_or_default()
}

/// A metric in another unit; empty if the engine was not timed.
fn metric_cell(rows: &[&Statistic], metric: &str, factor: f64) -> String {
    let row = find(rows, metric);
    row.map(|row| with_interval(&row.estimate.map(|value| factor * value))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Dtype;
    use crate::engine::EngineName::{Builtin, Fused};
    use crate::report::fixtures::{results, run, sample};
    use crate::report::group::{Groups, speed};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;
    use crate::results::RunRecord;
    use crate::results::schema::SpeedRow;

    /// The cells of each line but the rule.
    fn lines_of(runs: Vec<RunRecord>, samples: Vec<SpeedRow>) -> Vec<Vec<String>> {
        let results = results(runs);
        let groups = Groups { speed: speed(&results, samples).unwrap(), ..Groups::default() };
        let table = table(&statistics(&results, &groups, &Verdicts::default())).unwrap().table;
        let cells =
            |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_string()).collect();
        table.lines().enumerate().filter(|(n, _)| *n != 1).map(|(_, line)| cells(line)).collect()
    }

    #[test]
    fn table_engine_has_columns_of_times_rates_and_ratios() {
        let mut wide = run("b", 1);
        wide.settings.batch_size = 3;
        let mut samples = Vec::new();
        for n in 0..3 {
            samples.push(sample("a", Fused, "train", n, 0.002));
            samples.push(sample("a", Builtin, "train", n, 0.001));
            samples.push(sample("b", Builtin, "train", n, 0.003));
        }
        let found = lines_of(vec![run("a", 1), wide], samples);
        let engines = ["builtin, ms", "builtin, GFLOP/s", "fused, ms", "fused, GFLOP/s", "fused / builtin"];
        assert_eq!(found[0][..3], ["shape", "pass", "cell"]);
        assert_eq!(found[0][3..], engines);
        let times = ["1.00", "0.461", "2.00", "0.230", "2.00 [2.00, 2.00]"];
        assert_eq!(found[1][..3], ["B2 T100 I4 H8", "train", "lstm"]);
        assert_eq!(found[1][3..], times);
        assert_eq!(found[2][3..], ["3.00", "0.230", "", "", ""]);
    }

    #[test]
    fn table_with_a_share_above_the_peak_says_that_the_peak_was_measured_under_load() {
        let caption = |peak: f64| {
            let mut run = run("a", 1);
            (run.settings.dtype, run.row.fma_peak_gflops) = (Dtype::F32, Some(peak));
            let results = results([run]);
            // The rate is 0.23 GFLOP/s.
            let samples = (0..3).map(|n| sample("a", Fused, "train", n, 0.002));
            let groups = Groups { speed: speed(&results, samples).unwrap(), ..Groups::default() };
            table(&statistics(&results, &groups, &Verdicts::default())).unwrap().caption
        };
        assert!(caption(0.2).contains("measured under load"), "{}", caption(0.2));
        assert!(!caption(0.3).contains("load"), "{}", caption(0.3));
    }

    #[test]
    fn table_without_builtin_has_no_ratios_and_nothing_is_no_table() {
        let found = lines_of(vec![run("a", 1)], vec![sample("a", Fused, "forward", 0, 0.002)]);
        assert_eq!(found[0], ["shape", "pass", "cell", "fused, ms", "fused, GFLOP/s"]);
        assert_eq!(found[1][3..], ["2.00", "0.0768"]);
        assert_eq!(table(&[]), None);
    }
}
