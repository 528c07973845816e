//! The configuration of the tile registers.

use std::arch::asm;

use crate::amx::Tiles;
use crate::gemm::tiles::shape::SIDE;

/// A guard that releases the tiles on drop. The operating system saves configured tiles at each switch of
/// threads, so they are not held longer than needed.
pub struct Configured(());

/// The operand of `ldtilecfg`.
#[repr(C, align(64))]
struct TileConfig {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_per_row: [u16; 16],
    rows: [u8; 16],
}

impl Configured {
    /// Sets the number of rows of each of the eight tiles.
    pub fn new(_: Tiles, rows: [usize; 8]) -> Configured {
        debug_assert!(rows.iter().all(|rows| (1..=SIDE).contains(rows)));
        let mut config =
            TileConfig { palette: 1, start_row: 0, reserved: [0; 14], bytes_per_row: [0; 16], rows: [0; 16] };
        config.bytes_per_row[..8].fill(64);
        for (to, rows) in config.rows.iter_mut().zip(rows) {
            *to = rows as u8;
        }
        // SAFETY: `Tiles` proves that the processor has the instruction, which reads the 64 bytes of a
        // valid configuration.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const config, options(nostack, readonly)) };
        Configured(())
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        // SAFETY: the tiles are configured.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}
