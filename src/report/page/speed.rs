//! The tables of speed: ratios, times, rates and first passes. A row per shape, pass and cell, a column per
//! engine.

use super::markdown_table::{Captioned, MarkdownTable, escaped};
use super::settings::{cells, rest};
use super::statistics::find;
use crate::engine::EngineName;
use crate::report::estimate::Estimate;
use crate::report::fields::{SHAPE, heads, labels, varying, without};
use crate::report::format::{significant, with_interval};
use crate::report::group::{MAX_STOLEN, ratio_name, reference};
use crate::report::group_by::group_by;
use crate::report::summary::{Section, Statistic};
use crate::settings::{Engines, Settings};
use crate::support::distinct::distinct;

/// The note on a share above 1.
const EXCEEDS_PEAK: &str = " **The peak was measured under load:** at least one share is above 100 %, which \
    no engine can reach. All shares of such a run are too large.";

const TIMES: &str = "Time of a pass, in ms.";

const RATES: &str = "Rate of multiplication, in GFLOP/s, and its share of the peak if that is known.";

const FIRST_PASSES: &str = "First pass of each engine in its process, before the warm-up, in ms: the median \
    over the processes. No estimate above contains a first pass.";

/// The tables; none if nothing was timed. Cells with another reference have tables of their own.
pub fn tables(summary: &[Statistic]) -> Vec<Captioned> {
    let timed = summary.iter().filter(|row| row.section == Section::Speed);
    let references = distinct(timed.map(|row| reference(&row.point)));
    let of_reference = |reference: &EngineName| {
        let mut tables = tables_beside(*reference, summary);
        if references.len() > 1 {
            // The title of the ratios names the reference.
            let others = tables.iter_mut().filter(|table| !table.title.ends_with(reference.as_str()));
            others.for_each(|table| table.title += &format!(" (reference: {reference})"));
        }
        tables
    };
    references.iter().flat_map(of_reference).collect()
}

/// The tables of the cells with a reference.
fn tables_beside(reference: EngineName, summary: &[Statistic]) -> Vec<Captioned> {
    let Some(rows) = Rows::new(summary, reference) else { return vec![] };
    let common = format!("All rows: {}. {}", rows.common, left_out(summary));
    let note = if exceeds_peak(summary) { EXCEEDS_PEAK } else { "" };
    let has_first = summary.iter().any(|row| row.metric == "first_pass_seconds");
    let engines = || rows.engines.iter().map(|engine| escaped(&engine.to_string())).collect();
    let table = |title: &str, caption: String, heads, of_row| Captioned {
        title: title.to_string(),
        caption,
        table: rows.table(heads, of_row),
    };
    let ratios = rows.has_ratios().then(|| {
        let title = format!("Ratios to {reference}");
        let caption = format!("Time of each engine over that of {reference} in the same round.");
        table(&title, caption, rows.ratio_heads(), Rows::ratio_cells)
    });
    let first = has_first.then(|| table("First passes", FIRST_PASSES.into(), engines(), Rows::first_cells));
    let times = table("Times", TIMES.into(), engines(), Rows::time_cells);
    // The work of a whole training step is not counted.
    let rates = rows
        .any(|row| row.metric == "gflops")
        .then(|| table("Rates", format!("{RATES}{note}"), engines(), Rows::rate_cells));
    let mut tables: Vec<Captioned> = ratios.into_iter().chain([times]).chain(rates).chain(first).collect();
    tables[0].caption += &format!(" {common}");
    tables
}

/// The numbers of speed, by grid point and pass.
struct Rows<'a> {
    /// The numbers of each row.
    rows: Vec<((Settings, String), Vec<&'a Statistic>)>,
    /// The settings that have a column of their own.
    others: Vec<&'static str>,
    /// The settings that all rows have in common.
    common: String,
    /// The engines; the reference comes first.
    engines: Vec<&'a Engines>,
    /// The engine that the others are compared with.
    reference: EngineName,
}

