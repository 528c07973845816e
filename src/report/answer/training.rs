//! The runs that solved their task, and the test losses.

use super::lengths;
use super::overview::Column;
use super::words::{Labels, MOST_LISTED, counted, listed, listed_or_ends, percent};
use crate::config::spec::Solved;
use crate::report::format::{significant, with_interval};
use crate::report::summary::{Sample, Section, Statistic};
use crate::settings::Settings;

/// Sentences on the runs that solved their task and on what they needed, one on the test losses, one on the
/// test accuracies unless there is a criterion of success, and the remarks.
pub fn sentences(summary: &[Statistic], criterion: &Solved) -> Vec<String> {
    let of = |metric: &str| of_metric(summary, metric);
    let (solved, losses) = (of("solved"), of("test_loss"));
    let accuracies = accuracies(&of("test_accuracy")).filter(|_| solved.is_empty());
    let needed = needed(&solved, &of("sequences"));
    // Where runs end as soon as they solve the task, their losses say where they ended.
    let ends_early = losses.len() > MOST_LISTED && solved.iter().any(|row| row.estimate.value > Some(0.0));
    let losses = of_losses(&losses, &of("best_valid_loss")).filter(|_| !ends_early);
    let found = [solutions(&solved), needed, losses, accuracies].into_iter().flatten();
    found.chain(remarks(summary, criterion)).collect()
}

/// A sentence on the criterion of success, one on chance, and one on the longest test sequences.
pub fn remarks(summary: &[Statistic], criterion: &Solved) -> Vec<String> {
    let of = |metric: &str| of_metric(summary, metric);
    let has_criterion = !of("solved").is_empty();
    let criterion = criterion.in_words().filter(|_| has_criterion);
    let found = [criterion, at_chance(&of("test_loss")), at_longest(&of("accuracy_at_length"))];
    found.into_iter().flatten().collect()
}

/// The same by setting: the runs that solve the task and what they need, the losses, and the accuracies.
pub fn columns(summary: &[Statistic]) -> Vec<Column<'_>> {
    let of = |metric: &str| of_metric(summary, metric);
    let (solved, losses) = (of("solved"), of("test_loss"));
    let share = |row: &&'_ Statistic| match row.sample {
        Sample::Solved((hits, n)) => format!("{hits} of {n} runs"),
        _ => String::new(),
    };
    let needed = medians(&solved, &of("sequences"));
    let accuracies = of("test_accuracy").into_iter();
    let chance = losses.iter().filter_map(|row| Some((&row.point, significant(row.chance()?, 3))));
    let accuracy = |row: &Statistic| {
        let chance = row.chance().map(|level| format!(" (chance: {} %)", significant(100.0 * level, 3)));
        format!("{}{}", percent(&row.estimate), chance.unwrap_or_default())
    };
    let unit = losses.first().map(|row| row.unit.as_str()).unwrap_or_default();
    let (longest, at_longest) = of_longest(&of("accuracy_at_length")).unwrap_or_default();
    let at_longest = at_longest.iter().map(|row| (&row.point, accuracy(row))).collect();
    let column = |heading: &str, numbers| Column { heading: heading.to_string(), numbers };
    vec![
        column("solved by", solved.iter().map(|row| (&row.point, share(row))).collect()),
        column("training sequences", needed.iter().map(|(point, n)| (*point, format!("{n:.0}"))).collect()),
        column(
            &format!("test loss, {unit}"),
            losses.iter().map(|row| (&row.point, with_interval(&row.estimate))).collect(),
        ),
        column(&format!("chance, {unit}"), chance.collect()),
        column("test accuracy", accuracies.map(|row| (&row.point, accuracy(row))).collect()),
        column(&format!("accuracy at length {longest}"), at_longest),
    ]
}

