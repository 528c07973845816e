//! Images with their classes, and the file formats that they are read from.

mod csv;
mod dataset;
mod idx;

pub use dataset::{ImageSplit, Images};
