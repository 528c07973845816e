//! Numbers and lists in sentences.

use crate::report::estimate::Estimate;
use crate::report::fields::{heads, values};
use crate::report::figures::{Dim, dims};
use crate::report::format::with_interval;
use crate::settings::Settings;

/// The largest number of settings of which a sentence gives each number. Of more, it gives the ends, and a
/// table gives each.
pub const MOST_LISTED: usize = 3;

/// The settings by which grid points differ, as names for them.
#[derive(Debug)]
pub struct Labels(Vec<Dim>);

impl Labels {
    /// The settings by which these points differ.
    pub fn of(points: &[&Settings]) -> Labels {
        Labels(dims(points))
    }

    /// The number of settings, or of groups of settings that vary together.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The values of a setting that varies.
    pub fn dim(&self, name: &str) -> Option<&Dim> {
        self.0.iter().find(|dim| dim.has(name))
    }

    /// The place of a point in the grid.
    pub fn order(&self, point: &Settings) -> Vec<usize> {
        self.0.iter().map(|dim| dim.index(point)).collect()
    }

    /// The heads of columns with the values.
    pub fn heads(&self) -> Vec<String> {
        self.0.iter().map(|dim| heads(&dim.names).join(" ")).collect()
    }

    /// The values of a point, one for each head. The head names a single setting, so its value stands alone.
    /// Settings that vary together are told apart by their labels.
    pub fn values(&self, point: &Settings) -> Vec<String> {
        let of = |dim: &Dim| match (dim.names.as_slice(), dim.label(point)) {
            (["cell"], label) => label,
            _ if dim.is_off(point) => "none".to_string(),
            ([name], label) if !label.is_empty() => values(&[*name], point).concat(),
            (_, label) => label,
        };
        self.0.iter().map(of).collect()
    }

    /// The labels without a setting.
    pub fn without(&self, name: &str) -> Labels {
        Labels(self.0.iter().filter(|dim| !dim.has(name)).cloned().collect())
    }

    /// The name of a point. What is off is left out, unless the name would be empty.
    pub fn label(&self, point: &Settings) -> String {
        let joined = |dims: &[&Dim]| {
            let words = dims.iter().map(|dim| dim.label(point)).filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join(", ")
        };
        let is_on = |dim: &&Dim| !dim.is_off(point);
        match joined(&self.0.iter().filter(is_on).collect::<Vec<_>>()) {
            name if name.is_empty() => joined(&self.0.iter().collect::<Vec<_>>()),
            name => name,
        }
    }

    /// The name of a point in brackets after a space; empty for a point without a name.
    pub fn bracketed(&self, point: &Settings) -> String {
        let label = self.label(point);
        if label.is_empty() { label } else { format!(" ({label})") }
    }
}

/// The text with its first letter as a capital.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// `a, b and c`.
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// The items from the largest to the smallest, or the two ends of a long list; none of no items.
pub fn listed_or_ends(falling: &[String]) -> Option<String> {
    Some(match falling {
        [] => return None,
        [most, middle @ .., least] if middle.len() + 2 > MOST_LISTED => format!("between {least} and {most}"),
        few => listed(few),
    })
}

/// A share as a percentage.
pub fn percent(share: &Estimate) -> String {
    match share.value {
        None => String::new(),
        Some(value) if value < 0.001 => "below 0.1 %".to_string(),
        Some(value) if value > 0.999 => "above 99.9 %".to_string(),
        Some(_) => format!("{} %", with_interval(&share.map(|share| 100.0 * share))),
    }
}

/// `2 of 12 settings (lstm, H8; gru, H8)`, with the names of the first few.
pub fn counted(found: &[&Settings], all: usize, labels: &Labels) -> String {
    format!("{} of {all} settings ({})", found.len(), named(found, labels))
}

/// The names of the first few points.
pub fn named(points: &[&Settings], labels: &Labels) -> String {
    const MOST: usize = 3;
    let names: Vec<String> = points.iter().take(MOST).map(|point| labels.label(point)).collect();
    let more = points.len() - names.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", names.join("; "))
}

