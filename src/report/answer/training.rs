//! The runs that solved their task, and the test losses.

use super::lengths;
use super::words::{Labels, counted, listed, listed_or_ends, percent, rising};
use crate::report::format::{significant, with_interval};
use crate::report::summary::{Sample, Section, Statistic};
use crate::settings::Settings;

/// The largest number of settings of which a sentence gives each number.
const MOST_LISTED: usize = 6;

/// Sentences on the runs that solved their task and on what they needed, one on the test losses, one on
/// chance, one on the test accuracies unless there is a criterion of success, and one on the longest test
/// sequences. `solved_loss` is the validation loss below which a task counts as solved.
pub fn sentences(summary: &[Statistic], solved_loss: Option<f64>) -> Vec<String> {
    let of = |metric: &str| -> Vec<&Statistic> {
        let is_of = |row: &&Statistic| row.section == Section::Training && row.metric == metric;
        summary.iter().filter(is_of).collect()
    };
    let (solved, losses) = (of("solved"), of("test_loss"));
    let accuracies = accuracies(&of("test_accuracy")).filter(|_| solved.is_empty());
    let longer = at_longest(&of("accuracy_at_length"));
    let needed = needed(&solved, &of("sequences"));
    let criterion = solved_loss
        .filter(|_| !solved.is_empty())
        .map(|loss| format!("Solved means a validation loss below {loss}, at which training ends."));
    let found = [
        solutions(&solved),
        needed,
        criterion,
        of_losses(&losses, &of("best_valid_loss")),
        at_chance(&losses),
        accuracies,
        longer,
    ];
    found.into_iter().flatten().collect()
}

/// A sentence on the runs that solved their task; none if no setting has a criterion.
fn solutions(rows: &[&Statistic]) -> Option<String> {
    let mut rows: Vec<(&Settings, usize, usize)> = rows
        .iter()
        .filter_map(|row| match row.sample {
            Sample::Solved((hits, n)) => Some((&row.point, hits, n)),
            _ => None,
        })
        .collect();
    rows.sort_by_key(|(_, hits, n)| std::cmp::Reverse(hits * 1000 / n.max(&1)));
    let labels = Labels::of(&rows.iter().map(|(point, ..)| *point).collect::<Vec<_>>());
    let of = |(point, hits, n): &(&Settings, usize, usize)| {
        format!("{hits} of {n} runs{}", labels.bracketed(point))
    };
    let is_all = |is_so: fn(usize, usize) -> bool| rows.iter().all(|(_, hits, n)| is_so(*hits, *n));
    match rows.as_slice() {
        [] => None,
        _ if is_all(|hits, _| hits == 0) => Some("No run solves the task.".to_string()),
        _ if is_all(|hits, n| hits == n) => Some("Every run solves the task.".to_string()),
        few if few.len() <= MOST_LISTED => {
            Some(format!("The task is solved by {}.", listed(&few.iter().map(of).collect::<Vec<_>>())))
        }
        many => {
            let solved: Vec<(&Settings, bool)> =
                many.iter().map(|(point, hits, n)| (*point, hits == n)).collect();
            lengths::sentence(&solved).or_else(|| {
                let every: Vec<&Settings> =
                    solved.iter().filter(|(_, all)| *all).map(|(point, _)| *point).collect();
                let none = many.iter().filter(|(_, hits, _)| *hits == 0).count();
                let start = match every.len() {
                    0 => format!("At 0 of {} settings, every run solves the task", many.len()),
                    _ => format!("Every run solves the task at {}", counted(&every, many.len(), &labels)),
                };
                Some(format!("{start}; no run does at {none}."))
            })
        }
    }
}

/// A sentence on the training sequences that solve the task, from the least; none unless every run of a
/// setting solves it.
fn needed(solved: &[&Statistic], sequences: &[&Statistic]) -> Option<String> {
    let is_solved = |row: &&&Statistic| matches!(row.sample, Sample::Solved((hits, n)) if hits == n && n > 0);
    let of_point = |solved: &&Statistic| {
        let row = sequences.iter().find(|row| row.point == solved.point)?;
        Some((&row.point, row.estimate.value?))
    };
    let mut found: Vec<(&Settings, f64)> = solved.iter().filter(is_solved).filter_map(of_point).collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    let labels = Labels::of(&solved.iter().map(|row| &row.point).collect::<Vec<_>>());
    let of = |(point, median): &(&Settings, f64)| format!("{median:.0}{}", labels.bracketed(point));
    let each: Vec<String> = found.iter().map(of).collect();
    let each = match each.as_slice() {
        [] => return None,
        [least, middle @ .., most] if middle.len() + 2 > MOST_LISTED => format!("{least} to {most}"),
        few => listed(few),
    };
    Some(format!("Where every run solves it, this median number of training sequences is needed: {each}."))
}

