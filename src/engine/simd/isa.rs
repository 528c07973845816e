//! Which instructions the kernels use, found out at run time.

#[cfg(target_arch = "x86_64")]
use super::vector::{Avx2, Avx512};
use super::vector::{Portable, Simd};

/// An instruction set that this machine has.
#[derive(Clone, Copy)]
pub enum Isa {
    /// AVX-512F with the products on AMX.
    #[cfg(target_arch = "x86_64")]
    Amx(Avx512),
    /// AVX-512F.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Plain Rust.
    Portable,
}

/// Work that is chosen an instruction set for.
pub trait Task {
    /// What it gives.
    type Result;
    /// Does it with these vectors.
    fn run<S: Simd>(self, s: S) -> Self::Result;
}

impl Isa {
    /// All that this machine has, the fastest first.
    pub fn all() -> Vec<Isa> {
        let mut all = vec![Isa::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(Avx2::detect().map(Isa::Avx2));
            all.extend(Avx512::detect().map(Isa::Avx512));
            all.extend(Avx512::detect_with_tiles().map(Isa::Amx));
        }
        all.reverse();
        all
    }

    /// The fastest.
    pub fn best() -> Isa {
        Isa::all()[0]
    }

    /// Whether its products are of tiles.
    pub fn has_tiles(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Amx(_) => true,
            _ => false,
        }
    }

    /// The fastest whose products are not.
    pub fn without_tiles(self) -> Isa {
        if !self.has_tiles() {
            return self;
        }
        Isa::all().into_iter().find(|isa| !isa.has_tiles()).unwrap_or(Isa::Portable)
    }

    /// Does a task with this instruction set.
    pub fn run<T: Task>(self, task: T) -> T::Result {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(s) | Isa::Amx(s) => task.run(s),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(s) => task.run(s),
            Isa::Portable => task.run(Portable),
        }
    }
}
