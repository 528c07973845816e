//! Numbers as people read them: as many digits as mean something.

/// How a number, or several that stand together, are written.
#[derive(Debug, Clone, Copy)]
enum Style {
    /// With so many decimals; rounded to tens, hundreds, … where it is negative.
    Plain(i32),
    /// `1.23e-9`, with so many decimals.
    Exponent(usize),
}

/// `x` with so many significant digits: `0.0123`, `-4.56`, `1.23e-9`.
pub fn significant(x: f64, digits: i32) -> String {
    Style::new(x, digits - 1 - magnitude(x)).write(x)
}

/// An estimate with its interval, `-4.56 [-4.71, -4.41]`, rounded so that half the interval has two
/// significant digits; with three significant digits and nothing behind it where there is no interval. An end
/// that is missing where the other is there is without bound.
pub fn with_interval(estimate: f64, low: Option<f64>, high: Option<f64>) -> String {
    let style = Style::of_interval(estimate, low, high);
    let estimate = style.write(estimate);
    match (low.map(|end| style.write(end)), high.map(|end| style.write(end))) {
        (None, None) => estimate,
        (Some(low), Some(high)) => format!("{estimate} [{low}, {high}]"),
        (Some(low), None) => format!("{estimate} [{low}, ∞)"),
        (None, Some(high)) => format!("{estimate} (-∞, {high}]"),
    }
}

/// An estimate in the middle of its interval, `-4.56 ± 0.15`; as [`with_interval`] where there is none.
pub fn plus_minus(estimate: f64, low: Option<f64>, high: Option<f64>) -> String {
    let style = Style::of_interval(estimate, low, high);
    match (low, high) {
        (Some(low), Some(high)) => format!("{} ± {}", style.write(estimate), style.write((high - low) / 2.0)),
        _ => style.write(estimate),
    }
}

impl Style {
    /// For numbers up to `largest`, of which digits down to 10^−`decimals` mean something.
    fn new(largest: f64, decimals: i32) -> Style {
        /// More digits than so many tell nobody anything.
        const MOST: i32 = 5;
        let largest = magnitude(largest);
        let decimals = decimals.min(MOST - 1 - largest);
        if (-4..6).contains(&largest) {
            Style::Plain(decimals)
        } else {
            Style::Exponent((largest + decimals).max(0) as usize)
        }
    }

    fn of_interval(estimate: f64, low: Option<f64>, high: Option<f64>) -> Style {
        let ends = [low, high].into_iter().flatten();
        let half = match (low, high) {
            (Some(low), Some(high)) => (high - low) / 2.0,
            _ => ends.clone().map(|end| (end - estimate).abs()).fold(0.0, f64::max),
        };
        let decimals = if half > 0.0 { 1 - magnitude(half) } else { 2 - magnitude(estimate) };
        // Where all of it is on one side of 0, 0 is not what it says, however wide it is.
        let numbers = || ends.clone().chain([estimate]);
        let one_sided = numbers().all(|x| x > 0.0) || numbers().all(|x| x < 0.0);
        let nearest = numbers().map(f64::abs).fold(f64::INFINITY, f64::min);
        let decimals = if one_sided { decimals.max(-magnitude(nearest)) } else { decimals };
        Style::new(ends.fold(estimate.abs(), |largest, end| largest.max(end.abs())), decimals)
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

/// The power of ten of the first digit; 0 for 0 and for what is no number.
fn magnitude(x: f64) -> i32 {
    if x == 0.0 || !x.is_finite() { 0 } else { x.abs().log10().floor() as i32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn significant_digits() {
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

    #[test]
    fn an_interval_decides_the_digits() {
        assert_eq!(with_interval(-4.5678, Some(-4.7123), Some(-4.4123)), "-4.57 [-4.71, -4.41]");
        assert_eq!(with_interval(1234.5, Some(1000.2), Some(1500.1)), "1230 [1000, 1500]");
        assert_eq!(with_interval(-0.001, Some(-0.1), Some(0.1)), "0.00 [-0.10, 0.10]");
        assert_eq!(with_interval(0.42, Some(0.12), Some(28.0)), "0.4 [0.1, 28.0]");
        assert_eq!(with_interval(1.5, Some(1.5), Some(1.5)), "1.50 [1.50, 1.50]");
        assert_eq!(with_interval(1.0, Some(0.999_999_999), Some(1.000_000_001)), "1.0000 [1.0000, 1.0000]");
        assert_eq!(with_interval(2e-9, Some(1.5e-9), Some(2.5e-9)), "2.00e-9 [1.50e-9, 2.50e-9]");
    }

    #[test]
    fn an_interval_may_be_absent_or_open() {
        assert_eq!(with_interval(-4.5678, None, None), "-4.57");
        assert_eq!(with_interval(12.345, Some(10.2), None), "12.3 [10.2, ∞)");
    }

    #[test]
    fn half_an_interval_stands_behind_the_mean() {
        assert_eq!(plus_minus(-4.5678, Some(-4.7123), Some(-4.4233)), "-4.57 ± 0.14");
        assert_eq!(plus_minus(-4.5678, None, None), "-4.57");
    }
}