fn of_metric<'a>(summary: &'a [Statistic], metric: &str) -> Vec<&'a Statistic> {
    let is_of = |row: &&Statistic| row.section == Section::Training && row.metric == metric;
    summary.iter().filter(is_of).collect()
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
                let none: Vec<&Settings> =
                    many.iter().filter(|(_, hits, _)| *hits == 0).map(|(point, ..)| *point).collect();
                let is_some = |(_, hits, n): &&(&Settings, usize, usize)| *hits > 0 && hits < n;
                let some: Vec<&Settings> = many.iter().filter(is_some).map(|(point, ..)| *point).collect();
                let rest = [("some runs do", some), ("no run does", none)];
                let rest = rest.iter().filter(|(_, found)| !found.is_empty());
                let rest: String = rest
                    .map(|(words, found)| format!("; {words} at {}", counted(found, many.len(), &labels)))
                    .collect();
                let start = match every.len() {
                    0 => format!("At 0 of {} settings, every run solves the task", many.len()),
                    _ => format!("Every run solves the task at {}", counted(&every, many.len(), &labels)),
                };
                Some(format!("{start}{rest}."))
            })
        }
    }
}

/// A sentence on the training sequences that solve the task, from the least; none unless every run of a
/// setting solves it.
fn needed(solved: &[&Statistic], sequences: &[&Statistic]) -> Option<String> {
    let mut found = medians(solved, sequences);
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

/// The median number of training sequences at each setting of which every run solves the task.
fn medians<'a>(solved: &[&'a Statistic], sequences: &[&Statistic]) -> Vec<(&'a Settings, f64)> {
    let is_solved = |row: &&&Statistic| matches!(row.sample, Sample::Solved((hits, n)) if hits == n && n > 0);
    let of_point = |solved: &&'a Statistic| {
        let row = sequences.iter().find(|row| row.point == solved.point)?;
        Some((&solved.point, row.estimate.value?))
    };
    solved.iter().filter(is_solved).filter_map(of_point).collect()
}

/// A sentence on the test losses, from the least. Beside a single one stand the loss on the validation split
/// and that of the best constant output.
fn of_losses(rows: &[&Statistic], valid: &[&Statistic]) -> Option<String> {
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let mut rows: Vec<&Statistic> = rows.iter().copied().filter(|row| row.estimate.value.is_some()).collect();
    rows.sort_by(|a, b| a.estimate.compare(&b.estimate));
    let unit = rows.first()?.unit.clone();
    let of = |row: &&Statistic| format!("{}{}", with_interval(&row.estimate), labels.bracketed(&row.point));
    let chance = |rows: &[&Statistic]| {
        common_chance(rows).map(|level| format!("; the best constant output has {level}")).unwrap_or_default()
    };
    let on_valid = |row: &Statistic| {
        let valid = valid.iter().find(|valid| valid.point == row.point && valid.estimate.value.is_some())?;
        Some(format!(", and {} on the validation split", with_interval(&valid.estimate)))
    };
    match rows.as_slice() {
        [] => None,
        [one] => {
            let valid = on_valid(one).unwrap_or_default();
            Some(format!("The test loss is {} {unit}{valid}{}.", of(one), chance(&rows)))
        }
        few if few.len() <= MOST_LISTED => {
            let each: Vec<String> = few.iter().map(of).collect();
            Some(format!("The test loss, in {unit}, is {}{}.", listed(&each), chance(few)))
        }
        [least, .., most] => Some(relative_to_chance(&rows, &labels).unwrap_or_else(|| {
            let close = rows[1..].iter().filter(|row| least.estimate.overlaps(&row.estimate)).count();
            let lead = match close {
                0 => format!("{}, before {}", of(least), of(&rows[1])),
                1 => format!("{} or {}, whose intervals overlap", of(least), of(&rows[1])),
                more => format!("{}, whose interval overlaps with those of {more} others", of(least)),
            };
            format!("The test loss, in {unit}, is least at {lead}, and largest at {}.", of(most))
        })),
    }
}

/// The level of chance of all rows, if they have the same in three digits.
fn common_chance(rows: &[&Statistic]) -> Option<String> {
    let level = |row: &&Statistic| Some(significant(row.chance()?, 3));
    let first = rows.first().and_then(level)?;
    rows.iter().all(|row| level(row).as_ref() == Some(&first)).then_some(first)
}