impl<'a> Rows<'a> {
    fn new(summary: &'a [Statistic], own: EngineName) -> Option<Rows<'a>> {
        let is_own = |row: &&Statistic| row.section == Section::Speed && reference(&row.point) == own;
        let numbers = summary.iter().filter(is_own);
        let without_engine = |point: &Settings| Settings { engine: Engines::default(), ..point.clone() };
        let rows = group_by(numbers, |row| (without_engine(&row.point), row.quantity.clone()));
        let ((point, _), _) = rows.first()?;
        let vary = varying(rows.iter().map(|((point, _), _)| point));
        let others = without(&vary, &[&SHAPE[..], &["cell"]].concat());
        let common = rest(&[&vary[..], &SHAPE, &["cell", "engine"]].concat(), point);
        let numbers = rows.iter().flat_map(|(_, rows)| rows.iter().copied());
        let mut engines: Vec<&Engines> =
            group_by(numbers, |row| &row.point.engine).into_iter().map(|(engine, _)| engine).collect();
        engines.sort_by_key(|engine| **engine != Engines::one(own));
        Some(Rows { rows, others, common, engines, reference: own })
    }

    /// Returns true if the table has a column of ratios for an engine.
    fn has_ratio(&self, engine: &Engines) -> bool {
        let reference = Engines::one(self.reference);
        *self.engines[0] == reference && *engine != reference
    }

    fn any(&self, is_it: impl Fn(&Statistic) -> bool) -> bool {
        self.rows.iter().flat_map(|(_, rows)| rows).any(|row| is_it(row))
    }

    fn has_control(&self) -> bool {
        self.any(|row| row.metric == "control_ratio")
    }

    fn has_verdict(&self) -> bool {
        self.any(|row| row.verdict.is_some())
    }

    /// The heads of the columns that both tables begin with.
    fn place(&self) -> Vec<String> {
        let mut header = vec!["shape".to_string()];
        header.extend(heads(&self.others));
        header.extend(["pass", "cell"].map(String::from));
        header
    }

    fn has_ratios(&self) -> bool {
        self.has_a_choice() || self.has_control()
    }

    /// Returns true if an engine has a ratio to the reference.
    fn has_a_choice(&self) -> bool {
        self.engines.iter().any(|engine| self.has_ratio(engine))
    }

    fn ratio_heads(&self) -> Vec<String> {
        let timed = self.engines.iter().filter(|engine| self.has_ratio(engine));
        let mut heads: Vec<String> =
            timed.map(|engine| format!("{} / {}", escaped(&engine.to_string()), self.reference)).collect();
        heads.extend(self.has_a_choice().then(|| "fastest".to_string()));
        if self.has_control() {
            heads.extend(["control", "smallest difference, %"].map(String::from));
        }
        heads.extend(self.has_verdict().then(|| "verdict".to_string()));
        heads
    }

    /// A table with the columns of the place, then those that `of_row` gives.
    fn table(&self, heads: Vec<String>, of_row: fn(&Self, &[&Statistic]) -> Vec<String>) -> MarkdownTable {
        MarkdownTable { header: [self.place(), heads].concat(), rows: self.cells(of_row) }
    }

    /// The cells of all rows: those of the place, then those that `of_row` gives.
    fn cells(&self, of_row: fn(&Self, &[&Statistic]) -> Vec<String>) -> Vec<Vec<String>> {
        let row = |((point, pass), numbers): &((Settings, String), Vec<&Statistic>)| {
            let mut row = vec![labels(&SHAPE, point).join(" ")];
            row.extend(cells(&self.others, point));
            row.push(escaped(pass));
            row.extend(cells(&["cell"], point));
            row.extend(of_row(self, numbers));
            row
        };
        self.rows.iter().map(row).collect()
    }

    fn ratio_cells(&self, numbers: &[&Statistic]) -> Vec<String> {
        let timed = self.engines.iter().filter(|engine| self.has_ratio(engine));
        let name = ratio_name(self.reference);
        let ratio = |engine: &&Engines| metric_cell(&of_engine(numbers, engine), name, 1.0);
        let mut row: Vec<String> = timed.map(ratio).collect();
        row.extend(self.has_a_choice().then(|| fastest(numbers, self.reference)));
        if self.has_control() {
            row.push(metric_cell(numbers, "control_ratio", 1.0));
            let smallest = find(numbers, "smallest_difference").and_then(|row| row.estimate.value);
            row.push(smallest.map(|percent| significant(percent, 2)).unwrap_or_default());
        }
        let verdict = || numbers.iter().find_map(|row| row.verdict.clone()).unwrap_or_default();
        row.extend(self.has_verdict().then(|| escaped(&verdict())));
        row
    }

    fn time_cells(&self, numbers: &[&Statistic]) -> Vec<String> {
        let cell = |engine: &&Engines| metric_cell(&of_engine(numbers, engine), "seconds", 1e3);
        self.engines.iter().map(cell).collect()
    }

    fn rate_cells(&self, numbers: &[&Statistic]) -> Vec<String> {
        self.engines.iter().map(|engine| rate_cell(&of_engine(numbers, engine))).collect()
    }

    fn first_cells(&self, numbers: &[&Statistic]) -> Vec<String> {
        let cell = |engine: &&Engines| metric_cell(&of_engine(numbers, engine), "first_pass_seconds", 1e3);
        self.engines.iter().map(cell).collect()
    }
}

/// The fastest engine at a shape, with those whose intervals overlap its own; empty without a ratio, and for
/// disturbed ratios. The ratio of the reference is 1.
fn fastest(numbers: &[&Statistic], reference: EngineName) -> String {
    let is_ratio = |row: &&&Statistic| row.metric == ratio_name(reference) && !row.is_disturbed();
    let is_reference = |row: &&Statistic| row.point.engine == Engines::one(reference);
    let ratios = numbers.iter().filter(is_ratio).filter(|row| !is_reference(row));
    let of_row = |row: &&Statistic| (row.estimate, row.point.engine.to_string());
    let mut ranked: Vec<(Estimate, String)> =
        ratios.filter(|row| row.estimate.value.is_some()).map(of_row).collect();
    if ranked.is_empty() {
        return String::new();
    }
    let one = Estimate { value: Some(1.0), ..Estimate::default() };
    ranked.push((one, reference.to_string()));
    ranked.sort_by(|(a, _), (b, _)| a.compare(b));
    let close = ranked.iter().filter(|(ratio, _)| ranked[0].0.overlaps(ratio));
    close.map(|(_, engine)| escaped(engine)).collect::<Vec<_>>().join(", ")
}

fn of_engine<'a>(numbers: &[&'a Statistic], engine: &Engines) -> Vec<&'a Statistic> {
    numbers.iter().copied().filter(|row| row.point.engine == *engine).collect()
}

