//! The left factor in the order in which blocks of registers read it: one stream of memory.
//!
//! Rows of a matrix are often a power of two apart. Six such rows compete for one set of the first-level
//! cache, and each row is a stream of its own for the prefetcher.

use std::cell::Cell;
use std::ops::Range;

use super::blocks::Blocks;
use super::rows::Rows;
use crate::memory::Buffer;
use crate::number::Number;
use crate::vector::Vector;

thread_local! {
    /// The memory of this thread's last packed rows, in f32 numbers.
    static SCRATCH: Cell<Option<Buffer>> = const { Cell::new(None) };
}

/// The number of terms of a row that are adjacent in packed form.
///
/// A smaller number would make the compiler unroll the loop over a chunk and run out of registers.
pub const CHUNK: usize = 64;

/// Rows of the left factor, as blocks read them.
///
/// Rows that compete for the cache are copied to `[depth / CHUNK, rows of the block, CHUNK]` for each block.
pub struct PackedLeft<E> {
    /// The memory of the copy.
    memory: Option<Buffer>,
    start: *const E,
    /// The first term.
    first_term: usize,
    /// The distance between rows that are not copied.
    stride: usize,
    /// The number of terms, rounded up to whole chunks.
    padded: usize,
}

/// The terms of a block's rows, from one term on.
#[derive(Clone, Copy)]
pub struct LeftBlock<E> {
    /// The address of the first term of the first row.
    pub start: *const E,
    /// The distance between rows.
    pub row: usize,
    /// The distance between chunks of a row.
    pub chunk: usize,
}

impl<E: Number> PackedLeft<E> {
    /// Packs some terms of the rows of all blocks. They are in bounds (see [`Rows::check`]).
    #[inline(always)]
    pub fn new<S: Vector<Element = E>>(
        s: S,
        rows: &Rows<E>,
        blocks: Blocks,
        terms: Range<usize>,
    ) -> PackedLeft<E> {
        let padded = terms.len().next_multiple_of(CHUNK);
        let (first_term, stride) = (terms.start, rows.stride());
        let first = blocks.first_row();
        if blocks.rows() == 1 || rows.spread_over_cache(first, blocks.rows()) {
            let start = rows.ptr(first, first_term).cast_const();
            return PackedLeft { memory: None, start, first_term, stride, padded };
        }
        let needed = blocks.rows() * padded * size_of::<E>() / size_of::<f32>();
        let kept = SCRATCH.take().filter(|memory| memory.as_slice().len() >= needed);
        let mut memory = kept.unwrap_or_else(|| Buffer::new(needed));
        let mut to = memory.as_mut_slice().as_mut_ptr().cast::<E>();
        for (first, count) in blocks.iter() {
            for r in 0..count {
                let (from, to) = (rows.ptr(first + r, first_term), to.wrapping_add(r * CHUNK));
                // SAFETY: the caller has checked the rows, and the memory has room for all blocks.
                unsafe { pack_row(s, from, terms.len(), to, count * CHUNK) };
            }
            to = to.wrapping_add(count * padded);
        }
        let start = memory.as_slice().as_ptr().cast();
        PackedLeft { memory: Some(memory), start, first_term, stride, padded }
    }

    /// Returns the terms from `term` on of the block of `count` rows from row `row` of all rows on. `term`
    /// less the first term is a multiple of [`CHUNK`].
    #[inline(always)]
    pub fn block(&self, row: usize, count: usize, term: usize) -> LeftBlock<E> {
        let term = term - self.first_term;
        let (at, row, chunk) = match self.memory {
            Some(_) => (row * self.padded + term * count, CHUNK, count * CHUNK),
            None => (row * self.stride + term, self.stride, CHUNK),
        };
        LeftBlock { start: self.start.wrapping_add(at), row, chunk }
    }
}

/// Keeps the memory for this thread's next product.
impl<E> Drop for PackedLeft<E> {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            SCRATCH.set(Some(memory));
        }
    }
}

/// Copies a row of `depth` numbers to chunks that are `stride` numbers apart.
///
/// # Safety
/// The row is readable, and the chunks are writable to whole vectors.
#[inline(always)]
unsafe fn pack_row<S: Vector>(
    s: S,
    mut from: *const S::Element,
    depth: usize,
    mut to: *mut S::Element,
    stride: usize,
) {
    // SAFETY: by this function's contract.
    unsafe {
        for _ in 0..depth / CHUNK {
            for k in (0..CHUNK).step_by(S::LANES) {
                s.store(to.add(k), s.load(from.add(k)));
            }
            (from, to) = (from.add(CHUNK), to.add(stride));
        }
        let rest = depth % CHUNK;
        for k in (0..rest / S::LANES * S::LANES).step_by(S::LANES) {
            s.store(to.add(k), s.load(from.add(k)));
        }
        for k in rest / S::LANES * S::LANES..rest {
            *to.add(k) = *from.add(k);
        }
    }
}
