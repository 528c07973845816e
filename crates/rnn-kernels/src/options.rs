//! The instruction set and the number of threads of a pass.

use std::num::NonZeroUsize;

use crate::gemm::tiles::fits_bf16_split;
use crate::isa::Isa;
use crate::magnitude::max_magnitude;
use crate::memory::Shared;
use crate::number::Number;

/// The instruction set and the number of threads of a pass.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The instruction set.
    pub isa: Isa,
    /// The number of threads. 0 counts as 1.
    pub threads: usize,
}

impl Options {
    /// Returns options with the fastest instruction set.
    pub fn with_threads(threads: usize) -> Options {
        Options { isa: Isa::best(), threads }
    }

    /// Returns the options without AMX tiles if a slice has numbers that tiles cannot represent.
    pub(crate) fn for_slices<'a, E: Number>(self, mut slices: impl Iterator<Item = &'a [E]>) -> Options {
        let threads = self.threads.max(1);
        // A short slice is not worth the start of threads.
        let scan_threads = |len: usize| if len < 1 << 16 { 1 } else { threads };
        let fits = |slice: &[E]| {
            let len = slice.len();
            Shared::read_only(slice).as_f32().is_none_or(|numbers| {
                fits_bf16_split(max_magnitude(self.isa, scan_threads(len), numbers.slice(0, len)))
            })
        };
        let isa = if !self.isa.has_tiles() || slices.all(fits) { self.isa } else { self.isa.without_tiles() };
        Options { isa, threads }
    }
}

/// The fastest instruction set, on as many threads as the operating system suggests.
impl Default for Options {
    fn default() -> Options {
        Options::with_threads(std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }
}