/// A ratio that is given as log10: a percentage from 0.01 % to 100 %, a factor above 1, else a power of ten.
/// A ratio whose interval spans more than two decades is a power of ten, too, since no number of digits
/// fits both ends.
pub fn share(log10: &Estimate) -> String {
    let Some(value) = log10.value else { return String::new() };
    let is_wide = log10.interval().is_some_and(|ends| ends.high - ends.low > 2.0);
    if !is_wide && (-4.0..=0.0).contains(&value) {
        return format!("{} %", with_interval(&log10.map(|x| 100.0 * 10f64.powf(x))));
    }
    if !is_wide && (0.0..=3.0).contains(&value) {
        return format!("{} times", with_interval(&log10.map(|x| 10f64.powf(x))));
    }
    let text = with_interval(log10);
    let times = if value > 0.0 { " times" } else { "" };
    match text.strip_suffix(']').and_then(|text| text.split_once(" [")) {
        Some((value, ends)) => format!("10^{value} [10^{}]{times}", ends.replace(", ", ", 10^")),
        None => format!("10^{text}{times}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Lstm, Rnn};
    use crate::report::fixtures::training;

    #[test]
    fn share_is_a_percentage_a_factor_or_a_power() {
        let of = |value: f64| {
            share(&Estimate { value: Some(value), low: Some(value - 0.1), high: Some(value + 0.1), n: 3 })
        };
        assert_eq!(of(-0.5), "31.6 [25.1, 39.8] %");
        assert_eq!(of(0.5), "3.16 [2.51, 3.98] times");
        assert_eq!(of(21.1), "10^21.10 [10^21.00, 10^21.20] times");
        assert_eq!(of(-21.1), "10^-21.10 [10^-21.20, 10^-21.00]");
        assert_eq!(share(&Estimate { value: Some(-520.25), ..Estimate::default() }), "10^-520");
        let wide = Estimate { value: Some(-3.7), low: Some(-8.0), high: Some(0.3), n: 3 };
        assert_eq!(share(&wide), "10^-3.7 [10^-8.0, 10^0.3]");
        assert_eq!(share(&Estimate::default()), "");
    }

    #[test]
    fn percent_is_not_more_exact_than_a_thousandth() {
        let of = |value: f64| percent(&Estimate { value: Some(value), ..Estimate::default() });
        assert_eq!(of(0.257), "25.7 %");
        assert_eq!([of(1e-9), of(1.0)], ["below 0.1 %", "above 99.9 %"]);
    }

    #[test]
    fn labels_leave_out_what_is_off_and_values_stand_without_the_name_of_their_column() {
        let point = |cell, dropout| {
            let cell = Some(cell);
            Settings { cell, recurrent_dropout: Some(dropout), ..training("a", 1).settings }
        };
        let points = [point(Rnn, 0.0), point(Rnn, 0.1), point(Lstm, 0.0), point(Lstm, 0.1)];
        let labels = Labels::of(&points.iter().collect::<Vec<_>>());
        assert_eq!([labels.label(&points[0]), labels.label(&points[1])], ["rnn", "rnn, rec_dropout=0.1"]);
        assert_eq!([labels.values(&points[0]), labels.values(&points[1])], [["rnn", "none"], ["rnn", "0.1"]]);
        let alone = Labels::of(&[&points[0], &points[1]]);
        assert_eq!(alone.bracketed(&points[0]), " (rec_dropout=0)", "no name is empty");
    }

    #[test]
    fn listed_ends_with_and() {
        let of = |items: &[&str]| listed(&items.iter().map(|item| item.to_string()).collect::<Vec<_>>());
        assert_eq!(
            [of(&[]), of(&["a"]), of(&["a", "b"]), of(&["a", "b", "c"])],
            ["", "a", "a and b", "a, b and c"]
        );
    }
}
