//! The product itself: sums of up to four vectors of columns stay in tiles while the terms pass.

use std::arch::asm;
use std::arch::x86_64::*;

use super::super::product::Product;
use super::left::{Line, lines, split, with_room};
use super::unit::Configured;
use super::{DEPTH, NUMBERS, PARTS, SIDE, Tiles, room};

/// Lines of the left factor that are split at once: they stay in the second cache beside the panels that pass.
const MOST_LINES: usize = 8192;

/// Columns of a block, in vectors: a tile of sums for each.
const COLUMNS: usize = 4;

/// The product, of which all rows, columns and panels were checked to be there.
///
/// # Safety
/// As checked by [`Product::run`], with panels that were filled by [`super::put`].
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn multiply(tiles: Tiles, product: &Product) {
    let depth = product.right.depth;
    let blocks = product.count.div_ceil(SIDE);
    // Blocks as equal as can be: the unit takes as long as a tile has rows.
    let rows = product.count.div_ceil(blocks);
    let of_block = lines(depth);
    let at_once = (MOST_LINES / of_block).max(1);
    let _configured = Configured::new(tiles, rows);
    with_room(at_once.min(blocks) * of_block, |left| {
        let mut scales = [0.0; MOST_LINES / SIDE / PARTS];
        for some in (0..blocks).step_by(at_once) {
            let some = some..blocks.min(some + at_once);
            for (n, block) in some.clone().enumerate() {
                let first = block * rows;
                let count = rows.min(product.count.saturating_sub(first));
                scales[n] = split(&product.left, first, count, depth, &mut left[n * of_block..][..of_block]);
            }
            for from in product.vectors.clone().step_by(COLUMNS) {
                let count = COLUMNS.min(product.vectors.end - from);
                for (n, block) in some.clone().enumerate() {
                    let first = block * rows;
                    let rows = rows.min(product.count.saturating_sub(first));
                    let block = Block { product, first, rows, from, scale: scales[n] };
                    let left = &left[n * of_block..][..of_block];
                    // SAFETY: by this function's own contract.
                    unsafe {
                        match count {
                            1 => block.run::<1>(left),
                            2 => block.run::<2>(left),
                            3 => block.run::<3>(left),
                            _ => block.run::<COLUMNS>(left),
                        }
                    }
                }
            }
        }
    });
}

/// Some rows times some vectors of columns.
struct Block<'a> {
    product: &'a Product<'a>,
    first: usize,
    rows: usize,
    from: usize,
    scale: f32,
}

/// Where tiles of sums are put, to be added.
#[repr(C, align(64))]
struct Sums([[[f32; SIDE]; SIDE]; COLUMNS]);

impl Block<'_> {
    /// # Safety
    /// As [`multiply`] has it; the tiles are configured.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn run<const C: usize>(&self, left: &[Line]) {
        let panel = room(self.product.right.depth);
        let mut sums = Sums([[[0.0; SIDE]; SIDE]; COLUMNS]);
        if self.scale != 0.0 {
            // SAFETY: the panels are there.
            unsafe {
                let right = self.product.right.numbers.start().add(self.from * panel);
                zero();
                for (n, a) in left.chunks_exact(PARTS * SIDE).enumerate() {
                    let right = right.add(n * PARTS * NUMBERS);
                    let b: [*const f32; C] = std::array::from_fn(|c| right.add(c * panel).cast_const());
                    terms(a.as_ptr(), b);
                }
                debug_assert_eq!(left.len() / (PARTS * SIDE), self.product.right.depth.div_ceil(DEPTH));
                store(&mut sums, C);
            }
        }
        let scale = _mm512_set1_ps(self.scale);
        for c in 0..C {
            let column = self.product.right.columns[self.from + c];
            let lanes = ((1_u32 << column.lanes) - 1) as u16;
            for r in 0..self.rows {
                // SAFETY: all rows with all their columns are there.
                unsafe {
                    let row = self.product.result.at(self.first + r);
                    let to = self.product.result.numbers.start().add(row + column.at);
                    let mut sum = _mm512_mul_ps(_mm512_load_ps(sums.0[c][r].as_ptr()), scale);
                    if self.product.add {
                        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, to));
                    }
                    _mm512_mask_storeu_ps(to, lanes, sum);
                }
            }
        }
    }
}

/// Sets the sums to 0.
///
/// # Safety
/// The tiles are configured.
#[inline(always)]
unsafe fn zero() {
    // SAFETY: by this function's own contract.
    unsafe { asm!("tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3", options(nostack)) };
}

/// Adds [`DEPTH`] terms: the three parts of some rows from `a` times those of each of `b`, the smallest products first.
///
/// # Safety
/// The tiles are configured, and what is read is there.
#[inline(always)]
unsafe fn terms<const C: usize>(a: *const Line, b: [*const f32; C]) {
    // SAFETY: by this function's own contract.
    unsafe {
        asm!(
            "tileloadd tmm4, [{a} + {line}]",
            "tileloadd tmm5, [{a} + {line} + 1024]",
            "tileloadd tmm6, [{a} + {line} + 2048]",
            a = in(reg) a,
            line = in(reg) 64_usize,
            options(nostack, readonly),
        );
        macro_rules! column {
            ($sums:literal, $b:expr) => {
                asm!(
                    "tileloadd tmm7, [{b} + {line} + 2048]",
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7"),
                    "tileloadd tmm7, [{b} + {line} + 1024]",
                    concat!("tdpbf16ps ", $sums, ", tmm5, tmm7"),
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7"),
                    "tileloadd tmm7, [{b} + {line}]",
                    concat!("tdpbf16ps ", $sums, ", tmm6, tmm7"),
                    concat!("tdpbf16ps ", $sums, ", tmm5, tmm7"),
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7"),
                    b = in(reg) $b,
                    line = in(reg) 64_usize,
                    options(nostack, readonly),
                )
            };
        }
        column!("tmm0", b[0]);
        if C > 1 {
            column!("tmm1", b[1]);
        }
        if C > 2 {
            column!("tmm2", b[2]);
        }
        if C > 3 {
            column!("tmm3", b[3]);
        }
    }
}

/// Writes the first so many tiles of sums.
///
/// # Safety
/// The tiles are configured.
#[inline(always)]
unsafe fn store(to: &mut Sums, count: usize) {
    macro_rules! store {
        ($n:literal, $tile:literal) => {
            if count > $n {
                asm!(
                    concat!("tilestored [{to} + {line}], ", $tile),
                    to = in(reg) to.0[$n].as_mut_ptr(),
                    line = in(reg) 64_usize,
                    options(nostack),
                );
            }
        };
    }
    // SAFETY: by this function's own contract; a tile of sums has at most 16 rows of 64 bytes.
    unsafe {
        store!(0, "tmm0");
        store!(1, "tmm1");
        store!(2, "tmm2");
        store!(3, "tmm3");
    }
}
