//! Axes: from values to pixels, and the ticks.

use super::font::text_width;
use super::style::SMALL;

/// The least space between the texts of two marks.
const GAP: f64 = 6.0;

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value.
    pub at: f64,
    /// The text.
    pub label: String,
}

/// Values `low..=high` laid out over pixels `from..to`, in proportion to the value or to its logarithm.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    scale: Scale,
}

/// The relation between values and their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// In proportion to the value.
    Linear,
    /// As `Linear`, with ticks at whole numbers only.
    Whole,
    /// In proportion to the logarithm of the value, which is above 0.
    Logarithmic,
    /// In proportion to the logarithm of the value plus 1, so that 0 has a place. It is for numbers of steps.
    Shifted,
    /// In proportion to the value, which is the log10 of the number that the ticks show.
    Powers,
}

impl Axis {
    /// An axis of finite values with `low < high`.
    pub fn new(scale: Scale, (low, high): (f64, f64), (from, to): (f64, f64)) -> Axis {
        Axis { low, high, from, to, scale }
    }

    /// The pixel of a value.
    pub fn pixel(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
            Scale::Shifted => (value.ln_1p() - self.low.ln_1p()) / (self.high.ln_1p() - self.low.ln_1p()),
            _ => (value - self.low) / (self.high - self.low),
        };
        self.from + share * (self.to - self.from)
    }

    /// At most `most` marks at round values.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        match self.scale {
            Scale::Linear => linear_ticks(self.low, self.high, most, 0.0),
            Scale::Whole => linear_ticks(self.low, self.high, most, 1.0),
            Scale::Logarithmic => logarithmic_ticks(self.low, self.high, most),
            Scale::Shifted => shifted_ticks(self.low, self.high, most),
            Scale::Powers => power_ticks(self.low, self.high, most),
        }
    }
}

impl Axis {
    /// At most `most` marks at round values, whose texts do not meet on a horizontal axis.
    pub fn ticks_apart(&self, most: usize) -> Vec<Tick> {
        let width = |tick: &Tick| text_width(&tick.label, SMALL, false);
        let are_apart = |pair: &[Tick]| {
            let distance = (self.pixel(pair[1].at) - self.pixel(pair[0].at)).abs();
            distance >= (width(&pair[0]) + width(&pair[1])) / 2.0 + GAP
        };
        let mut fitting = (2..=most).rev().map(|count| self.ticks(count));
        fitting.find(|ticks| ticks.windows(2).all(are_apart)).unwrap_or_else(|| self.ticks(2))
    }
}

/// The number of decades up to which powers of ten are too few marks.
const FEW_DECADES: f64 = 2.0;

/// Marks at powers of ten, or at 1, 2 and 5 times them if the axis has few decades.
fn power_ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    if high - low < FEW_DECADES {
        let ticks = logarithmic_ticks(10f64.powf(low), 10f64.powf(high), most);
        return ticks.into_iter().map(|tick| Tick { at: tick.at.log10(), ..tick }).collect();
    }
    let ticks = linear_ticks(low, high, most, 1.0);
    let is_plain = ticks.iter().all(|tick| (-3.0..=4.0).contains(&tick.at));
    let label = |power: i32| if is_plain { format!("{}", 10f64.powi(power)) } else { power_of_ten(power) };
    ticks.into_iter().map(|tick| Tick { label: label(tick.at.round() as i32), ..tick }).collect()
}

/// The text `10⁻³`, and `1` for the power 0.
fn power_of_ten(power: i32) -> String {
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => char::from_u32(0x2070 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    match power {
        0 => "1".to_string(),
        _ => format!("10{}", power.to_string().chars().map(raised).collect::<String>()),
    }
}

/// At most `most` multiples of a step: the smallest 1, 2 or 5 times a power of ten that is not below
/// `smallest`.
fn linear_ticks(low: f64, high: f64, most: usize, smallest: f64) -> Vec<Tick> {
    let power = 10f64.powf(((high - low) / most.max(1) as f64).log10().floor()).max(smallest);
    /// Keeps a mark at the very end in spite of rounding.
    const SLACK: f64 = 1e-9;
    // Marks are numbers in f64, because values may be larger than any whole number.
    let first = |step: f64| (low / step - SLACK).ceil();
    let count = |step: f64| (high / step + SLACK).floor() - first(step) + 1.0;
    let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|factor| factor * power);
    let step = steps.into_iter().find(|step| count(*step) <= most as f64).unwrap_or(high - low);
    let label = tick_format(f64::max(low.abs(), high.abs()), step);
    let tick = |n: usize| {
        let at = (first(step) + n as f64) * step;
        Tick { at, label: with_minus(label(at)) }
    };
    (0..count(step) as usize).map(tick).collect()
}

