//! The fastest engine of each cell and pass.

use super::words::{Labels, listed};
use crate::report::format::significant;
use crate::report::group::{is_reference, ratio_name, reference};
use crate::report::group_by::group_by;
use crate::report::summary::{Section, Statistic};
use crate::settings::Engines;
use crate::support::distinct::distinct;
use crate::support::stats;
use crate::support::text::pluralize;

/// The largest number of settings of which the time is given.
const MOST_TIMES: usize = 8;

/// The largest number of engines that are named after the fastest.
const MOST_FOLLOWERS: usize = 6;

/// A sentence per pass and reference, one on the times, and one on disturbed measurements.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    let is_ratio =
        |row: &&Statistic| row.section == Section::Speed && row.metric == ratio_name(reference(&row.point));
    let ratios: Vec<&Statistic> = summary.iter().filter(is_ratio).collect();
    // The ratio of the reference to itself is no measurement.
    let measured: Vec<&Statistic> = ratios.iter().filter(|row| !is_reference(&row.point)).copied().collect();
    let by_pass = group_by(ratios.iter().copied(), |row| (row.quantity.as_str(), row.metric));
    let mut found: Vec<String> = by_pass.iter().filter_map(|((pass, _), rows)| of_pass(pass, rows)).collect();
    let disturbed = measured.iter().filter(|row| row.is_disturbed()).count();
    // A bare time of a disturbed measurement would pass for a time.
    found.extend(times(summary).filter(|_| 2 * disturbed <= measured.len()));
    if disturbed > 0 {
        found.push(format!(
            "{disturbed} of {} come from disturbed measurements.",
            pluralize(measured.len(), "ratio")
        ));
    }
    found
}

/// A sentence on the time of a pass in the reference; none of many settings.
fn times(summary: &[Statistic]) -> Option<String> {
    let is_time = |row: &&Statistic| {
        (row.section, row.metric) == (Section::Speed, "seconds") && is_reference(&row.point)
    };
    let rows: Vec<&Statistic> = summary.iter().filter(is_time).collect();
    let labels = Labels::of(&rows.iter().map(|row| &row.point).collect::<Vec<_>>());
    let of = |row: &&Statistic| {
        let ms = row.estimate.value.map(|seconds| significant(1e3 * seconds, 2)).unwrap_or_default();
        let words =
            [labels.label(&row.point), row.quantity.clone()].into_iter().filter(|word| !word.is_empty());
        format!("{ms} ms ({})", words.collect::<Vec<_>>().join(", "))
    };
    (1..=MOST_TIMES).contains(&rows.len()).then(|| {
        let each = listed(&rows.iter().map(of).collect::<Vec<_>>());
        let engines = distinct(rows.iter().map(|row| row.point.engine.to_string()));
        format!("A pass of {} takes {each}.", engines.join(" or "))
    })
}

/// The fastest engine of each cell. Nothing is ranked if most measurements were disturbed.
fn of_pass(pass: &str, rows: &[&Statistic]) -> Option<String> {
    if 2 * rows.iter().filter(|row| row.is_disturbed()).count() > rows.len() {
        return Some(format!("No engine is ranked in the pass {pass}: most measurements were disturbed."));
    }
    let by_cell = group_by(rows.iter().copied(), |row| row.point.cell);
    let each: Vec<String> = by_cell
        .iter()
        .filter_map(|(cell, rows)| {
            let fastest = fastest(rows)?;
            Some(cell.map_or(fastest.clone(), |cell| format!("{cell}: {fastest}")))
        })
        .collect();
    (!each.is_empty()).then(|| format!("Fastest in the pass {pass}: {}.", each.join("; ")))
}

/// The engine with the least geometric mean over the shapes, and the shapes at which it is faster or slower
/// than the reference, then the means of the engines that follow; none if the reference was not compared with
/// another engine.
fn fastest(rows: &[&Statistic]) -> Option<String> {
    let engines = group_by(rows.iter().copied(), |row| &row.point.engine);
    let most = engines.iter().map(|(_, rows)| rows.len()).max()?;
    let mean = |rows: &[&Statistic]| {
        stats::geometric_mean(&rows.iter().filter_map(|row| row.estimate.value).collect::<Vec<_>>())
    };
    // An engine that lacks a shape has no comparable mean.
    let means = engines.iter().filter(|(_, rows)| rows.len() == most);
    let mut means: Vec<_> =
        means.filter_map(|(engine, rows)| Some((engine, mean(rows)?, rows.as_slice()))).collect();
    means.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (engine, ratio, rows) = *means.first().filter(|_| engines.len() > 1)?;
    let point = &rows.first()?.point;
    if is_reference(point) {
        let next = means.iter().skip(1).take(MOST_FOLLOWERS);
        let next: Vec<String> = next.map(|(engine, ratio, rows)| follower(engine, *ratio, rows)).collect();
        // No other engine may have all shapes.
        let next = if next.is_empty() { String::new() } else { format!(", while {}", listed(&next)) };
        return Some(format!("{engine}{next}"));
    }
    let reference = reference(point);
    let (faster, slower) = (count_faster(rows), count_slower(rows));
    let (count, ratio) = (pluralize(rows.len(), "shape"), significant(ratio, 2));
    if faster + slower == 0 {
        return Some(format!("none is shown to be faster than {reference}"));
    }
    let rest = rows.len() - faster - slower;
    let kinds = [(faster, "faster"), (slower, "slower"), (rest, "no difference shown")];
    let kinds: Vec<String> =
        kinds.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{words} at {n}")).collect();
    let kinds = format!("{} of {count}", listed(&kinds));
    let next = means.iter().skip(1).filter(|(.., rows)| !rows.iter().all(|row| is_reference(&row.point)));
    let next =
        next.take(MOST_FOLLOWERS).map(|(engine, ratio, _)| format!("{engine} {}", significant(*ratio, 3)));
    let next: Vec<String> = next.collect();
    let next = if next.is_empty() { String::new() } else { format!(", then {}", listed(&next)) };
    Some(format!("{engine} with {ratio} times the time of {reference} ({kinds}){next}"))
}

