//! The names of engines.

use crate::support::names::names;

names! {
    /// A way to run a cell over a sequence.
    EngineName ("engine") {
        /// the textbook equations, one gate at a time, differentiated by autograd
        Stepwise = "stepwise",
        /// input projection of all steps in one product, one product a step for all gates, autograd
        Fused = "fused",
        /// the backward pass derived by hand, in tensor operations
        Analytic = "analytic",
        /// keeps the states only; the backward pass records each step again under autograd; any cell
        Recompute = "recompute",
        /// the gates of all steps at once, then a scan; cells whose gates do not see the state
        Scan = "scan",
        /// hand-written CPU kernels, f32
        Simd = "simd",
        /// experimental: all steps of an LSTM layer in one kernel on a CUDA device, f32
        Cuda = "cuda",
        /// libtorch's own lstm, gru and rnn_tanh
        Builtin = "builtin",
    }
}

impl EngineName {
    /// Returns true if the engine's states are nodes of the autograd graph.
    pub fn shows_states(self) -> bool {
        matches!(self, EngineName::Stepwise | EngineName::Fused)
    }
}
