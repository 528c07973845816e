//! The matrix product that both passes are made of: C = A·B + start, with B packed in advance.

pub mod panels;
mod product;
pub mod rows;
pub mod tiles;
pub mod types;
