//! Numbers and lists in sentences.

use std::cmp::Ordering;

use crate::report::estimate::Estimate;
use crate::report::fields::labels;
use crate::report::format::with_interval;
use crate::settings::Settings;

/// The settings of a point by which it differs from the others, in brackets; nothing if it does not differ.
pub fn bracketed(names: &[&str], point: &Settings) -> String {
    let label = label(names, point);
    if label.is_empty() { label } else { format!(" ({label})") }
}

/// The settings of a point by which it differs from the others.
pub fn label(names: &[&str], point: &Settings) -> String {
    labels(names, point).join(", ")
}

/// `a, b and c`.
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// The order of two estimates from the smaller to the larger.
pub fn rising(a: &Estimate, b: &Estimate) -> Ordering {
    a.value.partial_cmp(&b.value).unwrap_or(Ordering::Equal)
}

/// A ratio that is given as log10: a percentage from 1 % to 100 %, a factor up to 1000, else a power of ten.
pub fn share(log10: &Estimate) -> String {
    let Some(value) = log10.value else { return String::new() };
    if (-2.0..=0.0).contains(&value) {
        return format!("{} %", with_interval(&log10.map(|x| 100.0 * 10f64.powf(x))));
    }
    if (0.0..=3.0).contains(&value) {
        return format!("{} times", with_interval(&log10.map(|x| 10f64.powf(x))));
    }
    let text = with_interval(log10);
    match text.strip_suffix(']').and_then(|text| text.split_once(" [")) {
        Some((value, ends)) => format!("10^{value} [10^{}]", ends.replace(", ", ", 10^")),
        None => format!("10^{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_is_a_percentage_a_factor_or_a_power() {
        let of = |value: f64| {
            share(&Estimate { value: Some(value), low: Some(value - 0.1), high: Some(value + 0.1), n: 3 })
        };
        assert_eq!(of(-0.5), "31.6 [25.1, 39.8] %");
        assert_eq!(of(0.5), "3.16 [2.51, 3.98] times");
        assert_eq!(of(-21.1), "10^-21.10 [10^-21.20, 10^-21.00]");
        assert_eq!(share(&Estimate { value: Some(-520.25), ..Estimate::default() }), "10^-520");
        assert_eq!(share(&Estimate::default()), "");
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
