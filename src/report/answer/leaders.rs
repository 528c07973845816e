//! The settings that keep most of a gradient: those of each init, or else of each cell.

use super::words::{Labels, share};
use crate::report::estimate::Estimate;
use crate::report::group_by::group_by;
use crate::settings::Settings;

/// The largest number of inits, or of cells, of which each has an entry.
const MOST_GROUPS: usize = 8;

/// log10 of the share of the norm above which the norm has grown: a gradient that explodes is not kept.
const GROWN: f64 = std::f64::consts::LOG10_2;

/// One setting with log10 of the share that is left.
pub type Left<'a> = (&'a Settings, Estimate);

/// The setting with the most that is left, the next, and the one with the least, of each init or else of each
/// cell: `pytorch: 98 % (lstm), then 12 % (gru), least 10^-30.0 (rnn)`. Those at which more than twice the
/// norm is left are listed apart. The shares fall. None without a few inits or cells.
pub fn leaders(falling: &[Left], labels: &Labels) -> Option<String> {
    let is_fit =
        |name: &&str| labels.dim(name).is_some_and(|dim| (2..=MOST_GROUPS).contains(&dim.values.len()));
    let name = ["init", "cell"].into_iter().find(is_fit)?;
    let (dim, others) = (labels.dim(name)?, labels.without(name));
    let mut groups = group_by(falling, |(point, _)| dim.index(point));
    groups.sort_by_key(|(place, _)| *place);
    let of = |(place, members): &(usize, Vec<&Left>)| {
        format!("{}: {}", dim.values[*place], group(members, &others))
    };
    Some(groups.iter().map(of).collect::<Vec<_>>().join("; "))
}

fn group(falling: &[&Left], labels: &Labels) -> String {
    let (grown, kept): (Vec<&Left>, Vec<&Left>) =
        falling.iter().copied().partition(|(_, share)| share.value.is_some_and(|value| value > GROWN));
    let of = |(point, left): &&Left| format!("{}{}", share(left), labels.bracketed(point));
    let kept = match kept.as_slice() {
        [] => None,
        [only] => Some(of(only)),
        [most, next] => Some(first_two(most, next, of)),
        [most, next, .., least] => Some(format!("{}, least {}", first_two(most, next, of), of(least))),
    };
    let grown: Vec<String> = grown.iter().map(of).collect();
    let grown = (!grown.is_empty()).then(|| format!("grown to {}", grown.join(", ")));
    kept.into_iter().chain(grown).collect::<Vec<_>>().join(", ")
}

/// The two settings with the most that is left. Intervals that overlap leave their order open.
fn first_two(most: &Left, next: &Left, words: impl Fn(&&Left) -> String) -> String {
    let is_open = matches!((most.1.low, next.1.high), (Some(low), Some(high)) if low <= high);
    let (most, next) = (words(&most), words(&next));
    if is_open { format!("undecided between {most} and {next}") } else { format!("{most}, then {next}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Gru, Janet, Lstm, Mgu, Rnn};
    use crate::report::fixtures::run;

    #[test]
    fn leaders_of_each_init_are_the_two_with_the_most_and_what_has_grown_is_apart() {
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
        let expected = "pytorch: 10.0 % (lstm), then 1.00 % (gru), least 10^-30.0 (rnn), grown to 100 times \
                        (janet); xavier: 1.58 times (lstm)";
        assert_eq!(leaders(&left, &labels).as_deref(), Some(expected));
        let labels = Labels::of(&[left[0].0]);
        assert_eq!(leaders(&left[..1], &labels), None);
    }
    #[test]
    fn first_two_with_intervals_that_overlap_are_undecided() {
        let point = run("a", 1).settings;
        let of = |low, high| (&point, Estimate { value: Some(0.0), low: Some(low), high: Some(high), n: 3 });
        let words = |left: &&Left| format!("{:?}", left.1.low.unwrap());
        assert_eq!(first_two(&of(-1.0, 0.0), &of(-2.0, -0.9), words), "undecided between -1.0 and -2.0");
        assert_eq!(first_two(&of(-1.0, 0.0), &of(-2.0, -1.1), words), "-1.0, then -2.0");
    }
}
