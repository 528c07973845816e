//! The types of numbers: f32 and f64.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// The size of a cache line, in bytes.
const CACHE_LINE_BYTES: usize = 64;

/// A type of number, f32 or f64, and its arithmetic.
pub trait Number:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + From<f32>
    + Into<f64>
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The number 1.5·2ᵐ, where m is the number of stored fraction bits. Numbers near it have no fraction.
    const NO_FRACTION: Self;
    /// The count of numbers in a cache line.
    const CACHE_LINE: usize = CACHE_LINE_BYTES / size_of::<Self>();

    /// Returns self·b + c, rounded once.
    fn fused_mul_add(self, b: Self, c: Self) -> Self;
    /// Returns the number clamped to −bound … bound. NaN stays NaN.
    fn clamped(self, bound: Self) -> Self;
    /// Returns the magnitude.
    fn magnitude(self) -> Self;
    /// Returns self·2ⁿ for an integer n, where 2ⁿ may overflow or underflow.
    fn scaled(self, n: Self) -> Self;
}

impl Number for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const NO_FRACTION: f32 = 12_582_912.0;

    #[inline(always)]
    fn fused_mul_add(self, b: f32, c: f32) -> f32 {
        self.mul_add(b, c)
    }

    #[inline(always)]
    fn clamped(self, bound: f32) -> f32 {
        self.clamp(-bound, bound)
    }

    #[inline(always)]
    fn magnitude(self) -> f32 {
        self.abs()
    }

    #[inline(always)]
    fn scaled(self, n: f32) -> f32 {
        // 2ⁿ is applied in two halves, because 2ⁿ itself may overflow or underflow.
        let power_of_two = |n: i32| f32::from_bits(((n + 127) << 23) as u32);
        let n = n as i32;
        let half = n >> 1;
        self * power_of_two(half) * power_of_two(n - half)
    }
}

impl Number for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const NO_FRACTION: f64 = 6_755_399_441_055_744.0;

    #[inline(always)]
    fn fused_mul_add(self, b: f64, c: f64) -> f64 {
        self.mul_add(b, c)
    }

    #[inline(always)]
    fn clamped(self, bound: f64) -> f64 {
        self.clamp(-bound, bound)
    }

    #[inline(always)]
    fn magnitude(self) -> f64 {
        self.abs()
    }

    #[inline(always)]
    fn scaled(self, n: f64) -> f64 {
        // As for f32.
        let power_of_two = |n: i32| f64::from_bits(((i64::from(n) + 1023) << 52) as u64);
        let n = n as i32;
        let half = n >> 1;
        self * power_of_two(half) * power_of_two(n - half)
    }
}
