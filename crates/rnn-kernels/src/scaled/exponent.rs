//! Exponents of f64 numbers, and powers of two.

/// The exponent of a row of zeros. It is below every other exponent, and finite, so that differences of
/// exponents are finite.
pub const ZERO_EXPONENT: f64 = -1e18;

/// The smallest and the largest exponent of a normal power of two.
const SMALLEST: f64 = -1022.0;
const LARGEST: f64 = 1022.0;

/// Returns 2ⁿ for a whole number n ≤ 1023, or 0 for n below −1022.
#[inline(always)]
pub fn power_of_two(n: f64) -> f64 {
    if n < SMALLEST { 0.0 } else { f64::from_bits(((n as i64 + 1023) << 52) as u64) }
}

/// Returns the n with 2ⁿ⁻¹ ≤ |x| < 2ⁿ, between −1022 and 1022. It is 0 for infinity and NaN.
#[inline(always)]
pub fn exponent(x: f64) -> f64 {
    if !x.is_finite() {
        return 0.0;
    }
    // The exponent of a subnormal number is below the range.
    (((x.to_bits() >> 52) & 0x7ff) as f64 - 1022.0).clamp(SMALLEST, LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponent_brings_numbers_of_any_magnitude_near_1() {
        for x in [1.0, 0.75, -3.0, 1e-300, 1e300, f64::MIN_POSITIVE] {
            let scaled = (x * power_of_two(-exponent(x))).abs();
            assert!((0.5..1.0).contains(&scaled), "{x:e} becomes {scaled}");
        }
        assert!(5e-324 * power_of_two(-exponent(5e-324)) > 0.0);
        assert!((f64::MAX * power_of_two(-exponent(f64::MAX))).is_finite());
        assert_eq!((exponent(f64::NAN), exponent(f64::INFINITY)), (0.0, 0.0));
        assert_eq!((power_of_two(-3.0), power_of_two(ZERO_EXPONENT), power_of_two(0.0)), (0.125, 0.0, 1.0));
    }
}
