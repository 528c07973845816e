//! Numbers with an exponent for each row.

/// Numbers in rows, times 2^exponent of the row.
#[derive(Clone, Copy, Debug)]
pub struct ScaledRows<'a> {
    /// The numbers, `[T, B, H]`.
    pub mantissa: &'a [f64],
    /// Whole numbers, `[T, B]`.
    pub exponent: &'a [f64],
}
