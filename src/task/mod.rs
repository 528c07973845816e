//! Tasks: sequences and losses, to measure on ([`batch`], [`Loss`]) and to learn ([`learning`]).

mod batch;
pub mod learning;
mod loss;

pub use batch::{InputBatch, NextSymbols, batch};
pub use loss::Loss;
