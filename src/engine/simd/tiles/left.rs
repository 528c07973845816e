//! The left factor: rows of f32 as their three parts, in lines of 32 terms.

use std::arch::x86_64::*;
use std::ops::Range;

use super::super::buffer::{Buffer, spaced};
use super::super::rows::Rows;
use super::super::shared::Shared;
use super::{DEPTH, LEAST, MOST, PARTS, SIDE, Tiles};

/// f32 numbers in the memory of a line.
const LINE: usize = 16;

/// f32 numbers from a row to the next: its parts are neighbours.
pub const ROW: usize = PARTS * LINE;

/// Sixteen rows of 32 terms.
pub type Terms = [[f32; DEPTH]; SIDE];

/// Room for rows that are split once and multiplied more than once.
pub struct Parts {
    numbers: Buffer,
    scales: Buffer,
    rows: usize,
}

/// [`Parts`] from one of the rows and one of the terms on, for the threads of a job.
#[derive(Clone, Copy)]
pub struct SharedParts<'a> {
    /// `[terms / DEPTH, rows, PARTS, LINE]`.
    numbers: Shared<'a>,
    /// By what each row's products have to be multiplied; 0 for a row of zeros.
    scales: Shared<'a>,
    /// Rows there is room for.
    rows: usize,
    /// The first row.
    row: usize,
    /// The first term, in lines.
    chunk: usize,
}

impl Parts {
    /// Room for rows of so many terms.
    pub fn new(_: Tiles, rows: usize, depth: usize) -> Parts {
        let rows = spaced(rows);
        Parts { numbers: Buffer::new(depth.div_ceil(DEPTH) * rows * ROW), scales: Buffer::new(rows), rows }
    }

    /// For the threads of a job.
    ///
    /// # Safety
    /// As [`Shared::new`] has it.
    pub unsafe fn share(&mut self) -> SharedParts<'_> {
        // SAFETY: by this function's own contract.
        let (numbers, scales) = unsafe { (self.numbers.share(), self.scales.share()) };
        SharedParts { numbers, scales, rows: self.rows, row: 0, chunk: 0 }
    }
}

/// A row's 32 terms of one part.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Room for rows that are multiplied at once, kept by each thread.
pub fn with_room(rows: usize, depth: usize, work: impl FnOnce(SharedParts)) {
    thread_local! {
        static ROOM: std::cell::RefCell<(Vec<Line>, Vec<f32>)> = const { std::cell::RefCell::new((vec![], vec![])) };
    }
    ROOM.with_borrow_mut(|(lines, scales)| {
        let rows = spaced(rows);
        let needed = depth.div_ceil(DEPTH) * rows * PARTS;
        if lines.len() < needed {
            lines.resize(needed, Line([0.0; LINE]));
        }
        if scales.len() < rows {
            scales.resize(rows, 0.0);
        }
        // SAFETY: nobody else has this thread's room.
        let [numbers, scales] = unsafe {
            [
                Shared::new(lines.as_mut_ptr().cast(), needed * LINE),
                Shared::new(scales.as_mut_ptr(), scales.len()),
            ]
        };
        work(SharedParts { numbers, scales, rows, row: 0, chunk: 0 });
    });
}

impl<'a> SharedParts<'a> {
    /// The same from a later row and term on; the term is a multiple of 32.
    pub fn from(self, row: usize, term: usize) -> SharedParts<'a> {
        SharedParts { row: self.row + row, chunk: self.chunk + term / DEPTH, ..self }
    }

    /// Where row n begins.
    fn at(self, n: usize) -> usize {
        (self.chunk * self.rows + self.row + n) * ROW
    }

    /// From 32 terms of a row to the next.
    pub fn stride(self) -> usize {
        self.rows * ROW
    }

    /// Checks that so many terms of so many rows are there.
    pub fn check(self, count: usize, depth: usize) {
        assert!(self.row + count <= self.rows);
        self.numbers.part(self.at(0) + (depth.div_ceil(DEPTH) - 1) * self.stride(), count * ROW);
        self.scales.part(self.row, count);
    }

    /// Where the first row begins, for who has checked how far it goes.
    pub fn start(self) -> *const f32 {
        self.numbers.start().wrapping_add(self.at(0)).cast_const()
    }

    /// By what the products of the first rows have to be multiplied; 0 for rows of zeros.
    pub fn scales(self, count: usize) -> &'a [f32] {
        self.scales.slice(self.row, count)
    }

    /// Makes the first rows of these.
    pub fn split(self, _: Tiles, from: &Rows, rows: Range<usize>, depth: usize) {
        if rows.is_empty() {
            return;
        }
        self.check(rows.len(), depth);
        for (n, row) in rows.enumerate() {
            let row = from.numbers.slice(from.at(row), depth);
            let to = self.numbers.start().wrapping_add(self.at(n));
            // SAFETY: `Tiles` is the proof of the instructions; the lines are there.
            let scale = unsafe {
                let scale = Scale::of(split_row(row, to, self.stride(), 1.0));
                if scale.before != 1.0 {
                    split_row(row, to, self.stride(), scale.before);
                }
                scale
            };
            self.scales.slice_mut(self.row + n, 1)[0] = scale.after;
        }
    }

    /// Makes terms k … k + 31 of the first 16 rows, multiplied by `scale`; k is a multiple of 32.
    pub fn put(self, _: Tiles, k: usize, terms: &Terms, scale: f32) {
        let at = self.at(0) + k / DEPTH * self.stride();
        // SAFETY: `Tiles` is the proof of the instructions; `part` checks that there is room.
        unsafe { split_square(terms, self.numbers.part(at, SIDE * ROW), scale) };
    }

    /// Chooses one scale for the first 16 rows, of which these columns are made: gives by what they have to be multiplied.
    pub fn scale_columns(self, _: Tiles, columns: &Rows, count: usize) -> f32 {
        columns.check(count, SIDE);
        // SAFETY: `Tiles` is the proof of the instructions.
        let scale = Scale::of(unsafe { largest(columns, count) });
        self.scales.slice_mut(self.row, SIDE).fill(scale.after);
        scale.before
    }

    /// Copies the first `count` rows to later ones.
    pub fn copy(self, count: usize, to: usize, depth: usize) {
        for chunk in 0..depth.div_ceil(DEPTH) {
            let at = self.at(0) + chunk * self.stride();
            let to = self.numbers.slice_mut(at + to * ROW, count * ROW);
            to.copy_from_slice(self.numbers.slice(at, count * ROW));
        }
        let to = self.scales.slice_mut(self.row + to, count);
        to.copy_from_slice(self.scales(count));
    }
}

