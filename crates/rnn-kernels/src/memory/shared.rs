//! Views of memory that several threads work on at once.

use std::any::TypeId;
use std::marker::PhantomData;

use crate::number::Number;
use crate::vector::Vector;

/// A view of numbers that all threads of a parallel region read and write.
///
/// The numbers that one thread writes are not always one range: they may be some sequences of every step,
/// or some units of every row. Slices cannot express such a set. [`Shared::new`] states the rule instead,
/// and every access is checked against the length.
#[derive(Clone, Copy)]
pub struct Shared<'a, E> {
    start: *mut E,
    len: usize,
    memory: PhantomData<&'a [E]>,
}

// SAFETY: the caller of `new` promised that threads do not race for a number.
unsafe impl<E: Number> Send for Shared<'_, E> {}
// SAFETY: as above.
unsafe impl<E: Number> Sync for Shared<'_, E> {}

impl<'a, E: Number> Shared<'a, E> {
    /// Returns a view of the `len` numbers from `start` on.
    ///
    /// # Safety
    /// The numbers stay valid for `'a`. Between two barriers, no thread accesses a number that another one
    /// writes. No thread writes to memory that is borrowed for reading only.
    pub unsafe fn new(start: *mut E, len: usize) -> Shared<'a, E> {
        Shared { start, len, memory: PhantomData }
    }

    /// Returns a view of a slice that no thread writes.
    pub fn read_only(numbers: &'a [E]) -> Shared<'a, E> {
        // SAFETY: the slice is borrowed for `'a`, so no thread may write it.
        unsafe { Shared::new(numbers.as_ptr().cast_mut(), numbers.len()) }
    }

    /// Returns a view of a slice, or an empty view for none.
    ///
    /// # Safety
    /// As for [`Shared::new`].
    pub unsafe fn writable(numbers: Option<&'a mut [E]>) -> Shared<'a, E> {
        let numbers = numbers.unwrap_or_default();
        // SAFETY: the slice is borrowed for `'a`; the caller promises the rest.
        unsafe { Shared::new(numbers.as_mut_ptr(), numbers.len()) }
    }

    /// Returns the view as one of f32, if `E` is f32.
    pub fn as_f32(self) -> Option<Shared<'a, f32>> {
        let is_f32 = TypeId::of::<E>() == TypeId::of::<f32>();
        is_f32.then_some(Shared { start: self.start.cast(), len: self.len, memory: PhantomData })
    }

    /// Returns the number of numbers.
    pub fn len(self) -> usize {
        self.len
    }

    /// Returns true if the view has no numbers, as for a gradient that is not asked for.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Returns the address of the first number, for callers that have checked the range that they access.
    #[inline(always)]
    pub fn as_ptr(self) -> *mut E {
        self.start
    }

    /// Returns the address of number `at`.
    ///
    /// # Panics
    /// If fewer than `count` numbers follow.
    #[inline(always)]
    pub fn range(self, at: usize, count: usize) -> *mut E {
        assert!(at <= self.len && count <= self.len - at, "{count} numbers from {at} on, of {}", self.len);
        // SAFETY: the range is within the view.
        unsafe { self.start.add(at) }
    }

    /// Returns `count` numbers from `at` on, to read.
    pub fn slice(self, at: usize, count: usize) -> &'a [E] {
        // SAFETY: `range` checks the bounds. By the contract of `new` no thread writes them meanwhile.
        unsafe { std::slice::from_raw_parts(self.range(at, count), count) }
    }

    /// Returns `count` numbers from `at` on, to write.
    #[allow(clippy::mut_from_ref)]
    pub fn slice_mut(self, at: usize, count: usize) -> &'a mut [E] {
        // SAFETY: `range` checks the bounds. By the contract of `new` no other thread accesses them
        // meanwhile.
        unsafe { std::slice::from_raw_parts_mut(self.range(at, count), count) }
    }

    /// Reads the vector at `at`.
    #[inline(always)]
    pub fn load<S: Vector<Element = E>>(self, s: S, at: usize) -> S::V {
        // SAFETY: `range` checks the bounds.
        unsafe { s.load(self.range(at, S::LANES)) }
    }

    /// Writes the vector at `at`.
    #[inline(always)]
    pub fn store<S: Vector<Element = E>>(self, s: S, at: usize, x: S::V) {
        // SAFETY: `range` checks the bounds.
        unsafe { s.store(self.range(at, S::LANES), x) }
    }

    /// Reads the first `lanes` numbers of the vector at `at`. The other lanes are 0.
    #[inline(always)]
    pub fn load_first<S: Vector<Element = E>>(self, s: S, at: usize, lanes: usize) -> S::V {
        if lanes == S::LANES {
            return self.load(s, at);
        }
        // SAFETY: `range` checks the bounds.
        unsafe { s.load_first(self.range(at, lanes), lanes) }
    }

    /// Writes the first `lanes` numbers of the vector at `at`.
    #[inline(always)]
    pub fn store_first<S: Vector<Element = E>>(self, s: S, at: usize, lanes: usize, x: S::V) {
        if lanes == S::LANES {
            return self.store(s, at, x);
        }
        // SAFETY: `range` checks the bounds.
        unsafe { s.store_first(self.range(at, lanes), lanes, x) }
    }
}
