//! Whether this processor has the unit and this system lets us use it, and the shape of its tiles.

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count};
use std::sync::OnceLock;

use super::SIDE;

/// The proof that AMX can be used, and AVX-512 with bf16.
#[derive(Clone, Copy)]
pub struct Tiles(());

impl Tiles {
    /// Where it can.
    pub fn detect() -> Option<Tiles> {
        static FOUND: OnceLock<bool> = OnceLock::new();
        let vectors = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512bf16");
        FOUND.get_or_init(|| vectors && has_unit() && permitted()).then_some(Tiles(()))
    }
}

/// What the processor says of AMX: tiles, and products of bf16.
fn has_unit() -> bool {
    const TILE: u32 = 1 << 24;
    const BF16: u32 = 1 << 22;
    if __cpuid(0).eax < 7 {
        return false;
    }
    let features = __cpuid_count(7, 0).edx;
    features & TILE != 0 && features & BF16 != 0
}

/// Asks Linux for the tiles' registers, which a process has to do before it first touches them.
fn permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
    const XFEATURE_XTILEDATA: i64 = 18;
    let answer: i64;
    // SAFETY: a system call that takes two numbers and touches no memory.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

/// Tiles with contents; released when this is dropped, since a thread with tiles in use is dear to switch.
pub struct Configured(());

/// What `ldtilecfg` reads.
#[repr(C, align(64))]
struct Shape {
    palette: u8,
    start: u8,
    reserved: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

impl Configured {
    /// Gives each of the eight tiles so many rows.
    pub fn new(_: Tiles, rows: [usize; 8]) -> Configured {
        debug_assert!(rows.iter().all(|rows| (1..=SIDE).contains(rows)));
        let mut shape = Shape { palette: 1, start: 0, reserved: [0; 14], bytes: [0; 16], rows: [0; 16] };
        shape.bytes[..8].fill(64);
        for (to, rows) in shape.rows.iter_mut().zip(rows) {
            *to = rows as u8;
        }
        // SAFETY: `Tiles` is the proof that the instruction is there; it reads the 64 bytes of a valid shape.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const shape, options(nostack, readonly)) };
        Configured(())
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        // SAFETY: they were configured.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}
