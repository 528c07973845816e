//! The configuration of the tile registers.

use crate::gemm::tiles::shape::SIDE;

/// The operand of `ldtilecfg`.
#[repr(C, align(64))]
pub struct TileConfig {
    /// The set of tiles: 1 for eight tiles of 1 KiB.
    pub palette: u8,
    /// The row at which an interrupted instruction goes on.
    pub start_row: u8,
    /// Zeros.
    pub reserved: [u8; 14],
    /// The length of a row of each tile. The last eight are 0.
    pub bytes_per_row: [u16; 16],
    /// The number of rows of each tile. The last eight are 0.
    pub rows: [u8; 16],
}

impl TileConfig {
    /// Eight tiles with these numbers of rows.
    pub fn new(rows: [usize; 8]) -> TileConfig {
        debug_assert!(rows.iter().all(|rows| (1..=SIDE).contains(rows)));
        let mut config =
            TileConfig { palette: 1, start_row: 0, reserved: [0; 14], bytes_per_row: [0; 16], rows: [0; 16] };
        config.bytes_per_row[..8].fill(64);
        for (to, rows) in config.rows.iter_mut().zip(rows) {
            *to = rows as u8;
        }
        config
    }
}
