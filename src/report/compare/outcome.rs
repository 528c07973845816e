//! The verdict on each result, and its words.

use super::change::Change;
use super::rows::Pair;
use super::scale::{By, Scale, Worse};
use crate::report::estimate::Estimate;
use crate::report::format::{significant, with_interval};
use crate::report::summary::{Sample, Statistic};
use crate::support::names::names;
use crate::support::stats::{CONFIDENCE, holm};

names! {
    /// The verdict on one result.
    Outcome ("outcome") {
        /// It moved, also with Holm's correction for all comparisons of the command.
        Moved = "moved",
        /// Its own interval contains no "no change", but it did not move with Holm's correction.
        Perhaps = "perhaps",
        /// No difference was found.
        NoDifference = "no difference",
        /// All numbers are equal up to rounding.
        Equal = "equal",
        /// There are too few numbers for an interval.
        NoInterval = "no interval",
        /// Only A has the result.
        OnlyInA = "only in A",
        /// Only B has the result.
        OnlyInB = "only in B",
    }
}

/// A result with its verdict.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The numbers.
    pub pair: Pair,
    /// The verdict.
    pub outcome: Outcome,
    /// The p-value with Holm's correction for all comparisons of the command.
    pub p_holm: Option<f64>,
}

/// Judges all results of a command. Equal numbers need no test, so the correction does not count them.
pub fn judge(pairs: Vec<Pair>) -> Vec<Judged> {
    let p_value = |pair: &Pair| {
        let change = pair.change.as_ref().filter(|change| !change.is_equal)?;
        change.estimate.interval()?;
        change.p_value
    };
    let tested: Vec<usize> = (0..pairs.len()).filter(|n| p_value(&pairs[*n]).is_some()).collect();
    let p_values: Vec<f64> = tested.iter().filter_map(|n| p_value(&pairs[*n])).collect();
    let mut adjusted = vec![None; pairs.len()];
    for (place, p_holm) in tested.iter().zip(holm(&p_values)) {
        adjusted[*place] = Some(p_holm);
    }
    let judged =
        |(pair, p_holm): (Pair, Option<f64>)| Judged { outcome: outcome(&pair, p_holm), pair, p_holm };
    pairs.into_iter().zip(adjusted).map(judged).collect()
}

fn outcome(pair: &Pair, p_holm: Option<f64>) -> Outcome {
    let change = match (&pair.a, &pair.b, &pair.change) {
        (_, None, _) => return Outcome::OnlyInA,
        (None, _, _) => return Outcome::OnlyInB,
        (_, _, None) => return Outcome::NoInterval,
        (_, _, Some(change)) => change,
    };
    let significant = 1.0 - CONFIDENCE;
    match (p_holm, change.p_value) {
        _ if change.is_equal => Outcome::Equal,
        (Some(p_holm), _) if p_holm <= significant => Outcome::Moved,
        (Some(_), Some(p_value)) if p_value <= significant => Outcome::Perhaps,
        (Some(_), _) => Outcome::NoDifference,
        (None, _) => Outcome::NoInterval,
    }
}

impl Judged {
    /// Returns true for a change to the worse, and false for one to the better; `None` for a result that did
    /// not move, or whose metric has no direction.
    pub fn is_worse(&self) -> Option<bool> {
        if ![Outcome::Moved, Outcome::Perhaps].contains(&self.outcome) {
            return None;
        }
        let worse = self.pair.scale.worse?;
        Some((worse == Worse::Larger) == is_larger(self.pair.scale, self.pair.change.as_ref()?)?)
    }

    /// Returns true if the whole interval is worse by more than a fraction: of a ratio, or in shares.
    pub fn is_regression(&self, limit: f64) -> bool {
        let Some(ends) = self.pair.change.as_ref().and_then(|change| change.estimate.interval()) else {
            return false;
        };
        match (self.pair.scale.by, self.pair.scale.worse) {
            (By::Ratio, Some(Worse::Larger)) => ends.low > 1.0 + limit,
            (By::Ratio, Some(Worse::Smaller)) => ends.high < 1.0 - limit,
            (By::Points | By::Difference, Some(Worse::Larger)) => ends.low > limit,
            (By::Points | By::Difference, Some(Worse::Smaller)) => ends.high < -limit,
            (_, None) => false,
        }
    }

    /// The verdict in words.
    pub fn in_words(&self) -> String {
        let Some(change) = &self.pair.change else { return self.outcome.to_string() };
        let scale = self.pair.scale;
        match self.outcome {
            Outcome::Moved => self.size(),
            Outcome::Perhaps => format!("perhaps {}", self.size()),
            Outcome::NoDifference => no_difference(scale, change),
            Outcome::NoInterval => format!("no interval: {}", self.few()),
            _ => self.outcome.to_string(),
        }
    }

