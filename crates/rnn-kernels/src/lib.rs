//! Forward and backward passes of recurrent layers (tanh RNN, LSTM, GRU) on the CPU, on plain slices of
//! `f32` or `f64`.
//!
//! The crate needs no tensor library. [`forward`] runs a layer over a batch of sequences.
//! [`forward_saving`] also returns the activations from which [`backward()`] computes gradients.
//!
//! # Layout
//!
//! All arrays are row-major, and sequences are time-major: `[T, B, I]` is T steps of B sequences of I
//! features. H is the number of hidden units, and G is the number of gates. The weights have PyTorch's
//! layout and order of gates: see [`Cell`] and [`Parameters`]. A slice of the wrong length is an
//! [`Error`], and nothing is written.
//!
//! # Example
//!
//! The gradient of the sum of an LSTM's output with respect to its recurrent weights:
//!
//! ```
//! use rnn_kernels::*;
//!
//! let (steps, batch, input, hidden) = (6, 2, 3, 4);
//! let (w_ih, w_hh) = (vec![0.1; 4 * hidden * input], vec![0.2; 4 * hidden * hidden]);
//! let bias = vec![0.0; 4 * hidden];
//! let (x, zero) = (vec![1.0; steps * batch * input], vec![0.0; batch * hidden]);
//! let layer = Layer {
//!     cell: Cell::Lstm,
//!     size: Size { steps, batch, input, hidden },
//!     parameters: Parameters { w_ih: &w_ih, w_hh: &w_hh, b_ih: &bias, b_hh: &bias },
//!     input: &x,
//!     initial: InitialState { h: &zero, c: Some(&zero) },
//! };
//!
//! let mut output = vec![0.0; steps * batch * hidden];
//! let mut final_c = vec![0.0; batch * hidden];
//! let outputs = Outputs { output: &mut output, final_c: Some(&mut final_c) };
//! let saved = forward_saving(Options::with_threads(2), &layer, outputs)?;
//!
//! let ones = vec![1.0; output.len()];
//! let mut d_w_hh = vec![0.0; w_hh.len()];
//! let inputs = BackwardInputs {
//!     layer,
//!     output: &output,
//!     saved: &saved,
//!     grad_outputs: GradOutputs { output: Some(&ones), ..GradOutputs::default() },
//! };
//! backward(inputs, Grads { w_hh: Some(&mut d_w_hh), ..Grads::default() })?;
//! assert!(d_w_hh.iter().all(|gradient| *gradient > 0.0));
//! # Ok::<(), Error>(())
//! ```
//!
//! # Instruction sets
//!
//! [`Isa::available`] lists the sets that the processor has, and [`Isa::best`] is the fastest of them. Each
//! set has a short name ([`Isa::id`]), which [`str::parse`] reads:
//!
//! | name | vectors | matrix products |
//! | --- | --- | --- |
//! | `amx` | AVX-512 | on AMX tiles |
//! | `avx512` | AVX-512 | on vectors |
//! | `avx2` | AVX2 with FMA | on vectors |
//! | `portable` | Rust without intrinsics | on vectors |
//!
//! AMX multiplies f32 only. The products of f64 run on vectors there.
//!
//! Each set gives the same bits every time. Different sets differ in the last bits of a result.
//!
//! # Threads
//!
//! On Linux the passes run on the threads of OpenMP if the process has loaded an OpenMP library, as
//! programs with libtorch have. The crate looks for `GOMP_parallel` with `dlsym` at the first use and
//! links to nothing. Otherwise each pass starts its own threads. Without AMX, the number of threads
//! changes no bit of a result. With AMX, the number of threads may change the last bits, because it
//! decides whether a step runs on tiles.
//!
//! # Memory
//!
//! Working memory is on huge pages where the system has them. Up to 512 MiB of unused memory is kept for
//! the next call. [`Buffer`] gives callers such memory for their own arrays.

mod amx;
mod backward;
mod caches;
mod cells;
mod claims;
mod dispatch;
mod element;
mod error;
mod forward;
mod gemm;
mod grads;
mod isa;
mod layer;
mod magnitude;
mod memory;
mod number;
mod options;
mod partition;
mod peak;
mod pool;
mod read_rates;
mod saved;
mod scaled;
mod subnormal;
mod vector;

pub use backward::BackwardInputs;
pub use element::{Element, backward, forward, forward_saving};
pub use error::Error;
pub use forward::Outputs;
pub use grads::{GradOutputs, Grads};
pub use isa::Isa;
pub use layer::{Cell, InitialState, Layer, Parameters, Size};
pub use memory::Buffer;
pub use options::Options;
pub use peak::fma_peak;
pub use read_rates::{ReadRates, read_rates};
pub use saved::SavedActivations;
pub use scaled::{
    SavedPreactivations, ScaledAdjoint, ScaledInputs, ScaledOutputs, ScaledRows,
    forward_saving_preactivations, scaled_backward,
};

/// The code of the README as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