/// The labels of marks at multiples of a step, up to a largest value. Long numbers would run into each other.
fn tick_format(largest: f64, step: f64) -> impl Fn(f64) -> String {
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let power = |value: f64| (value.log10() + 1e-9).floor();
    let digits = (power(largest) - power(step)).clamp(0.0, 15.0) as usize;
    move |at| {
        if at != 0.0 && (largest >= 1e9 || step < 1e-9) {
            format!("{at:.digits$e}")
        } else if at != 0.0 && step >= 1e3 && largest >= 1e5 {
            format!("{}k", at / 1e3)
        } else if step < 1e-9 {
            "0".to_string()
        } else {
            format!("{at:.decimals$}")
        }
    }
}

/// 1, 2, 5, 10, …; if these are too many the powers of ten, or every n-th of them; if too few, all round
/// values.
fn logarithmic_ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let inside = |factors: &[u32], every: usize| -> Vec<Tick> {
        let ticks =
            powers.clone().step_by(every).flat_map(|power| factors.iter().map(move |f| tick(*f, power)));
        ticks.filter(|tick| (low..=high).contains(&tick.at)).collect()
    };
    let fine = inside(&[1, 2, 5], 1);
    if fine.len() < 4 {
        return linear_ticks(low, high, most.min(8), 0.0);
    }
    if fine.len() <= most {
        return fine;
    }
    let span = powers.clone().count();
    inside(&[1], span.div_ceil(most.max(1)))
}

/// 0 if the axis has it, and the marks of a logarithmic axis from 1 on.
fn shifted_ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let zero = (low <= 0.0).then(|| Tick { at: 0.0, label: "0".to_string() });
    let others = logarithmic_ticks(low.max(1.0), high.max(10.0), most.saturating_sub(1).max(1));
    zero.into_iter().chain(others.into_iter().filter(|tick| tick.at <= high)).collect()
}

fn tick(factor: u32, power: i32) -> Tick {
    // Parsed from text, the value is the one nearest to the decimal number.
    let at: f64 = format!("{factor}e{power}").parse().unwrap_or_default();
    let label = match factor {
        _ if (-4..5).contains(&power) => format!("{at}"),
        1 => power_of_ten(power),
        _ => format!("{factor}·{}", power_of_ten(power)),
    };
    Tick { at, label: with_minus(label) }
}

