//! The matrix product C = A·B + start, of which both passes consist. B is packed in advance.

pub mod panels;
mod product;
pub mod rows;
pub mod tiles;
pub mod types;
