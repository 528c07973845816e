//! The instructions of AMX. Tiles 0 to 3 hold sums. Each function says which tiles hold the factors.

use crate::gemm::tiles::shape::ROW;

/// Emits instructions that read these registers.
#[cfg(not(feature = "emulated-tiles"))]
macro_rules! emit {
    ($($text:expr),+; $($operand:ident = $value:expr),*; $($option:ident),+) => {
        std::arch::asm!($($text,)+ $($operand = in(reg) $value,)* options($($option),+))
    };
}

/// Executes instructions that read these registers.
#[cfg(feature = "emulated-tiles")]
macro_rules! emit {
    ($($text:expr),+; $($operand:ident = $value:expr),*; $($option:ident),+) => {{
        use super::emulator;
        let operands: &[(&str, usize)] = &[$((stringify!($operand), emulator::Operand::bits($value))),*];
        for text in [$($text),+] {
            emulator::execute(text, operands);
        }
    }};
}

/// Emits an instruction on one of the tiles of sums.
macro_rules! with_tile {
    ($tile:expr, $before:literal, $after:literal $(, $operand:ident = $value:expr)*) => {
        match $tile {
            0 => emit!(concat!($before, "tmm0", $after); $($operand = $value),*; nostack),
            1 => emit!(concat!($before, "tmm1", $after); $($operand = $value),*; nostack),
            2 => emit!(concat!($before, "tmm2", $after); $($operand = $value),*; nostack),
            _ => emit!(concat!($before, "tmm3", $after); $($operand = $value),*; nostack),
        }
    };
}

/// Sets a tile of sums to 0.
///
/// # Safety
/// The tiles are configured.
#[inline(always)]
pub unsafe fn zero(tile: usize) {
    // SAFETY: by this function's contract.
    unsafe { with_tile!(tile, "tilezero ", "") }
}

/// Reads a tile of sums from rows that are `stride` bytes apart.
///
/// # Safety
/// The tiles are configured, and all rows are valid memory.
#[inline(always)]
pub unsafe fn load(tile: usize, from: *const f32, stride: usize) {
    // SAFETY: by this function's contract.
    unsafe { with_tile!(tile, "tileloadd ", ", [{from} + {stride}]", from = from, stride = stride) }
}

/// Writes a tile of sums to rows that are `stride` bytes apart.
///
/// # Safety
/// The tiles are configured, and all rows are valid memory.
#[inline(always)]
pub unsafe fn store(tile: usize, to: *mut f32, stride: usize) {
    // SAFETY: by this function's contract.
    unsafe { with_tile!(tile, "tilestored [{to} + {stride}], ", "", to = to, stride = stride) }
}

/// Loads the three bf16 terms of some rows into tiles 4 to 6, for [`columns`].
///
/// # Safety
/// The tiles are configured, and all operands are valid memory.
#[inline(always)]
pub unsafe fn load_left(a: *const f32) {
    // SAFETY: by this function's contract.
    unsafe {
        emit!(
            "tileloadd tmm4, [{a} + {row}]",
            "tileloadd tmm5, [{a} + {row} + 64]",
            "tileloadd tmm6, [{a} + {row} + 128]";
            a = a,
            row = ROW * size_of::<f32>();
            nostack, readonly
        );
    }
}

/// Adds the products of 32 terms: the rows in tiles 4 to 6 times each of C vectors of columns. Tile 7
/// holds the current vector.
///
/// The additions have the same order as in [`square`], so that both functions give the same bits.
///
/// # Safety
/// The tiles are configured. The first vector is at `b`, and each next one is `panel` numbers later.
#[inline(always)]
pub unsafe fn columns<const C: usize>(b: *const f32, panel: usize) {
    macro_rules! column {
        ($n:literal, $sums:literal) => {
            if C > $n {
                emit!(
                    "tileloadd tmm7, [{b} + {line}]",
                    concat!("tdpbf16ps ", $sums, ", tmm6, tmm7"),
                    concat!("tdpbf16ps ", $sums, ", tmm5, tmm7"),
                    "tileloadd tmm7, [{b} + {line} + 1024]",
                    concat!("tdpbf16ps ", $sums, ", tmm5, tmm7"),
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7"),
                    "tileloadd tmm7, [{b} + {line} + 2048]",
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7"),
                    "tileloadd tmm7, [{b} + {line}]",
                    concat!("tdpbf16ps ", $sums, ", tmm4, tmm7");
                    b = b.add($n * panel),
                    line = 64_usize;
                    nostack, readonly
                );
            }
        };
    }
    // SAFETY: by this function's contract.
    unsafe {
        column!(0, "tmm0");
        column!(1, "tmm1");
        column!(2, "tmm2");
        column!(3, "tmm3");
    }
}

/// Adds the products of 32 terms: two blocks of rows in tiles 4 and 5 times two vectors of columns in tiles 6
/// and 7.
///
/// The order of the bf16 terms lets each load serve as many products as possible.
///
/// # Safety
/// The tiles are configured, and all operands are valid memory.
#[inline(always)]
pub unsafe fn square(a: [*const f32; 2], b: [*const f32; 2]) {
    macro_rules! rows {
        ($term:literal) => {
            concat!(
                "tileloadd tmm4, [{a} + {row} + ",
                $term,
                "]\n",
                "tileloadd tmm5, [{c} + {row} + ",
                $term,
                "]"
            )
        };
    }
    macro_rules! columns {
        ($term:literal) => {
            concat!(
                "tileloadd tmm6, [{b} + {line} + ",
                $term,
                "]\n",
                "tileloadd tmm7, [{d} + {line} + ",
                $term,
                "]"
            )
        };
    }
    macro_rules! multiply {
        () => {
            "tdpbf16ps tmm0, tmm4, tmm6\ntdpbf16ps tmm1, tmm4, tmm7\n\
             tdpbf16ps tmm2, tmm5, tmm6\ntdpbf16ps tmm3, tmm5, tmm7"
        };
    }
    // SAFETY: by this function's contract.
    unsafe {
        emit!(
            rows!(128), columns!(0), multiply!(),
            rows!(64), multiply!(),
            columns!(1024), multiply!(),
            rows!(0), multiply!(),
            columns!(2048), multiply!(),
            columns!(0), multiply!();
            a = a[0],
            c = a[1],
            b = b[0],
            d = b[1],
            row = ROW * size_of::<f32>(),
            line = 64_usize;
            nostack, readonly
        );
    }
}
