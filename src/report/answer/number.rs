//! The measured number of a test, as the sentences give it.

use super::gradients::GRADIENTS;
use super::words::{listed, share};
use crate::config::spec::ClaimMetric;
use crate::report::estimate::Estimate;
use crate::report::format::with_interval;
use crate::report::judge::JudgedTest;
use crate::support::text::pluralize;

/// The estimate: a share if it is a logarithm of one, a percentage if it is a fraction of answers or runs,
/// else with its unit. It is empty without an estimate.
pub fn number(judged: &JudgedTest) -> String {
    in_words(judged, &judged.estimate)
}

/// The same for a test of a claim: a share names its gradient, and the sign of a difference is a word.
pub fn number_of_claim(judged: &JudgedTest) -> String {
    use ClaimMetric::{AbsLog10Kept, LargestExponent, Log10Kept, Slope, Solved};
    let (metric, estimate) = (judged.subject.reading.metric, &judged.estimate);
    let Some(value) = estimate.value else { return String::new() };
    let is_difference = judged.subject.compares_by().is_some();
    match metric {
        AbsLog10Kept if !judged.kept.is_empty() => change(judged),
        AbsLog10Kept if is_difference => {
            let (size, word) = if value < 0.0 { (estimate.negated(), "fewer") } else { (*estimate, "more") };
            format!("{} decades {word}", with_interval(&size))
        }
        Log10Kept if !is_difference => format!("{}{} is left", number(judged), of_gradient(judged)),
        Slope | LargestExponent if is_difference => format!("a step leaves {} as much", number(judged)),
        Slope | LargestExponent => format!("a step leaves {}", number(judged)),
        Solved if !is_difference => format!("{} of the runs", number(judged)),
        _ if is_difference && !is_of_logarithm(judged) && judged.unit != "1" => {
            let (size, word) = if value < 0.0 { (estimate.negated(), "less") } else { (*estimate, "more") };
            format!("{} {word}", in_words(judged, &size))
        }
        _ => number(judged),
    }
}

/// A rule for log10 of what is left, with the bound.
type IsIt = fn(f64, f64) -> bool;

/// The number of seeds in which the norm vanishes, explodes and does neither, with the least and the most
/// that is left. The bound of the test says from where on a norm has vanished or exploded.
fn change(judged: &JudgedTest) -> String {
    let bound = judged.subject.bound.number().abs();
    let kinds: [(&str, IsIt); 3] = [
        ("vanishes", |kept, bound| kept < -bound),
        ("explodes", |kept, bound| kept > bound),
        ("does neither", |kept, bound| kept.abs() <= bound),
    ];
    let of_kind = |(verb, is_it): &(&str, IsIt)| {
        let mut kept: Vec<f64> = judged.kept.iter().copied().filter(|kept| is_it(*kept, bound)).collect();
        kept.sort_by(f64::total_cmp);
        let ends = [kept.first()?, kept.last()?];
        let [least, most] = ends.map(|end| share(&Estimate { value: Some(*end), ..Estimate::default() }));
        let range = if kept.len() == 1 { least } else { format!("between {least} and {most}") };
        let all = if kept.len() == judged.kept.len() { "all " } else { "" };
        Some(format!("{verb} in {all}{} (to {range})", pluralize(kept.len(), "seed")))
    };
    listed(&kinds.iter().filter_map(of_kind).collect::<Vec<_>>())
}

fn in_words(judged: &JudgedTest, estimate: &Estimate) -> String {
    if estimate.value.is_none() {
        return String::new();
    }
    let is_fraction = matches!(judged.subject.reading.metric, ClaimMetric::Accuracy | ClaimMetric::Solved);
    let percent = || with_interval(&estimate.map(|fraction| 100.0 * fraction));
    match judged.unit.as_str() {
        unit if unit.starts_with("log10") => share(estimate),
        _ if is_fraction && judged.subject.baseline.is_none() => format!("{} %", percent()),
        _ if is_fraction => format!("{} percentage points", percent()),
        "1" | "" => with_interval(estimate),
        unit => format!("{} {unit}", with_interval(estimate)),
    }
}