/// By what rows are multiplied before they are split, and their products after.
struct Scale {
    before: f32,
    after: f32,
}

impl Scale {
    /// That which brings numbers of this largest magnitude among the tame.
    fn of(largest: f32) -> Scale {
        /// A power of two that does so with the smallest numbers, and the largest.
        const FAR: f32 = (1_u128 << 90) as f32;
        let scale = |before: f32| Scale { before, after: 1.0 / before };
        match largest {
            0.0 => Scale { before: 1.0, after: 0.0 },
            x if x < LEAST => scale(FAR),
            x if x > MOST => scale(1.0 / FAR),
            // NaN is none of these: it spreads whatever the scale.
            _ => scale(1.0),
        }
    }
}

/// Splits a row times `scale`; gives the largest magnitude before that, of which NaN is the largest.
///
/// # Safety
/// `to` has room for all lines, each `stride` numbers after the last.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn split_row(row: &[f32], to: *mut f32, stride: usize, scale: f32) -> f32 {
    let mut greatest = _mm512_setzero_si512();
    for (chunk, terms) in row.chunks(DEPTH).enumerate() {
        let pair = if terms.len() == DEPTH {
            // SAFETY: there are as many.
            unsafe { [_mm512_loadu_ps(terms.as_ptr()), _mm512_loadu_ps(terms.as_ptr().add(SIDE))] }
        } else {
            [first(terms), first(terms.get(SIDE..).unwrap_or_default())]
        };
        greatest = larger(larger(greatest, pair[0]), pair[1]);
        // SAFETY: by this function's own contract.
        unsafe { split_pair(pair, to.add(chunk * stride), scale) };
    }
    f32::from_bits(_mm512_reduce_max_epu32(greatest))
}

/// Splits 32 terms of 16 rows.
///
/// # Safety
/// There is room for the rows.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn split_square(terms: &Terms, to: *mut f32, scale: f32) {
    for (n, terms) in terms.iter().enumerate() {
        // SAFETY: there are 32 terms, and room by this function's own contract.
        unsafe {
            let pair = [_mm512_loadu_ps(terms.as_ptr()), _mm512_loadu_ps(terms.as_ptr().add(SIDE))];
            split_pair(pair, to.add(n * ROW), scale);
        }
    }
}

/// Splits 32 terms times `scale` into a line of each part.
///
/// # Safety
/// There is room for the lines.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
#[inline]
unsafe fn split_pair(pair: [__m512; 2], to: *mut f32, scale: f32) {
    let scale = _mm512_set1_ps(scale);
    let mut rest = pair.map(|x| _mm512_mul_ps(x, scale));
    for part in 0..PARTS {
        let both = _mm512_cvtne2ps_pbh(rest[1], rest[0]);
        // SAFETY: a vector of 32 bf16 numbers has a line's size and alignment, and there is room.
        unsafe {
            let both: __m512i = std::mem::transmute(both);
            _mm512_store_si512(to.add(part * LINE).cast(), both);
            if part + 1 < PARTS {
                let halves = [_mm512_castsi512_si256(both), _mm512_extracti64x4_epi64::<1>(both)];
                for (rest, half) in rest.iter_mut().zip(halves) {
                    let wide = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(half));
                    *rest = _mm512_sub_ps(*rest, _mm512_castsi512_ps(wide));
                }
            }
        }
    }
}

/// The largest magnitude in vectors of columns; NaN is the largest.
#[target_feature(enable = "avx512f")]
fn largest(columns: &Rows, count: usize) -> f32 {
    let mut greatest = _mm512_setzero_si512();
    for n in 0..count {
        // SAFETY: they were checked to be there.
        greatest = larger(greatest, unsafe { _mm512_loadu_ps(columns.place(n, 0)) });
    }
    f32::from_bits(_mm512_reduce_max_epu32(greatest))
}

/// The larger magnitudes, as integers, so that NaN is the largest.
#[target_feature(enable = "avx512f")]
#[inline]
fn larger(greatest: __m512i, x: __m512) -> __m512i {
    _mm512_max_epu32(greatest, _mm512_castps_si512(_mm512_abs_ps(x)))
}

/// A vector of up to 16 numbers, 0 behind them.
#[target_feature(enable = "avx512f")]
#[inline]
fn first(numbers: &[f32]) -> __m512 {
    let lanes = numbers.len().min(SIDE);
    // SAFETY: only as many are read as there are.
    unsafe { _mm512_maskz_loadu_ps(((1_u32 << lanes) - 1) as u16, numbers.as_ptr()) }
}
