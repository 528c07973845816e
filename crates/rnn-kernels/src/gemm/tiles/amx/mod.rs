//! The parts of tile products that are AMX and AVX-512 instructions.

mod config;
mod instructions;
mod multiply;
mod split;

pub use multiply::multiply;
pub use split::{max_magnitude, split_lines, split_row, split_square};
