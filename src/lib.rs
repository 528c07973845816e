//! How does the gradient flow through a recurrent network over long sequences, and what does that cost?
//!
//! Data takes one way: `config` (TOML → checked settings → runs) → `runner` → `experiment` (uses `task`,
//! `model`, `engine`, `cell`, `probe`, `train`) → `results` (CSV) → `stats` → `report` (plots, Markdown, from the CSV alone).

pub mod autograd;
pub mod cell;
pub mod cli;
pub mod cmd;
pub mod config;
pub mod data;
pub mod device;
pub mod engine;
pub mod error;
pub mod experiment;
pub mod guard;
pub mod model;
pub mod peer;
pub mod probe;
pub mod random;
pub mod report;
pub mod results;
pub mod runner;
pub mod stats;
pub mod task;
pub mod tensors;
pub mod trace;
pub mod train;
pub mod ui;
pub mod words;