/// The largest ratio of two levels of chance between which losses are compared as they are.
const SAME_CHANCE: f64 = 1.1;

/// A sentence on the losses over those of the best constant outputs; none if these hardly differ, or if one
/// is missing.
fn relative_to_chance(rows: &[&Statistic], labels: &Labels) -> Option<String> {
    let chances: Vec<f64> = rows.iter().map(|row| row.chance()).collect::<Option<_>>()?;
    let most = chances.iter().copied().fold(f64::MIN, f64::max);
    let least = chances.iter().copied().fold(f64::MAX, f64::min);
    let ratios = rows.iter().zip(&chances);
    let ratios = ratios.filter_map(|(row, chance)| Some((&row.point, row.estimate.value? / chance)));
    let mut ratios: Vec<(&Settings, f64)> = ratios.collect();
    ratios.sort_by(|a, b| a.1.total_cmp(&b.1));
    let of = |(point, ratio): &(&Settings, f64)| {
        format!("{} %{}", significant(100.0 * ratio, 3), labels.bracketed(point))
    };
    let (first, last) = (of(ratios.first()?), of(ratios.last()?));
    let sentence =
        format!("The test loss is between {first} and {last} of that of the best constant output.");
    (least > 0.0 && most > SAME_CHANCE * least).then_some(sentence)
}

/// A sentence on the test accuracies, from the largest.
fn accuracies(rows: &[&Statistic]) -> Option<String> {
    Some(format!("The test accuracy is {}.", ranked(rows)?))
}

/// The greatest length of the test sequences, with the numbers at it.
fn of_longest<'a>(rows: &[&'a Statistic]) -> Option<(usize, Vec<&'a Statistic>)> {
    let longest = rows.iter().filter_map(|row| row.lag).max()?;
    Some((longest, rows.iter().copied().filter(|row| row.lag == Some(longest)).collect()))
}

/// A sentence on the accuracies on the longest sequences, from the largest.
fn at_longest(rows: &[&Statistic]) -> Option<String> {
    let (longest, rows) = of_longest(rows)?;
    Some(format!("The accuracy on sequences of length {longest} is {}.", ranked(&rows)?))
}