/// Replaces the hyphen by a minus sign, which is as wide as a digit.
fn with_minus(label: String) -> String {
    label.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(axis: Axis, most: usize) -> Vec<String> {
        axis.ticks(most).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_apart_leave_out_marks_whose_texts_would_meet() {
        let axis = Axis::new(Scale::Linear, (-0.0041, -0.0023), (0.0, 480.0));
        let (all, apart) = (axis.ticks(10), axis.ticks_apart(10));
        assert!(all.len() > apart.len() && apart.len() >= 3, "{apart:?}");
        let wide = Axis::new(Scale::Linear, (0.0, 10.0), (0.0, 560.0));
        assert_eq!(wide.ticks_apart(5), wide.ticks(5));
    }

    #[test]
    fn pixel_linear_and_logarithmic_values_are_in_proportion() {
        let axis = Axis::new(Scale::Linear, (-10.0, 10.0), (200.0, 100.0));
        assert_eq!((axis.pixel(-10.0), axis.pixel(0.0), axis.pixel(10.0)), (200.0, 150.0, 100.0));
        let axis = Axis::new(Scale::Logarithmic, (0.1, 10.0), (0.0, 100.0));
        assert!((axis.pixel(1.0) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_shifted_have_0_and_a_place_for_it() {
        let axis = Axis::new(Scale::Shifted, (0.0, 999.0), (0.0, 300.0));
        assert_eq!(labels(axis, 5), ["0", "1", "10", "100"]);
        let near = |value: f64, expected: f64| assert!((axis.pixel(value) - expected).abs() < 1e-9);
        near(0.0, 0.0);
        near(9.0, 100.0);
        near(999.0, 300.0);
    }

    #[test]
    fn ticks_linear_are_round_and_few() {
        assert_eq!(
            labels(Axis::new(Scale::Linear, (0.0, 999.0), (0.0, 1.0)), 5),
            ["0", "200", "400", "600", "800"]
        );
        assert_eq!(
            labels(Axis::new(Scale::Linear, (-0.3, 0.25), (0.0, 1.0)), 6),
            ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2"]
        );
        assert_eq!(labels(Axis::new(Scale::Whole, (0.0, 2.0), (0.0, 1.0)), 9), ["0", "1", "2"]);
        assert_eq!(
            labels(Axis::new(Scale::Linear, (-300.0, 12.0), (0.0, 1.0)), 4),
            ["−300", "−200", "−100", "0"]
        );
        assert_eq!(labels(Axis::new(Scale::Linear, (-2e5, 1e4), (0.0, 1.0)), 4), ["−200k", "−100k", "0"]);
        for most in 1..12 {
            assert!(labels(Axis::new(Scale::Linear, (-7.3, 1234.5), (0.0, 1.0)), most).len() <= most);
        }
    }

    #[test]
    fn ticks_linear_of_huge_and_tiny_values_are_short() {
        let of = |low, high| labels(Axis::new(Scale::Linear, (low, high), (0.0, 1.0)), 4);
        assert_eq!(of(0.0, 3.5e300), ["0", "1e300", "2e300", "3e300"]);
        assert_eq!(of(-3e19, 1e19), ["−2e19", "0"]);
        assert_eq!(of(0.0, 3e-200), ["0", "1e−200", "2e−200", "3e−200"]);
    }

    #[test]
    fn ticks_logarithmic_are_1_2_5_or_powers_of_ten() {
        assert_eq!(labels(Axis::new(Scale::Logarithmic, (0.4, 6.0), (0.0, 1.0)), 6), ["0.5", "1", "2", "5"]);
        assert_eq!(
            labels(Axis::new(Scale::Logarithmic, (0.01, 200.0), (0.0, 1.0)), 6),
            ["0.01", "0.1", "1", "10", "100"]
        );
        assert_eq!(
            labels(Axis::new(Scale::Logarithmic, (1e5, 4e6), (0.0, 1.0)), 9),
            ["10⁵", "2·10⁵", "5·10⁵", "10⁶", "2·10⁶"]
        );
        assert_eq!(labels(Axis::new(Scale::Logarithmic, (1e-6, 1e6), (0.0, 1.0)), 5).len(), 5);
        assert_eq!(
            labels(Axis::new(Scale::Logarithmic, (0.9, 3.1), (0.0, 1.0)), 6),
            ["1.0", "1.5", "2.0", "2.5", "3.0"]
        );
    }

    #[test]
    fn ticks_powers_show_the_number_and_not_its_logarithm() {
        let axis = |low, high| Axis::new(Scale::Powers, (low, high), (0.0, 1.0));
        assert_eq!(labels(axis(-24.3, 0.5), 6), ["10⁻²⁰", "10⁻¹⁵", "10⁻¹⁰", "10⁻⁵", "1"]);
        assert_eq!(labels(axis(-2.2, 1.1), 6), ["0.01", "0.1", "1", "10"]);
        let ticks = axis(-1.4, 0.1).ticks(6);
        assert_eq!(
            ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(),
            ["0.05", "0.1", "0.2", "0.5", "1"]
        );
        assert!((ticks[0].at - 0.05f64.log10()).abs() < 1e-12);
        assert_eq!(labels(axis(-3519.0, 10.0), 5), ["10⁻³⁰⁰⁰", "10⁻²⁰⁰⁰", "10⁻¹⁰⁰⁰", "1"]);
    }

    proptest! {
        #[test]
        fn ticks_linear_of_any_range_are_inside_even_and_reach_both_ends(
            low in -1e6f64..1e6,
            span in 1e-3f64..1e6,
            // Below 6 there may be a single mark, since steps grow by up to 2.5.
            most in 6usize..12,
        ) {
            let high = low + span;
            let ticks = Axis::new(Scale::Linear, (low, high), (0.0, 100.0)).ticks(most);
            let at: Vec<f64> = ticks.iter().map(|tick| tick.at).collect();
            prop_assert!((2..=most).contains(&at.len()), "{at:?}");
            let (step, slack) = (at[1] - at[0], 1e-6 * span + 1e-9 * low.abs());
            prop_assert!(at.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() < slack), "{at:?}");
            let (before, after) = (at[0] - low, high - at[at.len() - 1]);
            prop_assert!(before > -slack && after > -slack, "{at:?}");
            prop_assert!(before < step + slack && after < step + slack, "{at:?}");
        }
    }
}