/// The time of an engine in that of the reference, which is faster in the mean, and the shapes at which the
/// engine is the faster one.
fn follower(engine: &Engines, ratio: f64, rows: &[&Statistic]) -> String {
    let faster = match count_faster(rows) {
        0 => String::new(),
        faster => format!(" (faster at {faster} of {})", pluralize(rows.len(), "shape")),
    };
    format!("{engine} takes {} times as long{faster}", significant(ratio, 2))
}

/// The number of rows whose engine is shown to be faster than the reference, without disturbed ones.
fn count_faster(rows: &[&Statistic]) -> usize {
    let is_faster = |row: &&&Statistic| row.estimate.high.is_some_and(|high| high < 1.0);
    rows.iter().filter(|row| !row.is_disturbed()).filter(is_faster).count()
}

/// The number of rows whose engine is shown to be slower than the reference, without disturbed ones.
fn count_slower(rows: &[&Statistic]) -> usize {
    let is_slower = |row: &&&Statistic| row.estimate.low.is_some_and(|low| low > 1.0);
    rows.iter().filter(|row| !row.is_disturbed()).filter(is_slower).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineName::{self, Builtin, Simd, Stepwise};
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;
    use crate::report::summary::DISTURBED;
    use crate::settings::Settings;

    fn ratio(engine: EngineName, hidden_size: usize, value: f64) -> Statistic {
        let point = Settings { engine: Engines::one(engine), hidden_size, ..run("a", 1).settings };
        let is_reference = engine == Builtin;
        let end = |end: f64| Some(end).filter(|_| !is_reference);
        let estimate = Estimate { value: Some(value), low: end(value - 0.1), high: end(value + 0.1), n: 3 };
        Statistic {
            quantity: "train".into(),
            ..Statistic::new(Section::Speed, "ratio_to_builtin", &point, estimate, "1")
        }
    }

    #[test]
    fn sentences_name_the_fastest_engine_and_count_the_shapes() {
        let mut rows = vec![
            ratio(Builtin, 8, 1.0),
            ratio(Builtin, 16, 1.0),
            ratio(Simd, 8, 0.5),
            ratio(Simd, 16, 1.28),
            ratio(Stepwise, 8, 3.0),
            ratio(Stepwise, 16, 3.0),
        ];
        let expected = "Fastest in the pass train: lstm: simd with 0.80 times the time of builtin (faster at \
                        1 and slower at 1 of 2 shapes), then stepwise 3.00.";
        assert_eq!(sentences(&rows), [expected]);
        rows[2].verdict = Some(format!("{DISTURBED}: the control is 2"));
        let found = sentences(&rows);
        let counts = "(slower at 1 and no difference shown at 1 of 2 shapes), then stepwise 3.00.";
        assert!(found[0].ends_with(counts), "{found:?}");
        assert_eq!(found[1], "1 of 4 ratios come from disturbed measurements.");
        let disturbed = |row: &Statistic| Statistic { verdict: Some(DISTURBED.to_string()), ..row.clone() };
        let found = sentences(&rows.iter().map(disturbed).collect::<Vec<_>>());
        assert_eq!(found[0], "No engine is ranked in the pass train: most measurements were disturbed.");
        (rows[2], rows[3]) = (ratio(Simd, 8, 0.95), ratio(Simd, 16, 0.98));
        let expected = "Fastest in the pass train: lstm: none is shown to be faster than builtin.";
        assert_eq!(sentences(&rows)[0], expected);
        (rows[2], rows[3]) = (ratio(Simd, 8, 0.5), ratio(Simd, 16, 9.0));
        let expected = "Fastest in the pass train: lstm: builtin, while simd takes 2.1 times as long (faster \
                        at 1 of 2 shapes) and stepwise takes 3.0 times as long.";
        assert_eq!(sentences(&rows)[0], expected);
        let without_a_shape = [rows[0].clone(), rows[1].clone(), rows[4].clone()];
        assert_eq!(sentences(&without_a_shape)[0], "Fastest in the pass train: lstm: builtin.");
    }

    #[test]
    fn sentences_one_engine_has_nothing_to_be_compared_with() {
        assert_eq!(sentences(&[ratio(Builtin, 8, 1.0)]), [""; 0]);
    }
}
