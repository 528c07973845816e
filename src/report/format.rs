//! Numbers for a reader: no more digits than mean something.

use super::estimate::Estimate;

/// The format of a number, or of several that belong together.
#[derive(Debug, Clone, Copy)]
enum Style {
    /// The number of decimals; a negative one rounds to tens, hundreds, ….
    Plain(i32),
    /// `1.23e-9`, with this number of decimals.
    Exponent(usize),
}

/// `x` with a number of significant digits: `0.0123`, `-4.56`, `1.23e-9`.
pub fn significant(x: f64, digits: i32) -> String {
    Style::new(x, digits - 1 - magnitude(x)).write(x)
}

/// An estimate with its interval, `-4.56 [-4.71, -4.41]`, rounded so that half the interval has two
/// significant digits; without an interval, three significant digits. An interval whose ends would be the
/// same in five digits is left out. If one end is missing, the interval has no bound there. Empty for an
/// estimate without a value.
pub fn with_interval(estimate: &Estimate) -> String {
    let Some(value) = estimate.value else { return String::new() };
    let style = Style::of(value, estimate);
    let ends = [estimate.low, estimate.high].map(|end| end.map(|end| style.write(end)));
    let text = style.write(value);
    match ends {
        [None, None] => text,
        [Some(low), Some(high)] if low == high => significant(value, 3),
        [Some(low), Some(high)] => format!("{text} [{low}, {high}]"),
        [Some(low), None] => format!("{text} [{low}, ∞)"),
        [None, Some(high)] => format!("{text} (-∞, {high}]"),
    }
}

/// An estimate in the middle of its interval, `-4.56 ± 0.15`; alone if half of the interval would be 0 in
/// five digits.
pub fn plus_minus(estimate: &Estimate) -> String {
    let Some(value) = estimate.value else { return String::new() };
    let style = Style::of(value, estimate);
    let half = estimate.interval().map(|ends| style.write((ends.high - ends.low) / 2.0));
    match half {
        Some(half) if half.parse() == Ok(0.0) => significant(value, 3),
        Some(half) => format!("{} ± {half}", style.write(value)),
        None => style.write(value),
    }
}

impl Style {
    /// The format of numbers up to `largest` with digits down to 10^−`decimals`.
    fn new(largest: f64, decimals: i32) -> Style {
        /// Maximum significant digits.
        const MOST: i32 = 5;
        let largest = magnitude(largest);
        let decimals = decimals.min(MOST - 1 - largest);
        if (-4..6).contains(&largest) {
            Style::Plain(decimals)
        } else {
            Style::Exponent((largest + decimals).max(0) as usize)
        }
    }

    fn of(value: f64, Estimate { low, high, .. }: &Estimate) -> Style {
        let ends = [*low, *high].into_iter().flatten();
        let half = match (low, high) {
            (Some(low), Some(high)) => (high - low) / 2.0,
            _ => ends.clone().map(|end| (end - value).abs()).fold(0.0, f64::max),
        };
        let decimals = if half > 0.0 { 1 - magnitude(half) } else { 2 - magnitude(value) };
        // An interval on one side of 0 must not be rounded to 0, however wide it is.
        let numbers = || ends.clone().chain([value]);
        let one_sided = numbers().all(|x| x > 0.0) || numbers().all(|x| x < 0.0);
        let nearest = numbers().map(f64::abs).fold(f64::INFINITY, f64::min);
        let decimals = if one_sided { decimals.max(-magnitude(nearest)) } else { decimals };
        Style::new(ends.fold(value.abs(), |largest, end| largest.max(end.abs())), decimals)
    }

    fn write(self, x: f64) -> String {
        match self {
            _ if !x.is_finite() => x.to_string(),
            Style::Exponent(decimals) => format!("{x:.decimals$e}"),
            Style::Plain(decimals) => {
                let step = 10f64.powi(-decimals);
                let x = if decimals < 0 { (x / step).round() * step } else { x };
                let text = format!("{x:.*}", decimals.max(0) as usize);
                let is_zero = text.bytes().all(|byte| b"-0.".contains(&byte));
                if is_zero { text.replace('-', "") } else { text }
            }
        }
    }
}

/// The power of ten of the first digit; 0 for 0 and for a value that is not finite.
fn magnitude(x: f64) -> i32 {
    if x == 0.0 || !x.is_finite() { 0 } else { x.abs().log10().floor() as i32 }
}

