//! The instruction set of the engine `simd` in this process.

use std::sync::OnceLock;

use rnn_kernels::Isa;

static FORCED: OnceLock<Isa> = OnceLock::new();

/// Forces the instruction set of the engine `simd` for the rest of the process.
///
/// # Panics
/// If an instruction set was forced before.
pub fn force_isa(isa: Isa) {
    FORCED.set(isa).expect("the instruction set is forced once");
}

/// Returns the instruction set that was forced, if one was.
pub fn forced_isa() -> Option<Isa> {
    FORCED.get().copied()
}

/// Returns the instruction set of the engine `simd`: the forced one, or else the fastest of the processor.
pub fn isa() -> Isa {
    static BEST: OnceLock<Isa> = OnceLock::new();
    forced_isa().unwrap_or_else(|| *BEST.get_or_init(Isa::best))
}