/// The number of rounds that are left out, in a sentence.
fn left_out(summary: &[Statistic]) -> String {
    let counts = summary.iter().filter(|row| row.metric == "rounds_left_out").map(|row| row.estimate);
    let (left_out, all) = counts
        .fold((0.0, 0), |(left_out, all), count| (left_out + count.value.unwrap_or(0.0), all + count.n));
    let share = 100.0 * MAX_STOLEN;
    format!("Rounds with a steal above {share:.0} % are left out: {left_out:.0} of {all}.")
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

    /// The cells of each line of each table but the rule.
    fn lines_of(runs: Vec<RunRecord>, samples: Vec<SpeedRow>) -> Vec<Vec<Vec<String>>> {
        let results = results(runs);
        let groups = Groups { speed: speed(&results, samples).unwrap(), ..Groups::default() };
        let tables = tables(&statistics(&results, &groups, &Verdicts::default()));
        let cells =
            |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_string()).collect();
        let lines = |table: &Captioned| {
            let text = table.table.to_markdown();
            text.lines().enumerate().filter(|(n, _)| *n != 1).map(|(_, line)| cells(line)).collect()
        };
        tables.iter().map(lines).collect()
    }

    #[test]
    fn tables_engine_has_a_column_of_ratios_of_times_and_of_rates() {
        let mut wide = run("b", 1);
        wide.settings.batch_size = 3;
        let mut samples = Vec::new();
        for n in 0..3 {
            samples.push(sample("a", Fused, "train", n, 0.002));
            samples.push(sample("a", Builtin, "train", n, 0.001));
            samples.push(sample("b", Builtin, "train", n, 0.003));
        }
        let found = lines_of(vec![run("a", 1), wide], samples);
        let place = ["shape", "pass", "cell"];
        assert_eq!(found[0][0], [&place[..], &["fused / builtin", "fastest", "verdict"]].concat());
        assert_eq!(found[1][0], [&place[..], &["builtin", "fused"]].concat());
        assert_eq!(found[0][1][..3], ["B2 T100 I4 H8", "train", "lstm"]);
        let verdict = "within one process";
        assert_eq!(found[0][1][3..], ["2.00", "builtin", verdict]);
        assert_eq!(found[0][2][3..], ["", "", verdict]);
        assert_eq!(found[1][1][3..], ["1.00", "2.00"]);
        assert_eq!(found[1][2][3..], ["3.00", ""]);
        assert_eq!(found[2][1][3..], ["0.461", "0.230"]);
    }

    #[test]
    fn tables_of_a_whole_step_have_no_rates() {
        let titles = |pass: &str| -> Vec<String> {
            let results = results([run("a", 1)]);
            let samples = [sample("a", Fused, pass, 0, 0.002), sample("a", Builtin, pass, 0, 0.001)];
            let groups = Groups { speed: speed(&results, samples).unwrap(), ..Groups::default() };
            let tables = tables(&statistics(&results, &groups, &Verdicts::default()));
            tables.into_iter().map(|table| table.title).collect()
        };
        assert_eq!(titles("train"), ["Ratios to builtin", "Times", "Rates"]);
        assert_eq!(titles("step"), ["Ratios to builtin", "Times"]);
    }

    #[test]
    fn tables_with_a_control_show_it_its_verdict_and_first_passes() {
        let mut samples = Vec::new();
        for process in 0..2 {
            let of = |seconds| SpeedRow { process, ..sample("a", Builtin, "train", 0, seconds) };
            samples.push(SpeedRow { round: None, ..of(0.02) });
            samples.push(SpeedRow { stolen_share: Some(0.01), ..of(0.01) });
            let seconds = [0.0106, 0.0106001][process];
            samples.push(SpeedRow { control: true, ..of(seconds) });
        }
        let results = results([run("a", 1)]);
        let groups = Groups { speed: speed(&results, samples).unwrap(), ..Groups::default() };
        let tables = tables(&statistics(&results, &groups, &Verdicts::default()));
        let line =
            |n: usize, line: usize| tables[n].table.to_markdown().lines().nth(line).unwrap().to_string();
        assert!(tables[0].caption.ends_with(" Rounds with a steal above 5 % are left out: 0 of 2."));
        assert!(line(0, 0).contains(" control ") && line(0, 0).contains("smallest difference, %"));
        assert!(line(0, 2).contains("1.0600 [1.0599, 1.0601]"), "{}", line(0, 2));
        assert!(
            line(0, 2).contains(r"disturbed: the control is 1.0600 \[1.0599, 1.0601\]"),
            "{}",
            line(0, 2)
        );
        assert!(tables[3].caption.starts_with("First pass of each engine"));
        let cells: Vec<String> = line(3, 2).split('|').map(|cell| cell.trim().to_string()).collect();
        assert_eq!(cells[1..5], ["B2 T100 I4 H8", "train", "lstm", "20.0"]);
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
            tables(&statistics(&results, &groups, &Verdicts::default())).remove(1).caption
        };
        assert!(caption(0.2).contains("measured under load"), "{}", caption(0.2));
        assert!(!caption(0.3).contains("load"), "{}", caption(0.3));
    }

    #[test]
    fn table_without_builtin_has_no_ratios_and_nothing_is_no_table() {
        let found = lines_of(vec![run("a", 1)], vec![sample("a", Fused, "forward", 0, 0.002)]);
        assert_eq!(found[0][0], ["shape", "pass", "cell", "fused"]);
        assert_eq!([&found[0][1][3], &found[1][1][3]], ["2.00", "0.0768"]);
        assert_eq!(tables(&[]), []);
    }
}
