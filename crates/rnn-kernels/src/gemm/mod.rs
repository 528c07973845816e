//! The matrix product C = A·B + start, of which both passes consist. B is packed in advance.

mod blocks;
pub mod dot;
mod packed_left;
pub mod panels;
mod product;
mod register_block;
pub mod rows;
pub mod tiles;
pub mod types;
