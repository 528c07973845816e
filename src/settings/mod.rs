//! The settings of a run: what can vary, and the words for it.

pub mod lags;
pub mod names;
