//! Images with their classes, and the file formats that they are read from.

pub(crate) mod csv;
mod dataset;
pub(crate) mod idx;

pub use dataset::{ImageSplit, Images};
