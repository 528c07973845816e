//! Statistics of small samples of finite numbers: location, spread and 95 % confidence intervals.
//!
//! The expected values in the tests come from SciPy 1.17. A comment gives the call.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The confidence level of all intervals.
pub const CONFIDENCE: f64 = 0.95;

/// The power of [`smallest_difference`].
const POWER: f64 = 0.8;

/// A confidence interval of level [`CONFIDENCE`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Returns the arithmetic mean, Σx / n, or `None` for no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Returns the geometric mean of positive values, or `None` for no values.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    mean(&values.iter().map(|value| value.ln()).collect::<Vec<_>>()).map(f64::exp)
}

/// Returns the sample standard deviation, √(Σ(x − mean)² / (n − 1)), or `None` for fewer than two values.
pub fn sd(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// Returns the quantile of order `p` in [0, 1], or `None` for no values.
///
/// The value is interpolated linearly between order statistics. The k-th of n (from 0) has p = k / (n −
/// 1): type 7 of Hyndman & Fan (1996).
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let position = p.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (position - below as f64) * (sorted[above] - sorted[below]))
}

/// Returns the median: the middle value, or the mean of the middle two. Returns `None` for no values.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// Returns Student's interval of a mean, mean ± t · sd / √n, or `None` for fewer than two values.
///
/// t is the quantile (1 + [`CONFIDENCE`]) / 2 of Student's distribution with n − 1 degrees of freedom.
pub fn t_interval(values: &[f64]) -> Option<Interval> {
    let (mean, sd) = (mean(values)?, sd(values)?);
    let n = values.len() as f64;
    let t = StudentsT::new(0.0, 1.0, n - 1.0).ok()?.inverse_cdf((1.0 + CONFIDENCE) / 2.0);
    let half = t * sd / n.sqrt();
    Some(Interval { low: mean - half, high: mean + half })
}

/// Returns the interval of Σx / Σy over pairs (x, y), or `None` for fewer than two pairs or Σy = 0.
///
/// It is R ± t · √(n Σ(x − R y)² / (n − 1)) / Σy with R = Σx / Σy, the linearised interval of a ratio of two
/// means of the same sample (Cochran 1977, chapter 6).
pub fn ratio_of_means_interval(pairs: &[(f64, f64)]) -> Option<Interval> {
    let sum = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    let ratio = Some(sum.0 / sum.1).filter(|ratio| ratio.is_finite())?;
    let residuals: Vec<f64> = pairs.iter().map(|(x, y)| x - ratio * y).collect();
    let of_residual = t_interval(&residuals)?;
    let half = (of_residual.high - of_residual.low) / 2.0 * pairs.len() as f64 / sum.1;
    Some(Interval { low: ratio - half, high: ratio + half })
}

/// Returns the two-sided p-value of Student's test of the mean against `bound`, or `None` for fewer than two
/// values.
pub fn t_p_value(values: &[f64], bound: f64) -> Option<f64> {
    let (mean, sd) = (mean(values)?, sd(values)?);
    let n = values.len() as f64;
    if sd == 0.0 {
        return Some(if mean == bound { 1.0 } else { 0.0 });
    }
    let t = (mean - bound).abs() / (sd / n.sqrt());
    Some(2.0 * StudentsT::new(0.0, 1.0, n - 1.0).ok()?.sf(t))
}

/// The difference of the means of two independent samples, with its standard error and the degrees of
/// freedom of Welch & Satterthwaite (Welch 1947).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    /// The mean of the first sample less that of the second.
    pub difference: f64,
    /// √(s₁² / n₁ + s₂² / n₂).
    pub standard_error: f64,
    /// The degrees of freedom; NaN if no sample varies.
    pub degrees: f64,
}

impl Welch {
    /// Compares two samples; `None` if one has fewer than two values.
    pub fn of(one: &[f64], other: &[f64]) -> Option<Welch> {
        let part = |values: &[f64]| Some(sd(values)?.powi(2) / values.len() as f64);
        let (a, b) = (part(one)?, part(other)?);
        let parts = a.powi(2) / (one.len() - 1) as f64 + b.powi(2) / (other.len() - 1) as f64;
        Some(Welch {
            difference: mean(one)? - mean(other)?,
            standard_error: (a + b).sqrt(),
            degrees: (a + b).powi(2) / parts,
        })
    }

    /// Returns the interval of the difference; it has no width if no sample varies.
    pub fn interval(&self) -> Option<Interval> {
        let half = match self.standard_error {
            0.0 => 0.0,
            error => {
                error * StudentsT::new(0.0, 1.0, self.degrees).ok()?.inverse_cdf((1.0 + CONFIDENCE) / 2.0)
            }
        };
        Some(Interval { low: self.difference - half, high: self.difference + half })
    }