/// A text of several lines in one, with a slash for the end of a line. Control characters become spaces, so
/// that a terminal obeys none.
pub fn in_one_line(text: &str) -> String {
    let plain = |line: &str| line.replace(char::is_control, " ").trim().to_string();
    text.lines().map(plain).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn significant_three_digits_are_written() {
        let expected = [
            (0.012345, "0.0123"),
            (-4.5678, "-4.57"),
            (123456.0, "123000"),
            (1.0, "1.00"),
            (0.0, "0.00"),
            (-1.2345e-9, "-1.23e-9"),
            (9.87654e12, "9.88e12"),
            (f64::NAN, "NaN"),
        ];
        for (x, text) in expected {
            assert_eq!(significant(x, 3), text);
        }
    }

    fn estimate(value: f64, low: Option<f64>, high: Option<f64>) -> Estimate {
        Estimate { value: Some(value), low, high, n: 5 }
    }

    #[test]
    fn with_interval_width_decides_digits() {
        let text = |value, low, high| with_interval(&estimate(value, Some(low), Some(high)));
        assert_eq!(text(-4.5678, -4.7123, -4.4123), "-4.57 [-4.71, -4.41]");
        assert_eq!(text(1234.5, 1000.2, 1500.1), "1230 [1000, 1500]");
        assert_eq!(text(-0.001, -0.1, 0.1), "0.00 [-0.10, 0.10]");
        assert_eq!(text(0.42, 0.12, 28.0), "0.4 [0.1, 28.0]");
        assert_eq!(text(2e-9, 1.5e-9, 2.5e-9), "2.00e-9 [1.50e-9, 2.50e-9]");
    }

    #[test]
    fn with_interval_ends_that_look_alike_are_left_out() {
        for (value, low, high, expected) in [
            (1.5, 1.5, 1.5, ["1.50", "1.50"]),
            (1.0, 0.999_999_999, 1.000_000_001, ["1.00", "1.00"]),
            (97.054, 97.0538, 97.0542, ["97.1", "97.1"]),
            (0.1, 0.096, 0.104, ["0.1000 [0.0960, 0.1040]", "0.1000 ± 0.0040"]),
        ] {
            let found = estimate(value, Some(low), Some(high));
            assert_eq!([with_interval(&found), plus_minus(&found)], expected);
        }
    }

    #[test]
    fn with_interval_missing_ends_are_unbounded() {
        assert_eq!(with_interval(&estimate(-4.5678, None, None)), "-4.57");
        assert_eq!(with_interval(&estimate(12.345, Some(10.2), None)), "12.3 [10.2, ∞)");
        assert_eq!(with_interval(&Estimate::default()), "");
    }

    #[test]
    fn in_one_line_has_slashes_for_line_ends_and_no_control_characters() {
        assert_eq!(in_one_line("\nTo be,\n\n  or \u{1b}[31mnot\n"), "To be, / or  [31mnot");
    }

    #[test]
    fn plus_minus_shows_half_the_interval() {
        assert_eq!(plus_minus(&estimate(-4.5678, Some(-4.7123), Some(-4.4233))), "-4.57 ± 0.14");
        assert_eq!(plus_minus(&estimate(-4.5678, None, None)), "-4.57");
    }

    proptest! {
        #[test]
        fn significant_reads_back_within_its_digits_and_keeps_the_order(
            mantissas in prop::array::uniform2(1.0f64..10.0),
            power in -30i32..30,
            digits in 1i32..=5,
            is_negative: bool,
        ) {
            let sign = if is_negative { -1.0 } else { 1.0 };
            let numbers = mantissas.map(|mantissa| sign * mantissa * 10f64.powi(power));
            let read = numbers.map(|number| significant(number, digits).parse::<f64>().unwrap());
            for (number, read) in numbers.into_iter().zip(read) {
                let allowed = 0.5001 * 10f64.powi(power + 1 - digits);
                prop_assert!((number - read).abs() <= allowed, "{number} as {read}");
            }
            let order = numbers[0].total_cmp(&numbers[1]);
            prop_assert!(read[0] == read[1] || read[0].total_cmp(&read[1]) == order, "{read:?}");
        }
    }
}