    /// The direction and the size of the change; empty without one.
    pub fn size(&self) -> String {
        self.pair.change.as_ref().map(|change| moved(self.pair.scale, change)).unwrap_or_default()
    }

    /// The numbers that are too few for an interval.
    fn few(&self) -> String {
        let count = |row: &Option<Statistic>| match row.as_ref().map(|row| &row.sample) {
            Some(Sample::Seeds(values)) => (values.len(), "seed"),
            Some(Sample::Processes(values)) => (values.len(), "process"),
            _ => (0, "number"),
        };
        let [(a, unit), (b, _)] = [count(&self.pair.a), count(&self.pair.b)];
        let plural = match unit {
            _ if a == 1 && b == 1 => unit.to_string(),
            "process" => "processes".to_string(),
            _ => format!("{unit}s"),
        };
        if a == b { format!("{a} {plural}") } else { format!("{a} and {b} {plural}") }
    }
}

/// Returns true if B has the larger number.
fn is_larger(scale: Scale, change: &Change) -> Option<bool> {
    Some(change.estimate.value? > if scale.by == By::Ratio { 1.0 } else { 0.0 })
}

/// `slower by 12 % [9, 15]`: the direction and the size of a change.
fn moved(scale: Scale, change: &Change) -> String {
    let is_larger = is_larger(scale, change).unwrap_or(false);
    let word = scale.words[usize::from(is_larger)];
    let Estimate { value, low, high, n } = change.estimate;
    // The size of a fall is positive, so that its ends change places.
    let size = |size: fn(f64) -> f64| {
        let [value, low, high] = [value, low, high].map(|end| end.map(size));
        Estimate { value, low, high, n }
    };
    let turned = |size: fn(f64) -> f64| {
        let [value, low, high] = [value, high, low].map(|end| end.map(size));
        Estimate { value, low, high, n }
    };
    let is_far = value.is_some_and(|ratio| !(0.5..=2.0).contains(&ratio));
    match (scale.by, is_larger) {
        (By::Ratio, true) if is_far => format!("{word} by a factor of {}", with_interval(&size(|x| x))),
        (By::Ratio, false) if is_far => {
            format!("{word} by a factor of {}", with_interval(&turned(f64::recip)))
        }
        (By::Ratio, true) => format!("{word} by {}", with_unit(&size(|x| 100.0 * (x - 1.0)), "%")),
        (By::Ratio, false) => format!("{word} by {}", with_unit(&turned(|x| 100.0 * (1.0 - x)), "%")),
        (By::Points, true) => format!("{word} by {}", with_unit(&size(|x| 100.0 * x), "points")),
        (By::Points, false) => format!("{word} by {}", with_unit(&turned(|x| -100.0 * x), "points")),
        (By::Difference, true) => format!("{word} by {}", with_interval(&size(|x| x))),
        (By::Difference, false) => format!("{word} by {}", with_interval(&turned(|x| -x))),
    }
}

/// `no difference found: 1.2 % [-2, 4]; 6 % would be found in 80 of 100 runs`.
fn no_difference(scale: Scale, change: &Change) -> String {
    let (number, unit): (fn(f64) -> f64, &str) = match scale.by {
        By::Ratio => (|ratio| 100.0 * (ratio - 1.0), " %"),
        By::Points => (|share| 100.0 * share, " points"),
        By::Difference => (|difference| difference, ""),
    };
    let found = with_unit(&change.estimate.map(number), unit.trim());
    let factor = if scale.by == By::Difference { 1.0 } else { 100.0 };
    let smallest = change.smallest.map(|size| significant(factor * size, 2));
    let smallest = smallest.map(|size| format!("; {size}{unit} would be found in 80 of 100 runs"));
    format!("no difference found: {found}{}", smallest.unwrap_or_default())
}

