//! The unit's instructions. Sums are in tiles 0 to 3; which hold the factors is said with each function.

use std::arch::asm;

use super::left::ROW;

/// One of the tiles of sums with an instruction before it, and perhaps more operands.
macro_rules! with_tile {
    ($tile:expr, $before:literal, $after:literal $(, $operand:ident = $value:expr)*) => {
        match $tile {
            0 => asm!(concat!($before, "tmm0", $after), $($operand = in(reg) $value,)* options(nostack)),
            1 => asm!(concat!($before, "tmm1", $after), $($operand = in(reg) $value,)* options(nostack)),
            2 => asm!(concat!($before, "tmm2", $after), $($operand = in(reg) $value,)* options(nostack)),
            _ => asm!(concat!($before, "tmm3", $after), $($operand = in(reg) $value,)* options(nostack)),
        }
    };
}

/// Sets a tile of sums to 0.
///
/// # Safety
/// The tiles are configured.
#[inline(always)]
pub unsafe fn zero(tile: usize) {
    // SAFETY: by this function's own contract.
    unsafe { with_tile!(tile, "tilezero ", "") }
}

/// Reads a tile of sums, a row each `stride` bytes.
///
/// # Safety
/// The tiles are configured, and the rows are there.
#[inline(always)]
pub unsafe fn load(tile: usize, from: *const f32, stride: usize) {
    // SAFETY: by this function's own contract.
    unsafe { with_tile!(tile, "tileloadd ", ", [{from} + {stride}]", from = from, stride = stride) }
}

/// Writes a tile of sums, a row each `stride` bytes.
///
/// # Safety
/// The tiles are configured, and the rows are there.
#[inline(always)]
pub unsafe fn store(tile: usize, to: *mut f32, stride: usize) {
    // SAFETY: by this function's own contract.
    unsafe { with_tile!(tile, "tilestored [{to} + {stride}], ", "", to = to, stride = stride) }
}

/// Loads the three parts of some rows, for [`columns`].
///
/// # Safety
/// The tiles are configured, and what is read is there.
#[inline(always)]
pub unsafe fn load_left(a: *const f32) {
    // SAFETY: by this function's own contract.
    unsafe {
        asm!(
            "tileloadd tmm4, [{a} + {row}]",
            "tileloadd tmm5, [{a} + {row} + 64]",
            "tileloadd tmm6, [{a} + {row} + 128]",
            a = in(reg) a,
            row = in(reg) ROW * size_of::<f32>(),
            options(nostack, readonly),
        );
    }
}

/// Adds 32 terms: the rows in tiles 4 to 6 times each of C vectors of columns, in the order of [`square`], so that
/// it does not matter to a number which of the two computes it.
///
/// # Safety
/// The tiles are configured, and what is read is there: the first vector at `b`, each `panel` numbers after the last.
#[inline(always)]
pub unsafe fn columns<const C: usize>(b: *const f32, panel: usize) {
    macro_rules! column {
        ($n:literal, $sums:literal) => {
            if C > $n {
                asm!(
                    "tileloadd tmm7, [{b} + {line}]",
                    concat!("tdpbf16ps ", $sums, ", tmm6, tmm7"),
                    concat!("tdpbf16ps ", $sums, ", tmm5, tmm7"),
                    "tileloadd tmm7, [{b} + {line} + 1024]",
                    concat!("tdpbf16ps ", $sums, ", tmm5, tmm7"),
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7"),
                    "tileloadd tmm7, [{b} + {line} + 2048]",
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7"),
                    "tileloadd tmm7, [{b} + {line}]",
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7"),
                    b = in(reg) b.add($n * panel),
                    line = in(reg) 64_usize,
                    options(nostack, readonly),
                );
            }
        };
    }
    // SAFETY: by this function's own contract.
    unsafe {
        column!(0, "tmm0");
        column!(1, "tmm1");
        column!(2, "tmm2");
        column!(3, "tmm3");
    }
}

/// Adds 32 terms: two blocks of rows times two vectors of columns, the order of parts such that each load serves
/// as many products as it can.
///
/// # Safety
/// The tiles are configured, and what is read is there.
#[inline(always)]
pub unsafe fn square(a: [*const f32; 2], b: [*const f32; 2]) {
    macro_rules! rows {
        ($part:literal) => {
            concat!(
                "tileloadd tmm4, [{a} + {row} + ",
                $part,
                "]\ntileloadd tmm5, [{c} + {row} + ",
                $part,
                "]"
            )
        };
    }
    macro_rules! columns {
        ($part:literal) => {
            concat!(
                "tileloadd tmm6, [{b} + {line} + ",
                $part,
                "]\ntileloadd tmm7, [{d} + {line} + ",
                $part,
                "]"
            )
        };
    }
    // SAFETY: by this function's own contract.
    unsafe {
        asm!(
            rows!(128),
            columns!(0),
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            rows!(64),
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            columns!(1024),
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            rows!(0),
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            columns!(2048),
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            columns!(0),
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            a = in(reg) a[0],
            c = in(reg) a[1],
            b = in(reg) b[0],
            d = in(reg) b[1],
            row = in(reg) ROW * size_of::<f32>(),
            line = in(reg) 64_usize,
            options(nostack, readonly),
        );
    }
}
