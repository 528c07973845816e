//! RNN, LSTM and GRU cells from scratch on [tch] (libtorch), and engines that run them over a sequence. A
//! lab measures the flow of the gradient through long sequences, and its cost.
//!
//! # The library
//!
//! A [`Cell`] has the equations of one step. [`Parameters`] have PyTorch's names and shapes. An [`Engine`]
//! runs a cell over a sequence. All engines compute the same function, and libtorch's own layers are one
//! of them. Gradients flow through every engine into the rest of a tch program:
//!
//! ```
//! use lstm_lab::{CellName, EngineName, Init, Parameters, StackSize, engine, forward};
//! use tch::{Device, Kind, Tensor};
//!
//! let (steps, batch, input_size, hidden_size) = (100, 4, 8, 16);
//! let size = StackSize { input_size, hidden_size, layers: 1, proj_size: 0 };
//! let p = Parameters::new(CellName::Lstm, Init::pytorch(), size, 1, Kind::Float, Device::Cpu).leaves();
//! let x = Tensor::randn([steps, batch, input_size], (Kind::Float, Device::Cpu)).set_requires_grad(true);
//!
//! let run = forward(engine::engine(EngineName::Analytic), &p, &x, None)?;
//! run.output.get(-1).sum(Kind::Float).backward(); // a loss on the last step
//! for (name, tensor) in p.named() {
//!     println!("{name}: gradient of norm {:.3}", tensor.grad().norm().double_value(&[]));
//! }
//! let at_first_step = x.grad().get(0).norm().double_value(&[]);
//! assert!(at_first_step < x.grad().get(-1).norm().double_value(&[])); // the gradient vanishes
//! # Ok::<(), lstm_lab::Error>(())
//! ```
//!
//! With `default-features = false`, this is the whole crate. [`autograd`] makes a Rust closure the
//! backward pass of a node of libtorch's graph. `engine::parity` compares two engines.
//!
//! # The lab
//!
//! The feature `lab` (on by default) has the experiments behind the program `lstm-lab`. The modules follow
//! the data: `config` (TOML → checked spec) → `plan` (spec → runs) → `run` (uses `task`, `model`, `train`,
//! `diagnostics`) → `results` (CSV) → `report` (Markdown and plots, from the CSV alone).

pub mod cell;
pub mod device;
pub mod engine;
pub mod error;
pub mod random;
pub mod support;

pub use cell::init::{Init, StackSize};
pub use cell::{Cell, CellName, Parameters, State};
pub use engine::{Engine, EngineName, Output, forward};
pub use error::{Error, Result};
pub use tch_autograd as autograd;

#[cfg(feature = "lab")]
pub mod cli;
#[cfg(feature = "lab")]
pub mod cmd;
#[cfg(feature = "lab")]
pub mod config;
#[cfg(feature = "lab")]
pub mod cuda;
#[cfg(feature = "lab")]
pub mod data;
#[cfg(feature = "lab")]
pub mod diagnostics;
#[cfg(all(feature = "lab", any(test, fuzzing)))]
pub mod fuzz;
#[cfg(feature = "lab")]
pub mod model;
#[cfg(feature = "lab")]
pub mod plan;
#[cfg(feature = "lab")]
pub mod probe;
#[cfg(feature = "lab")]
pub mod report;
#[cfg(feature = "lab")]
pub mod results;
#[cfg(feature = "lab")]
pub mod run;
#[cfg(feature = "lab")]
pub mod safetensors_io;
#[cfg(feature = "lab")]
pub mod settings;
#[cfg(feature = "lab")]
pub mod task;
#[cfg(feature = "lab")]
pub mod trace;
#[cfg(feature = "lab")]
pub mod train;

/// The README as a doc test, so that its Rust block is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guide for the author of a cell as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../docs/guides/cell_author.md")]
struct CellAuthor;