    /// Returns the two-sided p-value of the difference against `bound`.
    pub fn p_value(&self, bound: f64) -> Option<f64> {
        if self.standard_error == 0.0 {
            return Some(if self.difference == bound { 1.0 } else { 0.0 });
        }
        let t = (self.difference - bound).abs() / self.standard_error;
        Some(2.0 * StudentsT::new(0.0, 1.0, self.degrees).ok()?.sf(t))
    }
}

/// Returns the smallest true difference from 0 that a test at the level 5 % finds with a probability of 80 %,
/// or `None` without degrees of freedom.
///
/// It is (t_0.975 + t_0.8) times the standard error, with quantiles of Student's distribution (Chow, Shao &
/// Wang 2008, "Sample size calculations in clinical research", chapter 3, solved for the difference).
pub fn smallest_difference(standard_error: f64, degrees: f64) -> Option<f64> {
    let t = StudentsT::new(0.0, 1.0, degrees).ok()?;
    Some((t.inverse_cdf((1.0 + CONFIDENCE) / 2.0) + t.inverse_cdf(POWER)) * standard_error)
}

/// Returns the p-values of several tests, adjusted for their number (Holm 1979), in the same order.
///
/// If the tests with an adjusted value of at most 0.05 are decided, the probability that any of them is
/// decided wrongly is at most 0.05.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let (mut adjusted, mut largest) = (vec![1.0; p_values.len()], 0.0f64);
    for (rank, test) in order.into_iter().enumerate() {
        largest = largest.max(p_values[test] * (p_values.len() - rank) as f64);
        adjusted[test] = largest.min(1.0);
    }
    adjusted
}

/// A least-squares line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// The slope, Σ(x − x̄)(y − ȳ) / Σ(x − x̄)².
    pub slope: f64,
    /// The coefficient of determination: the share of the variance of y that the line explains; 1 if y does
    /// not vary.
    pub r_squared: f64,
}

