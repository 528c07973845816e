//! The engine `cuda`: all steps of an LSTM layer in one kernel. It is experimental and has not run on a
//! card.

mod engine;
mod launch;

pub use engine::CudaEngine;
