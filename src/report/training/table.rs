//! What was learned, in a table: one row a grid point, over its seeds.

use super::{Key, OWN, groups, varying_own};
use crate::report::number::{significant, with_interval};
use crate::report::point::{Setting, varying};
use crate::report::table::{Table, escaped};
use crate::report::tables::{Captioned, counted};
use crate::results::schema::{RunRow, SummaryRow};
use crate::support::text::duration;

/// The columns after the settings.
const COLUMNS: [&str; 10] = [
    "best valid loss",
    "test loss",
    "chance",
    "test accuracy",
    "chance",
    "solved",
    "sequences",
    "parameters",
    "time",
    "runs",
];

/// The table of the summary's rows of training; none where nothing was trained. Runs that diverged are counted, and count as
/// not solved.
pub fn table(runs: &[RunRow], summary: &[SummaryRow]) -> Option<Captioned> {
    let groups = groups(runs);
    groups.first()?;
    let keys: Vec<Key> = groups.iter().map(|members| Key::from(members[0])).collect();
    let vary = varying(keys.iter().map(|key| &key.point));
    let is_shown = |setting: &Setting| *setting == Setting::Cell || vary.contains(setting);
    let settings: Vec<Setting> = Setting::ALL.into_iter().filter(is_shown).collect();
    let own = varying_own(&keys);
    let mut header: Vec<String> = settings.iter().map(|setting| setting.name().to_string()).collect();
    header.extend(own.iter().map(|n| OWN[*n].to_string()));
    header.extend(COLUMNS.map(String::from));
    let line = |(key, members): (&Key, &Vec<&RunRow>)| {
        let mut cells: Vec<String> =
            settings.iter().map(|setting| escaped(&setting.value(&key.point))).collect();
        cells.extend(own.iter().map(|n| escaped(&key.own[*n])));
        let of_point = |row: &&SummaryRow| row.kind == "training" && Key::from(*row) == *key;
        cells.extend(numbers(members, &summary.iter().filter(of_point).collect::<Vec<_>>()));
        cells
    };
    Some(Captioned {
        caption: "Losses in the unit of the task (nats, or the mean square); means over seeds, with 95 % intervals; \
                  `sequences` is the median of what was trained on, `time` that of a run."
            .to_string(),
        table: Table { header, rows: keys.iter().zip(&groups).map(line).collect() },
    })
}

/// The cells after the settings.
fn numbers(members: &[&RunRow], rows: &[&SummaryRow]) -> Vec<String> {
    let of = |metric: &str| rows.iter().find(|row| row.metric == metric).copied();
    let cell = |metric: &str| {
        let row = of(metric)?;
        let verdict = row.verdict.as_ref().map(|words| format!(" ({words})")).unwrap_or_default();
        Some(with_interval(row.estimate?, row.ci_low, row.ci_high) + &verdict)
    };
    let chance = |metric: &str| {
        let level: f64 = of(metric)?.against.as_ref()?.parse().ok()?;
        Some(significant(level, 3))
    };
    let solved = || {
        let row = of("solved")?;
        Some(format!("{:.0} of {}", row.estimate? * row.n as f64, row.n))
    };
    let cells = [
        cell("best_valid_loss"),
        cell("test_loss"),
        chance("test_loss"),
        cell("test_accuracy"),
        chance("test_accuracy"),
        solved(),
        of("sequences").and_then(|row| row.estimate).map(|median| format!("{median:.0}")),
        members.iter().find_map(|run| run.parameters).map(|count| count.to_string()),
        of("seconds").and_then(|row| row.estimate).map(duration),
        Some(counted(members.iter().copied())),
    ];
    cells.map(Option::unwrap_or_default).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::load::Experiment;
    use crate::report::{fake, summary};
    use crate::results::schema::TrainingRow;

    #[test]
    fn the_best_evaluation_counts_and_chance_on_the_test_split_is_called_so() {
        let of = |id: &str, seed, rate| RunRow {
            kind: "training".into(),
            learning_rate: Some(rate),
            ..fake::run(id, seed)
        };
        let mut runs = vec![of("a", 1, 0.1), of("b", 2, 0.1), of("c", 1, 0.2)];
        runs[1].status = "failed".into();
        let row = |id: &str, split: &str, metric: &str, value: f64| -> TrainingRow {
            fake::trained(&fake::run(id, 1), split, metric, value)
        };
        let training = vec![
            row("a", "valid", "loss", 0.3),
            row("a", "valid", "loss", 0.02),
            row("a", "valid", "loss", 0.1),
            row("a", "test", "loss", 0.03),
            row("a", "train", "loss", 0.5),
            row("a", "train", "solved", 1.0),
            row("b", "valid", "loss", 0.001),
            // The best of many evaluations is below chance by chance.
            row("c", "valid", "loss", 0.160),
            row("c", "test", "loss", 0.168),
            row("c", "train", "solved", 0.0),
        ];
        let experiment = Experiment { runs, training, ..Experiment::default() };
        let table = table(&experiment.runs, &summary::rows(&experiment)).unwrap().table;
        assert_eq!(table.header[..3], ["cell", "learning rate", "best valid loss"]);
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[0][2..5], ["0.0200", "0.0300", "0.167"]);
        assert_eq!(table.rows[0][7..9], ["1 of 1", "20"]);
        assert_eq!(table.rows[0][11], "2, 1 failed");
        assert_eq!(table.rows[1][2..4], ["0.160", "0.168 (at chance)"]);
        assert_eq!(table.rows[1][7], "0 of 1");
    }

    #[test]
    fn nothing_trained_is_no_table() {
        assert_eq!(super::table(&[fake::run("a", 1)], &[]), None);
    }
}
