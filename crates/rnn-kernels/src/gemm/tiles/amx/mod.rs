//! The parts of tile products that are AMX and AVX-512 instructions.

mod config;
#[cfg(feature = "emulated-tiles")]
mod emulator;
mod instructions;
mod multiply;
mod split;
mod tile_config;

pub use multiply::multiply;
pub use split::{max_magnitude, split_lines, split_row, split_square};
