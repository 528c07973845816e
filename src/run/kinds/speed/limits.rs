//! The measurement of the processor's limits.

use crate::device;
use crate::engine;
use crate::results::Limits;
use crate::run::ExecTarget;

/// Measures the limits of the processor with the target's instruction set and threads, to two decimals. There
/// are none on another device.
pub fn measure(target: ExecTarget) -> Limits {
    if target.device != device::cpu() {
        return Limits::default();
    }
    let rounded = |rate: f64| (100.0 * rate).round() / 100.0;
    let rates = engine::read_rates(target.isa, target.threads);
    Limits {
        fma_peak_gflops: Some(rounded(engine::fma_peak(target.isa, target.threads))),
        l2_read_gbs: Some(rounded(rates.l2)),
        l3_read_gbs: rates.l3.map(rounded),
        memory_read_gbs: Some(rounded(rates.memory)),
    }
}