/// `12 % [9, 15]`.
fn with_unit(estimate: &Estimate, unit: &str) -> String {
    let text = with_interval(estimate);
    match text.split_once(' ') {
        _ if unit.is_empty() => text,
        Some((value, interval)) => format!("{value} {unit} {interval}"),
        None => format!("{text} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scale::scale;
    use super::*;
    use crate::report::summary::Section;
    use crate::settings::Settings;
    use crate::settings::names::ExperimentKind;

    fn pair(metric: &'static str, a: Sample, b: Sample) -> Pair {
        let point = Settings::blank(ExperimentKind::Training);
        let side = |sample: &Sample| {
            let row = Statistic::new(Section::Training, metric, &point, Estimate::default(), "");
            Some(Statistic { sample: sample.clone(), ..row })
        };
        let scale = scale(metric).unwrap();
        let change = Change::of(scale, &a, &b);
        let (label, settings) = (metric.to_string(), String::new());
        Pair { scale, label, settings, a: side(&a), b: side(&b), change }
    }

    fn seeds(values: &[f64]) -> Sample {
        Sample::Seeds((1..).zip(values.iter().copied()).collect())
    }

    fn only(metric: &'static str, a: &[f64], b: &[f64]) -> Judged {
        judge(vec![pair(metric, seeds(a), seeds(b))]).remove(0)
    }

    #[test]
    fn judge_directions_have_words_and_sizes() {
        let cases = [
            ("seconds", [1.12, 1.13, 1.14], "slower by 13.0 % [10.5, 15.5]", Some(true)),
            ("seconds", [0.86, 0.87, 0.88], "faster by 13.0 % [10.5, 15.5]", Some(false)),
            ("test_loss", [3.0, 3.1, 3.2], "higher by a factor of 3.10 [2.86, 3.36]", Some(true)),
            ("test_loss", [0.30, 0.31, 0.32], "lower by a factor of 3.23 [2.98, 3.50]", Some(false)),
            ("test_accuracy", [0.70, 0.72, 0.74], "lower by 28.0 points [23.0, 33.0]", Some(true)),
            ("lag_tenth", [1.12, 1.13, 1.14], "longer by 13.0 % [10.5, 15.5]", None),
            ("slope", [1.2, 1.3, 1.4], "higher by 0.30 [0.05, 0.55]", None),
        ];
        for (metric, values, words, is_worse) in cases {
            let judged = only(metric, &[1.0; 3], &values);
            assert_eq!((judged.in_words().as_str(), judged.is_worse()), (words, is_worse), "{metric}");
            assert_eq!(judged.outcome, Outcome::Moved);
        }
    }

    #[test]
    fn judge_no_difference_names_the_smallest_that_would_be_found() {
        let judged = only("seconds", &[1.0; 3], &[0.99, 1.0, 1.01]);
        assert_eq!(judged.outcome, Outcome::NoDifference);
        // (4.302653 + 1.060660) · sd(ln) / √3, with sd(ln) = 0.0100004.
        let expected = "no difference found: 0.0 % [-2.5, 2.5]; 3.1 % would be found in 80 of 100 runs";
        assert_eq!(judged.in_words(), expected);
    }

    #[test]
    fn judge_many_comparisons_are_corrected_without_equal_ones() {
        let noise = || pair("slope", seeds(&[1.0, 2.0, 3.0]), seeds(&[1.1, 1.9, 3.0]));
        let moved = || pair("slope", seeds(&[1.0, 2.0, 3.0]), seeds(&[1.2, 2.3, 3.4]));
        let equal = || pair("slope", seeds(&[1.0]), seeds(&[1.0]));
        let outcomes =
            |pairs: Vec<Pair>| judge(pairs).iter().map(|judged| judged.outcome).collect::<Vec<_>>();
        assert_eq!(outcomes(vec![moved(), equal()]), [Outcome::Moved, Outcome::Equal]);
        let found = outcomes(vec![moved(), noise(), noise()]);
        assert_eq!(found, [Outcome::Perhaps, Outcome::NoDifference, Outcome::NoDifference]);
    }

    #[test]
    fn judge_few_numbers_have_no_interval() {
        let judged = only("slope", &[1.0], &[2.0]);
        assert_eq!(
            (judged.outcome, judged.in_words().as_str()),
            (Outcome::NoInterval, "no interval: 1 seed")
        );
        let processes = |n: usize| Sample::Processes(vec![0.1; n]);
        let judged = judge(vec![pair("seconds", processes(1), processes(3))]).remove(0);
        assert_eq!(judged.in_words(), "no interval: 1 and 3 processes");
        let absent = Pair { b: None, change: None, ..pair("slope", seeds(&[1.0]), seeds(&[1.0])) };
        assert_eq!(judge(vec![absent])[0].outcome, Outcome::OnlyInA);
    }

    #[test]
    fn is_regression_needs_the_whole_interval_and_a_direction() {
        let slower = only("seconds", &[1.0; 3], &[1.12, 1.13, 1.14]);
        assert_eq!([0.05, 0.10, 0.12].map(|limit| slower.is_regression(limit)), [true, true, false]);
        let less = only("test_accuracy", &[1.0; 3], &[0.70, 0.72, 0.74]);
        assert_eq!([0.2, 0.25].map(|limit| less.is_regression(limit)), [true, false]);
        assert!(!only("slope", &[1.0; 3], &[2.0, 2.1, 2.2]).is_regression(0.0));
        assert!(!only("seconds", &[1.0; 3], &[0.5, 0.5, 0.51]).is_regression(0.0));
    }
}