/// The accuracies, from the largest.
fn ranked(rows: &[&Statistic]) -> Option<String> {
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let mut rows: Vec<&Statistic> = rows.to_vec();
    rows.sort_by(|a, b| b.estimate.compare(&a.estimate));
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

    fn within(loss: f64) -> Solved {
        Solved { loss: Some(loss), ..Solved::default() }
    }

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
        let found = sentences(&statistics(&both, &groups, &Verdicts::default()), &within(0.05));
        let expected = [
            "The task is solved by 1 of 1 runs (lstm) and 0 of 1 runs (rnn).",
            "Where every run solves it, this median number of training sequences is needed: 20 (lstm).",
            "The test loss, in mse, is 0.0100 (lstm) and 0.168 (rnn); the best constant output has 0.167.",
            "Solved means a validation loss below 0.05, at which training ends.",
            "At 1 of 2 settings (rnn), no run is better than the best constant output.",
        ];
        assert_eq!(found, expected);
        assert_eq!(sentences(&[], &within(0.05)), [""; 0]);
        let alone =
            TrainingRows::new(vec![trained("a", "valid", "loss", 0.01), trained("a", "test", "loss", 0.02)]);
        let groups = Groups { training: alone, ..Groups::default() };
        let one = results([training("a", 1)]);
        let found = sentences(&statistics(&one, &groups, &Verdicts::default()), &Solved::default());
        let expected = "The test loss is 0.0200 mse, and 0.0100 on the validation split; the best constant \
                        output has 0.167.";
        assert_eq!(found, [expected]);
        let loss = |seq_len, loss: f64, chance: f64| {
            let point = Settings { seq_len, ..training("a", 1).settings };
            let row = Statistic::new(Section::Training, "test_loss", &point, Estimate::mean(&[loss]), "nats");
            Statistic { against: Some(chance.to_string()), ..row }
        };
        let rows = [loss(1, 0.5, 1.0), loss(2, 0.45, 0.5), loss(3, 0.25, 0.25), loss(4, 0.1, 0.125)];
        let expected =
            "The test loss is between 50.0 % (T1) and 100 % (T3) of that of the best constant output.";
        assert_eq!(sentences(&rows, &Solved::default()), [expected]);
        let close = |(low, high): (f64, f64), seq_len| {
            let row = loss(seq_len, (low + high) / 2.0, 1.0);
            let estimate = Estimate { low: Some(low), high: Some(high), ..row.estimate };
            Statistic { estimate, ..row }
        };
        let of = |ends: [(f64, f64); 4]| {
            let rows: Vec<Statistic> = ends.into_iter().zip(1..).map(|(ends, t)| close(ends, t)).collect();
            sentences(&rows, &Solved::default()).remove(0)
        };
        let apart = of([(0.1, 0.2), (0.3, 0.4), (0.5, 0.6), (0.7, 0.8)]);
        let start = "The test loss, in nats, is least at 0.150 [0.100, 0.200] (T1), ";
        assert!(apart.starts_with(&format!("{start}before 0.350 [0.300, 0.400] (T2)")), "{apart}");
        let open = of([(0.1, 0.2), (0.2, 0.3), (0.15, 0.45), (0.7, 0.8)]);
        assert!(
            open.starts_with(&format!("{start}whose interval overlaps with those of 2 others")),
            "{open}"
        );
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
        assert_eq!(sentences(&solved(0), &Solved::default()), ["No run solves the task."]);
        assert_eq!(sentences(&solved(2), &Solved::default()), ["Every run solves the task."]);
    }

    #[test]
    fn sentence_on_what_is_solved_names_every_setting() {
        let row = |(hits, hidden_size): (usize, usize)| {
            let point = Settings { hidden_size, ..training("a", 1).settings };
            let share = Estimate::mean(&[hits as f64 / 2.0]);
            let sample = Sample::Solved((hits, 2));
            Statistic { sample, ..Statistic::new(Section::Training, "solved", &point, share, "share") }
        };
        let rows = [(2, 8), (1, 16), (0, 32), (2, 64)].map(row);
        let expected = "Every run solves the task at 2 of 4 settings (H8; H64); some runs do at 1 of 4 \
                        settings (H16); no run does at 1 of 4 settings (H32).";
        assert_eq!(sentences(&rows, &Solved::default())[0], expected);
    }

    #[test]
    fn sentences_do_not_rank_losses_of_runs_that_end_as_soon_as_they_solve_the_task() {
        let of = |hits: usize| {
            let rows = (1..=4).flat_map(|seq_len| {
                let point = Settings { seq_len, ..training("a", 1).settings };
                let row = |metric, value| {
                    Statistic::new(Section::Training, metric, &point, Estimate::mean(&[value]), "mse")
                };
                let sample = Sample::Solved((hits, 2));
                [row("test_loss", 0.1), Statistic { sample, ..row("solved", hits as f64 / 2.0) }]
            });
            sentences(&rows.collect::<Vec<_>>(), &Solved::default()).concat()
        };
        assert!(of(0).contains("The test loss") && !of(1).contains("The test loss"), "{}", of(1));
    }

    #[test]
    fn columns_have_the_accuracy_on_the_longest_sequences() {
        let at = |length, accuracy| Statistic {
            lag: Some(length),
            against: Some("0.5".to_string()),
            ..Statistic::new(
                Section::Training,
                "accuracy_at_length",
                &training("a", 1).settings,
                Estimate::mean(&[accuracy]),
                "share",
            )
        };
        let rows = [at(10, 0.9), at(100, 0.6)];
        let found: Vec<Column> =
            columns(&rows).into_iter().filter(|column| !column.numbers.is_empty()).collect();
        let found: Vec<_> =
            found.iter().map(|column| (column.heading.as_str(), column.numbers[0].1.as_str())).collect();
        assert_eq!(found, [("accuracy at length 100", "60.0 % (chance: 50.0 %)")]);
    }
}
