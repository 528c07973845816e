//! The tables of training: a row per grid point.

use super::markdown_table::{Captioned, MarkdownTable, escaped};
use super::settings::{cells, columns, header, rest};
use super::statistics::{find, metric_cell, run_count};
use crate::report::format::{significant, with_interval};
use crate::report::load::{GridPoint, Results};
use crate::report::summary::{Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;
use crate::support::text::duration;

/// The columns of results after the settings.
const RESULTS: [&str; 6] =
    ["best valid loss", "test loss", "chance", "test accuracy", "chance (accuracy)", "solved"];

/// The columns of costs after the settings.
const COSTS: [&str; 4] = ["sequences", "parameters", "time", "runs"];

const CAPTION: &str = "Losses in the unit of the task (nats, or the mean square). The split test is \
                       evaluated once, with the parameters that were best on the split valid. Means over \
                       seeds, with 95 % intervals; `chance` is the best constant output on the same \
                       sequences.";

/// The columns of the table of lengths after the settings.
const LENGTHS: [&str; 5] = ["length", "loss", "chance", "accuracy", "chance (accuracy)"];

const LENGTHS_CAPTION: &str = "The test with sequences of other lengths than those of training, with the \
                               parameters that were best on the split valid.";

const COSTS_CAPTION: &str = "The cost of a run. `sequences` is the median number of training sequences, \
                             `time` the median time of a run, to which other work on the machine adds.";

/// The tables of results and of costs; none if nothing was trained.
pub fn tables(results: &Results, summary: &[Statistic]) -> Vec<Captioned> {
    let points = || results.of_kind(ExperimentKind::Training);
    let Some(first) = points().next() else { return vec![] };
    let settings: Vec<&Settings> = points().map(|point| &point.settings).collect();
    let settings = columns(settings.into_iter());
    let line = |point: &GridPoint| {
        let is_of = |row: &&Statistic| row.section == Section::Training && row.point == point.settings;
        let rows: Vec<&Statistic> = summary.iter().filter(is_of).collect();
        (cells(&settings, &point.settings), numbers(point, &rows))
    };
    let fixed = results.about.training.iter().map(|text| escaped(text));
    let common =
        std::iter::once(rest(&settings, &first.settings)).chain(fixed).collect::<Vec<_>>().join(", ");
    let lines: Vec<(Vec<String>, Vec<String>)> = points().map(line).collect();
    let table = |title: &str, caption: String, heads: &[&str], from: usize| {
        let heads = heads.iter().map(|head| head.to_string());
        let row = |(place, numbers): &(Vec<String>, Vec<String>)| {
            place.iter().chain(&numbers[from..from + heads.len()]).cloned().collect()
        };
        let rows = lines.iter().map(row).collect();
        Captioned {
            title: title.to_string(),
            caption,
            table: MarkdownTable {
                header: header(&settings).into_iter().chain(heads.clone()).collect(),
                rows,
            },
        }
    };
    let results = [
        table("Losses and accuracies", format!("{CAPTION} All rows: {common}."), &RESULTS, 0),
        table("Cost of a run", COSTS_CAPTION.to_string(), &COSTS, RESULTS.len()),
    ];
    let [losses, costs] = results;
    std::iter::once(losses).chain(of_lengths(&settings, summary)).chain([costs]).collect()
}

/// The table of the lengths of test sequences: a row per grid point and length. `None` if there are none.
fn of_lengths(settings: &[&'static str], summary: &[Statistic]) -> Option<Captioned> {
    let is_loss = |row: &&Statistic| row.metric == "loss_at_length";
    let row = |loss: &Statistic| {
        let is_accuracy = |row: &&Statistic| {
            (row.metric, row.lag, &row.point) == ("accuracy_at_length", loss.lag, &loss.point)
        };
        let accuracy = summary.iter().find(is_accuracy);
        let chance = |row: &Statistic| row.chance().map(|level| significant(level, 3)).unwrap_or_default();
        let numbers = |row: &Statistic| [with_interval(&row.estimate), chance(row)];
        let length = loss.lag.map(|length| length.to_string()).unwrap_or_default();
        let accuracy = accuracy.map(numbers).unwrap_or_default();
        [cells(settings, &loss.point), vec![length], numbers(loss).to_vec(), accuracy.to_vec()].concat()
    };
    let rows: Vec<Vec<String>> = summary.iter().filter(is_loss).map(row).collect();
    (!rows.is_empty()).then(|| Captioned {
        title: "Length of the test sequences".to_string(),
        caption: LENGTHS_CAPTION.to_string(),
        table: MarkdownTable {
            header: header(settings).into_iter().chain(LENGTHS.map(String::from)).collect(),
            rows,
        },
    })
}

/// The cells after the settings.
fn numbers(point: &GridPoint, rows: &[&Statistic]) -> Vec<String> {
    let value = |metric: &str| find(rows, metric)?.estimate.value;
    let chance = |metric: &str| Some(significant(find(rows, metric)?.chance()?, 3));
    let verdict = find(rows, "test_loss").and_then(|row| row.verdict.as_ref());
    let verdict = verdict.map(|words| format!(" ({words})")).unwrap_or_default();
    let solved = find(rows, "solved").and_then(|row| {
        let n = row.estimate.n;
        Some(format!("{:.0} of {n}", row.estimate.value? * n as f64))
    });
    vec![
        metric_cell(rows, "best_valid_loss"),
        metric_cell(rows, "test_loss") + &verdict,
        chance("test_loss").unwrap_or_default(),
        metric_cell(rows, "test_accuracy"),
        chance("test_accuracy").unwrap_or_default(),
        solved.unwrap_or_default(),
        value("sequences").map(|median| format!("{median:.0}")).unwrap_or_default(),
        point.runs.iter().find_map(|run| run.row.parameters).map(|n| n.to_string()).unwrap_or_default(),
        value("seconds").map(duration).unwrap_or_default(),
        run_count(&point.runs),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{failed, results, run, trained, training};
    use crate::report::group::{Groups, TrainingRows};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    #[test]
    fn tables_best_evaluation_counts_and_test_loss_at_chance_is_named() {
        let of = |id: &str, seed, rate| {
            let mut run = training(id, seed);
            run.settings.learning_rate = Some(rate);
            run
        };
        let results = results([of("a", 1, 0.1), failed(of("b", 2, 0.1)), of("c", 1, 0.2)]);
        let rows = [
            trained("a", "valid", "loss", 0.3),
            trained("a", "valid", "loss", 0.02),
            trained("a", "valid", "loss", 0.1),
            trained("a", "test", "loss", 0.03),
            trained("a", "train", "loss", 0.5),
            trained("a", "train", "solved", 1.0),
            trained("b", "valid", "loss", 0.001),
            // The best of many evaluations is below chance by chance.
            trained("c", "valid", "loss", 0.160),
            trained("c", "test", "loss", 0.168),
            trained("c", "train", "solved", 0.0),
        ];
        let groups = Groups { training: TrainingRows::new(rows), ..Groups::default() };
        let tables = tables(&results, &statistics(&results, &groups, &Verdicts::default()));
        let cells =
            |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_string()).collect();
        let lines =
            |n: usize| -> Vec<Vec<String>> { tables[n].table.to_markdown().lines().map(cells).collect() };
        let (costs, lines) = (lines(1), lines(0));
        assert_eq!(lines[0][..3], ["cell", "learning rate", "best valid loss"]);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[2][2..5], ["0.0200", "0.0300", "0.167"]);
        assert_eq!(lines[2][7], "1 of 1");
        assert_eq!(costs[2][2..], ["20", "", "1.00 s", "2, 1 failed"]);
        assert_eq!(lines[3][2..4], ["0.160", "0.168 (at chance)"]);
        assert_eq!(lines[3][7], "0 of 1");
    }

    #[test]
    fn tables_nothing_trained_is_none() {
        assert_eq!(tables(&results([run("a", 1)]), &[]), []);
    }
}