/// Returns true for a number whose difference is the logarithm of a ratio.
fn is_of_logarithm(judged: &JudgedTest) -> bool {
    judged.unit.starts_with("log10")
}

/// The gradient that a share is of.
fn of_gradient(judged: &JudgedTest) -> String {
    let name = judged.subject.reading.quantity.map(|quantity| quantity.as_str());
    let found = GRADIENTS.iter().find(|(quantity, _)| name == Some(*quantity));
    found.map(|(_, symbol)| format!(" of {symbol}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::spec::{Bound, Comparison, Selector, Test};
    use crate::report::fixtures;
    use crate::report::judge::TestVerdict;

    /// The number as a claim and as an expectation give it.
    fn of(metric: ClaimMetric, is_difference: bool, (value, unit): (f64, &str)) -> [String; 2] {
        let mut test: Test = fixtures::test("it is so");
        test.reading.metric = metric;
        test.baseline = is_difference.then(|| (Comparison::Difference, Selector(vec![])));
        let judged = fixtures::judged(&test, TestVerdict::Holds);
        let estimate = Estimate { value: Some(value), ..Estimate::default() };
        let judged = JudgedTest { estimate, unit: unit.to_string(), ..judged };
        [number_of_claim(&judged), number(&judged)]
    }

    #[test]
    fn number_is_a_share_of_a_gradient() {
        let kept = of(ClaimMetric::Log10Kept, false, (-20.6, "log10"));
        assert_eq!(kept, ["10^-20.6 is left", "10^-20.6"]);
        let size = of(ClaimMetric::AbsLog10Kept, false, (4.82, "log10"));
        assert_eq!(size, ["10^4.82 times", "10^4.82 times"]);
        let slopes = of(ClaimMetric::Slope, true, (-0.3, "log10 per step"));
        assert_eq!(slopes, ["a step leaves 50.1 % as much", "50.1 %"]);
    }

    #[test]
    fn number_of_decades_says_which_seeds_vanish_and_which_explode() {
        let mut test: Test = fixtures::test("it changes");
        test.reading.metric = ClaimMetric::AbsLog10Kept;
        test.bound = Bound::Above(3.0);
        let of = |kept: &[f64]| {
            let judged = fixtures::judged(&test, TestVerdict::Holds);
            let estimate = Estimate { value: Some(19.0), ..Estimate::default() };
            number_of_claim(&JudgedTest { estimate, kept: kept.to_vec(), ..judged })
        };
        assert_eq!(of(&[-31.5, -8.25, -520.0]), "vanishes in all 3 seeds (to between 10^-520 and 10^-8.25)");
        let expected = "vanishes in 1 seed (to 10^-31.5), explodes in 2 seeds (to between 10^10.4 times and \
                        10^12.0 times) and does neither in 1 seed (to 31.6 %)";
        assert_eq!(of(&[-31.5, 10.4, 12.0, -0.5]), expected);
    }

    #[test]
    fn number_difference_of_a_claim_has_its_sign_as_a_word() {
        assert_eq!(of(ClaimMetric::Loss, true, (-0.25, "nats")), ["0.250 nats less", "-0.250 nats"]);
        assert_eq!(of(ClaimMetric::Loss, true, (0.25, "nats")), ["0.250 nats more", "0.250 nats"]);
        assert_eq!(of(ClaimMetric::Loss, false, (0.25, "nats")), ["0.250 nats", "0.250 nats"]);
        let decades = |value| of(ClaimMetric::AbsLog10Kept, true, (value, "log10"))[0].clone();
        assert_eq!([decades(-20.0), decades(2.5)], ["20.0 decades fewer", "2.50 decades more"]);
        let solved = of(ClaimMetric::Solved, true, (1.0, ""));
        assert_eq!(solved[0], "100 percentage points more");
        assert_eq!(of(ClaimMetric::Solved, false, (1.0, ""))[0], "100 % of the runs");
        assert_eq!(of(ClaimMetric::Accuracy, false, (0.25, "1")), ["25.0 %", "25.0 %"]);
    }
}
