//! The time in which the tile registers are configured.

use super::tile_config::TileConfig;
use crate::amx::Tiles;

/// A guard that releases the tiles on drop. The operating system saves configured tiles at each switch of
/// threads, so they are not held longer than needed.
pub struct Configured(());

impl Configured {
    /// Sets the number of rows of each of the eight tiles.
    pub fn new(_: Tiles, rows: [usize; 8]) -> Configured {
        let config = TileConfig::new(rows);
        #[cfg(feature = "emulated-tiles")]
        super::emulator::configure(&config);
        // SAFETY: `Tiles` proves that the processor has the instruction, which reads the 64 bytes of a
        // valid configuration.
        #[cfg(not(feature = "emulated-tiles"))]
        unsafe {
            std::arch::asm!("ldtilecfg [{}]", in(reg) &raw const config, options(nostack, readonly));
        }
        Configured(())
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        #[cfg(feature = "emulated-tiles")]
        super::emulator::release();
        // SAFETY: the tiles are configured.
        #[cfg(not(feature = "emulated-tiles"))]
        unsafe {
            std::arch::asm!("tilerelease", options(nostack, nomem));
        }
    }
}
