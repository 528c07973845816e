//! Values that are checked as they are read.

mod numbers;
mod one_or_many;

pub use numbers::{Count, Positive, Size};
pub use one_or_many::OneOrMany;
