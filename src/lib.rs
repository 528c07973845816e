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
pub mod diagnostics;
pub mod engine;
pub mod error;
pub mod model;
pub mod plan;
pub mod random;
pub mod report;
pub mod results;
pub mod run;
pub mod safetensors_io;
pub mod settings;
pub mod support;
pub mod task;
pub mod trace;
pub mod train;
