//! Readers of input that may be hostile, for tests that change valid inputs at random.
//!
//! `cargo test` and `scripts/torture` change the inputs without knowledge of the code ([`changes`]).
//! `scripts/fuzz` uses libFuzzer, which keeps a change that reaches new code. Both start from the valid
//! inputs and from `fuzz/corpus`, the inputs that libFuzzer has found.

mod answer;
#[cfg(test)]
mod changes;
mod checkpoint;
mod config;
mod images;
mod safetensors;
mod table;
mod text;

pub use answer::answer;
pub use checkpoint::checkpoint;
pub use config::config;
pub use images::{idx, lines};
pub use safetensors::safetensors;
pub use table::table;
pub use text::text;

/// A reader of bytes. It must return for every input, without a panic.
pub type Reader = Box<dyn Fn(&[u8])>;

/// A reader and inputs that it accepts.
pub struct Target {
    /// Valid inputs.
    pub inputs: Vec<Vec<u8>>,
    /// The reader that the inputs are for.
    pub read: Reader,
}

impl Target {
    fn new(inputs: Vec<Vec<u8>>, read: impl Fn(&[u8]) + 'static) -> Target {
        Target { inputs, read: Box::new(read) }
    }
}