/// A sentence on the test losses, from the least. Beside a single one stand the loss on the validation split
/// and that of the best constant output.
fn of_losses(rows: &[&Statistic], valid: &[&Statistic]) -> Option<String> {
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let mut rows: Vec<&Statistic> = rows.iter().copied().filter(|row| row.estimate.value.is_some()).collect();
    rows.sort_by(|a, b| rising(&a.estimate, &b.estimate));
    let unit = rows.first()?.unit.clone();
    let of = |row: &&Statistic| format!("{}{}", with_interval(&row.estimate), labels.bracketed(&row.point));
    let chance =
        |row: &Statistic| Some(format!("; the best constant output has {}", significant(row.chance()?, 3)));
    let on_valid = |row: &Statistic| {
        let valid = valid.iter().find(|valid| valid.point == row.point && valid.estimate.value.is_some())?;
        Some(format!(", and {} on the validation split", with_interval(&valid.estimate)))
    };
    match rows.as_slice() {
        [] => None,
        [one] => {
            let [valid, chance] = [on_valid(one), chance(one)].map(Option::unwrap_or_default);
            Some(format!("The test loss is {} {unit}{valid}{chance}.", of(one)))
        }
        few if few.len() <= MOST_LISTED => {
            let each: Vec<String> = few.iter().map(of).collect();
            Some(format!("The test loss, in {unit}, is {}.", listed(&each)))
        }
        [least, .., most] => {
            Some(format!("The test loss, in {unit}, is between {} and {}.", of(least), of(most)))
        }
    }
}

/// A sentence on the test accuracies, from the largest.
fn accuracies(rows: &[&Statistic]) -> Option<String> {
    Some(format!("The test accuracy is {}.", ranked(rows)?))
}

/// A sentence on the accuracies on the longest sequences, from the largest.
fn at_longest(rows: &[&Statistic]) -> Option<String> {
    let longest = rows.iter().filter_map(|row| row.lag).max()?;
    let rows: Vec<&Statistic> = rows.iter().copied().filter(|row| row.lag == Some(longest)).collect();
    Some(format!("The accuracy on sequences of length {longest} is {}.", ranked(&rows)?))
}

/// The accuracies, from the largest.
fn ranked(rows: &[&Statistic]) -> Option<String> {
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let mut rows: Vec<&Statistic> = rows.to_vec();
    rows.sort_by(|a, b| rising(&b.estimate, &a.estimate));
    let of = |row: &&Statistic| format!("{}{}", percent(&row.estimate), labels.bracketed(&row.point));
    listed_or_ends(&rows.iter().map(of).collect::<Vec<_>>())
}

/// A sentence on the settings of which every run is no better than chance.
fn at_chance(rows: &[&Statistic]) -> Option<String> {
    let is_whole = |row: &&&Statistic| {
        row.verdict
            .as_ref()
            .is_some_and(|verdict| ["at chance", "worse than chance"].contains(&verdict.as_str()))
    };
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let found: Vec<&Settings> = rows.iter().filter(is_whole).map(|row| &row.point).collect();
    let all = rows.len();
    match (found.len(), all) {
        (0, _) => None,
        (1, 1) => Some("That is no better than the best constant output.".into()),
        _ => {
            let at = counted(&found, all, &labels);
            Some(format!("At {at}, no run is better than the best constant output."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::{results, trained, training, with_cell};
    use crate::report::group::{Groups, TrainingRows};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    #[test]
    fn sentences_say_what_is_solved_lost_and_at_chance() {
        let runs = [training("a", 1), with_cell(training("b", 1), CellName::Rnn)];
        let rows = vec![
            trained("a", "valid", "loss", 0.01),
            trained("a", "test", "loss", 0.01),
            trained("a", "train", "solved", 1.0),
            trained("b", "valid", "loss", 0.168),
            trained("b", "test", "loss", 0.168),
            trained("b", "train", "solved", 0.0),
        ];
        let both = results(runs);
        let groups = Groups { training: TrainingRows::new(rows), ..Groups::default() };
        let found = sentences(&statistics(&both, &groups, &Verdicts::default()), Some(0.05));
        let expected = [
            "The task is solved by 1 of 1 runs (lstm) and 0 of 1 runs (rnn).",
            "Where every run solves it, this median number of training sequences is needed: 20 (lstm).",
            "Solved means a validation loss below 0.05, at which training ends.",
            "The test loss, in mse, is 0.0100 (lstm) and 0.168 (rnn).",
            "At 1 of 2 settings (rnn), no run is better than the best constant output.",
        ];
        assert_eq!(found, expected);
        assert_eq!(sentences(&[], Some(0.05)), [""; 0]);
        let alone =
            TrainingRows::new(vec![trained("a", "valid", "loss", 0.01), trained("a", "test", "loss", 0.02)]);
        let groups = Groups { training: alone, ..Groups::default() };
        let one = results([training("a", 1)]);
        let found = sentences(&statistics(&one, &groups, &Verdicts::default()), None);
        let expected = "The test loss is 0.0200 mse, and 0.0100 on the validation split; the best constant \
                        output has 0.167.";
        assert_eq!(found, [expected]);
        let solved = |hits| {
            let row = Statistic::new(
                Section::Training,
                "solved",
                &training("a", 1).settings,
                Estimate::default(),
                "",
            );
            vec![Statistic { sample: Sample::Solved((hits, 2)), ..row }]
        };
        assert_eq!(sentences(&solved(0), None), ["No run solves the task."]);
        assert_eq!(sentences(&solved(2), None), ["Every run solves the task."]);
    }
}
