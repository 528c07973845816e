//! The engines: ways to run a cell over a sequence. All engines compute the same function of the same
//! parameters.
//!
//! Sequences are time-major: `[T, B, I]` in, `[T, B, H]` out.
//!
//! ```
//! use lstm_lab::engine::engine;
//! use lstm_lab::{CellName, EngineName, Init, Parameters, StackSize, forward};
//! use tch::{Device, Kind, Tensor};
//!
//! let size = StackSize { input_size: 3, hidden_size: 5, layers: 2, proj_size: 0 };
//! let p = Parameters::new(CellName::Gru, Init::pytorch(), size, 1, Kind::Float, Device::Cpu);
//! let x = Tensor::ones([7, 4, 3], (Kind::Float, Device::Cpu)); // [T, B, I]
//! let textbook = forward(engine(EngineName::Stepwise), &p, &x, None)?;
//! let kernels = forward(engine(EngineName::Simd), &p, &x, None)?;
//! assert_eq!(kernels.output.size(), [7, 4, 5]); // [T, B, H]
//! assert!(kernels.output.allclose(&textbook.output, 1e-5, 1e-6, false));
//! assert_eq!(kernels.final_states.len(), 2);
//! # Ok::<(), lstm_lab::Error>(())
//! ```

// The diagnostics of the lab use more items of this module than the engine does.
#[cfg_attr(not(feature = "lab"), allow(dead_code, unused_imports))]
pub(crate) mod analytic;
pub(crate) mod buffer;
mod builtin;
mod cuda;
mod fused;
#[cfg_attr(not(feature = "lab"), allow(dead_code, unused_imports))]
pub(crate) mod gradients;
mod interface;
mod lengths;
mod libtorch_isa;
mod lookup;
mod name;
mod network;
pub mod parity;
#[cfg_attr(not(feature = "lab"), allow(dead_code, unused_imports))]
pub(crate) mod recompute;
mod run;
mod scan;
#[cfg_attr(not(feature = "lab"), allow(unused_imports))]
pub(crate) mod simd;
mod stepwise;

pub use gradients::gradients;
pub use interface::{AdjointSlot, Engine, Output};
pub use lengths::{Direction, Lengths, Stage};
pub use libtorch_isa::libtorch_isa;
pub use lookup::engine;
pub use name::EngineName;
pub use network::{Level, Network};
pub use rnn_kernels::{Isa, ReadRates, fma_peak, read_rates};
pub use run::{check, engines_of, exact_engine, forward, listed_engines, reference_engine, zero_states};
pub use simd::{SimdEngine, force_isa, forced_isa, isa};
