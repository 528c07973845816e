//! Training: its grid points, and from them the curves of the figures and the table.

mod curves;
mod key;
mod table;

pub use curves::{GRADIENT_NORM, VALID_LOG_LOSS, VALID_LOSS, VALID_SQUARES, curves};
pub use key::{Key, NoBetter, OWN, beside_chance, groups, points, varying_own};
pub use table::table;