/// Returns the least-squares line through points (x, y), or `None` for fewer than two different x.
pub fn line(points: &[(f64, f64)]) -> Option<Line> {
    let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let (x_mean, y_mean) = (mean(&xs)?, mean(&ys)?);
    let covariance: f64 = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    let variance: f64 = xs.iter().map(|x| (x - x_mean).powi(2)).sum();
    let y_variance: f64 = ys.iter().map(|y| (y - y_mean).powi(2)).sum();
    let slope = (variance > 0.0).then(|| covariance / variance)?;
    let r_squared = if y_variance > 0.0 { slope * covariance / y_variance } else { 1.0 };
    Some(Line { slope, r_squared })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: [f64; 5] = [2.1, 2.5, 1.9, 2.8, 2.3];

    fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected} ± {tolerance}");
    }

    #[test]
    fn quantile_between_order_statistics_interpolates() {
        // np.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0.025, 0.25, 0.5, 0.9, 0.975])
        let expected = [(0.025, 1.0), (0.25, 1.75), (0.5, 3.5), (0.9, 6.9), (0.975, 8.475)];
        for (p, value) in expected {
            near(quantile(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], p).unwrap(), value, 1e-12);
        }
        assert_eq!(quantile(&[7.0], 0.3), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn median_even_count_is_mean_of_middle_two() {
        assert_eq!(median(&[5.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(&[5.0, 1.0, 3.0, 4.0]), Some(3.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn geometric_mean_of_two_numbers_is_the_root_of_their_product() {
        near(geometric_mean(&[0.5, 8.0]).unwrap(), 2.0, 1e-15);
        assert_eq!(geometric_mean(&[]), None);
    }

    #[test]
    fn mean_and_sd_five_numbers_match_numpy() {
        // np.mean(x), np.std(x, ddof=1)
        near(mean(&FIVE).unwrap(), 2.32, 1e-15);
        near(sd(&FIVE).unwrap(), 0.34928498393145957, 1e-15);
        assert_eq!(mean(&[]), None);
        assert_eq!(sd(&[1.0]), None);
    }

    #[test]
    fn t_interval_five_numbers_matches_scipy() {
        // stats.t.interval(0.95, 4, loc=np.mean(x), scale=stats.sem(x))
        let interval = t_interval(&FIVE).unwrap();
        near(interval.low, 1.8863054103391268, 1e-9);
        near(interval.high, 2.7536945896608738, 1e-9);
        // stats.t.ppf(0.975, 1) is 12.706204736174694; the sem of two numbers 2 apart is 1.
        near(t_interval(&[-1.0, 1.0]).unwrap().high, 12.706204736174694, 1e-8);
        assert_eq!(t_interval(&[1.0]), None);
    }

    #[test]
    fn t_p_value_five_numbers_matches_scipy() {
        // stats.ttest_1samp(x, bound).pvalue
        near(t_p_value(&FIVE, 2.0).unwrap(), 0.1098660595168834, 1e-10);
        near(t_p_value(&FIVE, 2.75).unwrap(), 0.05122722698011415, 1e-10);
        assert_eq!((t_p_value(&[2.0; 3], 2.0), t_p_value(&[2.0; 3], 1.0)), (Some(1.0), Some(0.0)));
        assert_eq!(t_p_value(&[1.0], 0.0), None);
    }

    #[test]
    fn welch_five_and_three_numbers_match_scipy() {
        // r = stats.ttest_ind(x, [2.9, 2.4, 3.3], equal_var=False); r.df, r.confidence_interval(), r.pvalue
        let welch = Welch::of(&FIVE, &[2.9, 2.4, 3.3]).unwrap();
        near(welch.degrees, 3.4740796393688957, 1e-12);
        near(welch.standard_error, 0.30360793431295197, 1e-12);
        let interval = welch.interval().unwrap();
        near(interval.low, -1.4424097132265437, 1e-8);
        near(interval.high, 0.34907637989321094, 1e-8);
        near(welch.p_value(0.0).unwrap(), 0.1569007617980386, 1e-9);
        // The first sample plus 0.3 against 0 is the same as the difference against -0.3.
        near(welch.p_value(-0.3).unwrap(), 0.46851152019751086, 1e-9);
        // (stats.t.ppf(0.975, r.df) + stats.t.ppf(0.8, r.df)) * standard error
        let smallest = smallest_difference(welch.standard_error, welch.degrees).unwrap();
        near(smallest, 1.1865128493130106, 1e-8);
    }

    #[test]
    fn welch_without_spread_has_no_width_and_one_number_no_interval() {
        let welch = Welch::of(&[2.0; 3], &[1.0; 2]).unwrap();
        assert_eq!(welch.interval(), Some(Interval { low: 1.0, high: 1.0 }));
        assert_eq!((welch.p_value(1.0), welch.p_value(0.0)), (Some(1.0), Some(0.0)));
        assert_eq!(Welch::of(&[2.0], &[1.0; 2]), None);
    }

    #[test]
    fn holm_four_tests_multiplies_by_the_tests_left() {
        // 0.005 · 4, then 0.01 · 3 = 0.03, 0.03 · 2 = 0.06, and 0.04 · 1, raised to the one before.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            near(*found, expected, 1e-15);
        }
        assert_eq!(holm(&[0.7, 0.8]), [1.0, 1.0]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }

    #[test]
    fn ratio_of_means_interval_five_pairs_matches_numpy() {
        let pairs = [(1.2, 1.0), (0.8, 1.1), (2.0, 1.9), (1.4, 1.3), (0.9, 1.2)];
        // R = x.sum() / y.sum(); h = stats.t.ppf(.975, 4) * sqrt(5 * ((x - R*y)**2).sum() / 4) / y.sum()
        let found = ratio_of_means_interval(&pairs).unwrap();
        near(found.low, 0.7362446665219016, 1e-9);
        near(found.high, 1.202216871939637, 1e-9);
        assert_eq!(ratio_of_means_interval(&pairs[..1]), None);
        assert_eq!(ratio_of_means_interval(&[(1.0, 0.0); 3]), None);
    }

    #[test]
    fn intervals_equal_numbers_have_no_width() {
        assert_eq!(t_interval(&[2.0; 4]), Some(Interval { low: 2.0, high: 2.0 }));
    }

    #[test]
    fn line_five_points_matches_scipy() {
        // fit = stats.linregress([0, 1, 2, 5, 10], [0.1, -0.2, -0.55, -1.4, -3.1]); fit.slope, fit.rvalue**2
        let points = [(0.0, 0.1), (1.0, -0.2), (2.0, -0.55), (5.0, -1.4), (10.0, -3.1)];
        let fit = line(&points).unwrap();
        near(fit.slope, -0.3184049079754601, 1e-14);
        near(fit.r_squared, 0.9988041537580163, 1e-14);
        assert_eq!(line(&[(1.0, 2.0), (3.0, 2.0)]), Some(Line { slope: 0.0, r_squared: 1.0 }));
        assert_eq!(line(&[(1.0, 2.0)]), None);
        assert_eq!(line(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
