//! Tasks: sequences and losses, for measurements ([`batch`], [`Loss`]) and for training ([`learning`]).

mod batch;
pub mod learning;
mod loss;

pub use batch::{InputBatch, NextSymbols, batch};
pub use loss::Loss;
