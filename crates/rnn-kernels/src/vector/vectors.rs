//! The vectors of each type of number, with each instruction set.

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::avx2_f64::Avx2F64;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
#[cfg(target_arch = "x86_64")]
use super::avx512_f64::Avx512F64;
use super::portable::Portable;
use super::traits::Vector;
use crate::number::Number;

/// A type of number that has vectors: f32 or f64.
pub trait Vectors: Number {
    /// The vectors of AVX-512.
    #[cfg(target_arch = "x86_64")]
    type Avx512: Vector<Element = Self> + From<Avx512>;
    /// The vectors of AVX2.
    #[cfg(target_arch = "x86_64")]
    type Avx2: Vector<Element = Self> + From<Avx2>;
    /// Vectors of 32 bytes without intrinsics.
    type Portable: Vector<Element = Self> + Default;
    /// Vectors of 64 bytes without intrinsics.
    #[cfg(test)]
    type Wide: Vector<Element = Self> + Default;
}

impl Vectors for f32 {
    #[cfg(target_arch = "x86_64")]
    type Avx512 = Avx512;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = Avx2;
    type Portable = Portable<f32, 8>;
    #[cfg(test)]
    type Wide = Portable<f32, 16>;
}

impl Vectors for f64 {
    #[cfg(target_arch = "x86_64")]
    type Avx512 = Avx512F64;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = Avx2F64;
    type Portable = Portable<f64, 4>;
    #[cfg(test)]
    type Wide = Portable<f64, 8>;
}
