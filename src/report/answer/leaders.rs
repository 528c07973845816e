//! The settings that keep most of a gradient: those of each init, or else of each cell.

use super::overview::Overview;
use super::words::{Labels, listed, share};
use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::settings::Settings;

/// The largest number of inits, or of cells, of which each has an entry.
const MOST_GROUPS: usize = 8;

/// log10 of the share of the norm above which the norm has grown: a gradient that explodes is not kept.
const GROWN: f64 = std::f64::consts::LOG10_2;

/// One setting with log10 of the share that is left.
pub type Left<'a> = (&'a Settings, Estimate);

/// The settings of one init, or else of one cell. The shares fall.
struct Group<'a> {
    name: String,
    /// Those at which at most twice the norm is left.
    kept: Vec<&'a Left<'a>>,
    grown: Vec<&'a Left<'a>>,
}

/// The settings of each init, or else of each cell, and the names of the settings within one; none without a
/// few inits or cells. The shares fall.
fn groups<'a>(falling: &'a [Left<'a>], labels: &Labels) -> Option<(&'static str, Vec<Group<'a>>, Labels)> {
    let is_fit =
        |name: &&str| labels.dim(name).is_some_and(|dim| (2..=MOST_GROUPS).contains(&dim.values.len()));
    let name = ["init", "cell"].into_iter().find(is_fit)?;
    let dim = labels.dim(name)?;
    let mut groups = group_by(falling, |(point, _)| dim.index(point));
    groups.sort_by_key(|(place, _)| *place);
    let group = |(place, members): (usize, Vec<&'a Left<'a>>)| {
        let has_grown = |left: &&Left| left.1.value.is_some_and(|value| value > GROWN);
        let (grown, kept) = members.into_iter().partition(has_grown);
        Group { name: dim.values[place].clone(), kept, grown }
    };
    Some((name, groups.into_iter().map(group).collect(), labels.without(name)))
}

/// The settings of a group whose intervals overlap with that of the first.
fn rivals<'a>(kept: &[&'a Left<'a>]) -> Vec<&'a Left<'a>> {
    let Some((most, others)) = kept.split_first() else { return vec![] };
    others.iter().copied().filter(|left| most.1.overlaps(&left.1)).collect()
}

/// `init` or else `cell`, and the setting of each with the most that is left: `pytorch: 98 % (lstm)`. None
/// without a few inits or cells.
pub fn leaders(falling: &[Left], labels: &Labels) -> Option<(&'static str, String)> {
    let (name, groups, labels) = groups(falling, labels)?;
    let of = |group: &Group| {
        let most = match group.kept.as_slice() {
            [] => return None,
            [most, ..] => match rivals(&group.kept).as_slice() {
                [] => in_words(most, &labels),
                others => {
                    let all = [&[*most], others].concat();
                    let all: Vec<String> = all.iter().map(|left| in_words(left, &labels)).collect();
                    format!("undecided between {}", listed(&all))
                }
            },
        };
        Some(format!("{}: {most}", group.name))
    };
    Some((name, groups.iter().filter_map(of).collect::<Vec<_>>().join("; ")))
}

/// A row for each init, or else for each cell: the setting with the most that is left, the next, the one with
/// the least, and those at which the norm has grown more than twofold. The norms of `lacking` are 0 or not
/// finite. None without a few inits or cells.
pub fn table(falling: &[Left], lacking: &[&Settings], labels: &Labels, heading: &str) -> Option<Overview> {
    let (name, groups, others) = groups(falling, labels)?;
    let (dim, labels) = (labels.dim(name)?, others);
    let row = |group: &Group| {
        let of = |left: Option<&&Left>| left.map(|left| in_words(left, &labels)).unwrap_or_default();
        let zero = lacking.iter().find(|point| dim.label(point) == group.name);
        let zero = zero.map(|point| format!("0 or not finite{}", labels.bracketed(point)));
        let least = || of(group.kept.last().filter(|_| group.kept.len() > 2));
        let grown: Vec<String> = group.grown.iter().map(|left| in_words(left, &labels)).collect();
        vec![
            group.name.clone(),
            of(group.kept.first()) + if rivals(&group.kept).is_empty() { "" } else { ", undecided" },
            of(group.kept.get(1)),
            zero.unwrap_or_else(least),
            grown.join(", "),
        ]
    };
    let rows = groups.iter().map(row).collect();
    let header =
        [name, heading, "next", "least", "grown to more than twice (mean)"].map(String::from).to_vec();
    Some(Overview { header, rows })
}

