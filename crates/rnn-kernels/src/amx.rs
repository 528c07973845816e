//! Detection of AMX, the matrix unit of recent Intel server processors.

/// A proof that AMX with bf16 products, and AVX-512 with bf16 conversion, can be used.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[derive(Clone, Copy, Debug)]
pub struct Tiles(());

/// A proof that AMX can be used. The type has no value on this platform.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
#[derive(Clone, Copy, Debug)]
pub enum Tiles {}

impl Tiles {
    /// Returns the proof if the processor has the unit and the operating system permits its use.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    pub fn detect() -> Option<Tiles> {
        static FOUND: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
        let vectors = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512bf16");
        // The emulator needs the vectors alone.
        let has_unit =
            || cfg!(feature = "emulated-tiles") || (linux::has_amx() && linux::request_permission());
        FOUND.get_or_init(|| vectors && has_unit()).then_some(Tiles(()))
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod linux {
    use std::arch::asm;
    use std::arch::x86_64::{__cpuid, __cpuid_count};

    /// Returns whether CPUID reports AMX tiles and bf16 products.
    pub fn has_amx() -> bool {
        const TILE: u32 = 1 << 24;
        const BF16: u32 = 1 << 22;
        if __cpuid(0).eax < 7 {
            return false;
        }
        let features = __cpuid_count(7, 0).edx;
        features & TILE != 0 && features & BF16 != 0
    }

    /// Asks Linux to enable the tile registers. A process must ask before its first use of them.
    pub fn request_permission() -> bool {
        const ARCH_PRCTL: i64 = 158;
        const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
        const XFEATURE_XTILEDATA: i64 = 18;
        let answer: i64;
        // SAFETY: a system call that takes two numbers and touches no memory of the process.
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
}
