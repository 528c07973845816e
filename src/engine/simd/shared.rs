//! Memory that several threads work on at once, each on its own part.

use std::marker::PhantomData;

use super::vector::Simd;

/// Numbers that all threads of a job read and write.
///
/// Which thread writes which of them is not a range that a slice could be: rows of the batch at every step, or units of
/// every row. So the rule is the one that [`Shared::new`] asks for, and every access is checked against the length.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    start: *mut f32,
    len: usize,
    of: PhantomData<&'a [f32]>,
}

// SAFETY: who makes one promises that no two threads meet on a number.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// Shares the `len` numbers from `start`.
    ///
    /// # Safety
    /// For as long as `'a` they stay, and between two barriers no thread touches a number that another one writes. None
    /// is written where the memory was only lent for reading.
    pub unsafe fn new(start: *mut f32, len: usize) -> Shared<'a> {
        Shared { start, len, of: PhantomData }
    }

    /// Whether there is room for anything: a gradient that is not wanted has none.
    pub fn is_wanted(self) -> bool {
        self.len > 0
    }

    /// Where `count` numbers from `at` are.
    #[inline(always)]
    pub fn part(self, at: usize, count: usize) -> *mut f32 {
        assert!(at <= self.len && count <= self.len - at, "{count} numbers from {at}, of {}", self.len);
        // SAFETY: they are within the numbers promised.
        unsafe { self.start.add(at) }
    }

    /// Where the first number is, for who has checked how far it goes from there.
    #[inline(always)]
    pub fn start(self) -> *mut f32 {
        self.start
    }

    /// `count` numbers from `at`, to be read.
    pub fn slice(self, at: usize, count: usize) -> &'a [f32] {
        // SAFETY: they are there, and nobody writes them meanwhile, as `new` was promised.
        unsafe { std::slice::from_raw_parts(self.part(at, count), count) }
    }

    /// `count` numbers from `at`, to be written.
    #[allow(clippy::mut_from_ref)]
    pub fn slice_mut(self, at: usize, count: usize) -> &'a mut [f32] {
        // SAFETY: they are there, and nobody else touches them meanwhile, as `new` was promised.
        unsafe { std::slice::from_raw_parts_mut(self.part(at, count), count) }
    }

    /// The vector at `at`.
    #[inline(always)]
    pub fn load<S: Simd>(self, s: S, at: usize) -> S::V {
        // SAFETY: it is within the numbers promised.
        unsafe { s.load(self.part(at, S::LANES)) }
    }

    /// Writes the vector at `at`.
    #[inline(always)]
    pub fn store<S: Simd>(self, s: S, at: usize, x: S::V) {
        // SAFETY: it is within the numbers promised.
        unsafe { s.store(self.part(at, S::LANES), x) }
    }

    /// The first `lanes` numbers of the vector at `at`, 0 behind them.
    #[inline(always)]
    pub fn load_first<S: Simd>(self, s: S, at: usize, lanes: usize) -> S::V {
        if lanes == S::LANES {
            return self.load(s, at);
        }
        // SAFETY: they are within the numbers promised.
        unsafe { s.load_first(self.part(at, lanes), lanes) }
    }

    /// Writes the first `lanes` numbers of the vector at `at`.
    #[inline(always)]
    pub fn store_first<S: Simd>(self, s: S, at: usize, lanes: usize, x: S::V) {
        if lanes == S::LANES {
            return self.store(s, at, x);
        }
        // SAFETY: they are within the numbers promised.
        unsafe { s.store_first(self.part(at, lanes), lanes, x) }
    }
}

/// A slice for the threads of a job that only read it.
pub fn lend(numbers: &[f32]) -> Shared<'_> {
    // SAFETY: nobody writes what is borrowed.
    unsafe { Shared::new(numbers.as_ptr().cast_mut(), numbers.len()) }
}