fn in_words((point, left): &Left, labels: &Labels) -> String {
    format!("{}{}", share(left), labels.bracketed(point))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Gru, Janet, Lstm, Mgu, Rnn};
    use crate::report::fixtures::run;

    #[test]
    fn leaders_of_each_init_have_the_most_and_what_has_grown_is_apart() {
        let cells = [Rnn, Lstm, Gru, Mgu, Janet];
        let point = |cell, init: &str| {
            let mut point = run("a", 1).settings;
            (point.cell, point.init) = (Some(cell), Some(init.parse().unwrap()));
            point
        };
        let of = |log10: f64| Estimate { value: Some(log10), ..Estimate::default() };
        let mut left: Vec<(Settings, Estimate)> = Vec::new();
        for (cell, log10) in cells.into_iter().zip([-30.0, -1.0, -2.0, -5.0, 2.0]) {
            left.push((point(cell, "pytorch"), of(log10)));
        }
        left.push((point(Lstm, "xavier"), of(0.2)));
        left.sort_by(|a, b| b.1.value.partial_cmp(&a.1.value).unwrap());
        let left: Vec<Left> = left.iter().map(|(point, share)| (point, *share)).collect();
        let labels = Labels::of(&left.iter().map(|(point, _)| *point).collect::<Vec<_>>());
        assert_eq!(
            leaders(&left, &labels),
            Some(("init", "pytorch: 10.0 % (lstm); xavier: 1.58 times (lstm)".into()))
        );
        let rows = [
            ["pytorch", "10.0 % (lstm)", "1.00 % (gru)", "10^-30.0 (rnn)", "100 times (janet)"],
            ["xavier", "1.58 times (lstm)", "", "", ""],
        ];
        let found = table(&left, &[], &labels, "left").unwrap();
        assert_eq!(found.header[..2], ["init", "left"]);
        assert_eq!(found.rows, rows.map(|row| row.map(String::from).to_vec()));
        let zero = point(Lstm, "xavier");
        assert_eq!(table(&left, &[&zero], &labels, "left").unwrap().rows[1][3], "0 or not finite (lstm)");
        let labels = Labels::of(&[left[0].0]);
        assert_eq!(leaders(&left[..1], &labels), None);
    }

    #[test]
    fn leaders_count_the_settings_that_may_be_first() {
        let point = |cell, init: &str| {
            let mut point = run("a", 1).settings;
            (point.cell, point.init) = (Some(cell), Some(init.parse().unwrap()));
            point
        };
        let inits = ["pytorch", "pytorch", "pytorch", "pytorch", "xavier"];
        let points: Vec<Settings> =
            [Rnn, Lstm, Gru, Mgu, Rnn].into_iter().zip(inits).map(|(cell, init)| point(cell, init)).collect();
        let wide = |log10: f64| Estimate {
            value: Some(log10),
            low: Some(log10 - 0.25),
            high: Some(log10 + 0.25),
            n: 3,
        };
        let left: Vec<Left> =
            points.iter().zip([-0.1, -0.2, -0.3, -2.0, -3.0]).map(|(point, at)| (point, wide(at))).collect();
        let labels = Labels::of(&points.iter().collect::<Vec<_>>());
        let (_, found) = leaders(&left, &labels).unwrap();
        assert!(found.starts_with("pytorch: undecided between 79"), "{found}");
        assert!(found.contains("(lstm) and 50 [28, 89] % (gru); xavier: "), "{found}");
        let found = table(&left, &[], &labels, "left").unwrap();
        assert!(found.rows[0][1].ends_with("(rnn), undecided"), "{:?}", found.rows);
    }
}
