//! Types that check their values while serde reads them.

mod numbers;
mod one_or_many;

pub use numbers::{Count, Positive, Size};
pub use one_or_many::OneOrMany;
