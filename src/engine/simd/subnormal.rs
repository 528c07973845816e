//! Subnormal numbers as 0, for a while. A gradient that vanishes over many steps becomes subnormal at last, and each such
//! number costs the processor a hundred cycles: a pass took more than twice as long for what no update of
//! a parameter can show.

/// While this lives, this thread's results that would be subnormal (below 1.2e-38) are 0, and so are such operands.
pub struct Flush(u32);

impl Flush {
    /// Begins.
    pub fn new() -> Flush {
        let before = control();
        set_control(before | ZERO_RESULTS | ZERO_OPERANDS);
        Flush(before)
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        set_control(self.0);
    }
}

/// Bits of the control register (Intel's manual, volume 1, section 10.2.3).
const ZERO_RESULTS: u32 = 1 << 15;
const ZERO_OPERANDS: u32 = 1 << 6;

#[cfg(target_arch = "x86_64")]
fn control() -> u32 {
    let mut control = 0_u32;
    // SAFETY: writes four bytes to where there is room for them.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack)) };
    control
}

#[cfg(target_arch = "x86_64")]
fn set_control(control: u32) {
    // SAFETY: reads four bytes; only the two bits above ever differ from what was there, and no code of the kernels
    // relies on them.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack)) };
}

/// Elsewhere nothing is changed.
#[cfg(not(target_arch = "x86_64"))]
fn control() -> u32 {
    0
}

#[cfg(not(target_arch = "x86_64"))]
fn set_control(_: u32) {}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn subnormal_results_are_0_only_while_it_lives() {
        let tiny = || black_box(f32::MIN_POSITIVE) * black_box(0.5);
        assert!(tiny() > 0.0);
        let flush = Flush::new();
        let (result, operand) = (tiny(), black_box(1e-40_f32) * black_box(1e30));
        drop(flush);
        assert_eq!((result, operand), (0.0, 0.0));
        assert!(tiny() > 0.0);
    }
}
