//! The choice of an instruction set at run time.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;
#[cfg(target_arch = "x86_64")]
use crate::vector::{Avx2, Avx512};
use crate::vector::{Vector, Vectors};

/// An instruction set that the processor has.
///
/// Different instruction sets differ in the last bits of a result. One instruction set gives the same bits
/// each time.
#[derive(Clone, Copy)]
pub struct Isa(Set);

#[derive(Clone, Copy)]
enum Set {
    /// AVX-512F, with products on AMX tiles if the value holds the proof of AMX.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Rust without intrinsics.
    Portable,
    /// Vectors as long as those of AVX-512, to test their code paths on any machine.
    #[cfg(test)]
    Wide,
}

/// Work on numbers of type `E` that is generic over the instruction set.
pub trait Job<E> {
    /// The result of the work.
    type Result;
    /// Does the work with the vectors of `S`.
    fn run<S: Vector<Element = E>>(self, s: S) -> Self::Result;
}

impl Isa {
    /// Returns all instruction sets that this processor has, the fastest first. The last one is portable
    /// Rust.
    pub fn available() -> Vec<Isa> {
        let mut sets = vec![Set::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(Avx2::detect().map(Set::Avx2));
            sets.extend(Avx512::detect().map(Set::Avx512));
            sets.extend(Avx512::detect_with_tiles().map(Set::Avx512));
        }
        sets.into_iter().rev().map(Isa).collect()
    }

    /// Returns the fastest instruction set that this processor has.
    pub fn best() -> Isa {
        Isa::available()[0]
    }

    /// Returns the short name: `amx`, `avx512`, `avx2` or `portable`. [`str::parse`] reads it.
    pub fn id(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(s) if s.tiles().is_some() => "amx",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => "avx2",
            Set::Portable => "portable",
            #[cfg(test)]
            Set::Wide => "wide",
        }
    }

    /// Returns the name in words, for example "AVX2 with FMA".
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(s) if s.tiles().is_some() => "AVX-512, with products on AMX tiles",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => "AVX2 with FMA",
            Set::Portable => "plain Rust",
            #[cfg(test)]
            Set::Wide => "plain Rust with 16 lanes",
        }
    }

    /// Returns true if matrix products run on AMX tiles.
    pub fn has_tiles(self) -> bool {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(s) => s.tiles().is_some(),
            _ => false,
        }
    }

    /// Returns the same vectors without AMX.
    pub fn without_tiles(self) -> Isa {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(s) => Isa(Set::Avx512(s.without_tiles())),
            _ => self,
        }
    }

    /// Runs a job with this instruction set.
    pub(crate) fn run<E: Vectors, J: Job<E>>(self, job: J) -> J::Result {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(s) => job.run(E::Avx512::from(s)),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(s) => job.run(E::Avx2::from(s)),
            Set::Portable => job.run(E::Portable::default()),
            #[cfg(test)]
            Set::Wide => job.run(E::Wide::default()),
        }
    }
}

impl FromStr for Isa {
    type Err = Error;

    /// Reads a short name.
    ///
    /// # Errors
    /// [`Error::UnknownIsa`] if this processor has no instruction set of that name.
    fn from_str(text: &str) -> Result<Isa, Error> {
        let available = Isa::available();
        available.iter().copied().find(|isa| isa.id() == text).ok_or_else(|| Error::UnknownIsa {
            found: text.to_string(),
            available: available.iter().map(|isa| isa.id()).collect(),
        })
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, InitialState, Layer, Options, Outputs, Parameters, Size, forward};

    #[test]
    fn isa_id_is_read_as_the_same_isa_and_other_text_lists_all() {
        let ids: Vec<&str> = Isa::available().iter().map(|isa| isa.id()).collect();
        for isa in Isa::available() {
            assert_eq!(isa.id().parse::<Isa>().unwrap().name(), isa.name());
            assert_eq!(isa.has_tiles(), isa.id() == "amx");
            assert_eq!(ids.iter().filter(|id| **id == isa.id()).count(), 1, "{ids:?}");
        }
        assert_eq!(ids.last(), Some(&"portable"));
        let error = "AVX2".parse::<Isa>().unwrap_err().to_string();
        assert!(error.contains("found `AVX2`"), "{error}");
        assert!(ids.iter().all(|id| error.contains(&format!("`{id}`"))), "{error}");
    }

    #[test]
    fn vectors_of_16_lanes_give_the_bits_of_8_lanes() {
        // For fewer rows, the lanes of a vector hold terms of one sum.
        let (steps, batch, input) = (10, 7, 11);
        for hidden in [1, 15, 16, 33, 70] {
            let numbers = |count: usize, scale: f32| -> Vec<f32> {
                (0..count).map(|n| scale * (n as f32 * 0.7).sin()).collect()
            };
            let (w_ih, w_hh) = (numbers(4 * hidden * input, 0.3), numbers(4 * hidden * hidden, 0.2));
            let (b, x, h) =
                (numbers(4 * hidden, 0.1), numbers(steps * batch * input, 1.0), vec![0.5; batch * hidden]);
            let layer = Layer {
                cell: Cell::Lstm,
                size: Size { steps, batch, input, hidden },
                parameters: Parameters { w_ih: &w_ih, w_hh: &w_hh, b_ih: &b, b_hh: &b },
                input: &x,
                initial: InitialState { h: &h, c: Some(&h) },
            };
            let results = [Set::Portable, Set::Wide].map(|set| {
                let (mut output, mut c) = (vec![0.0; steps * batch * hidden], vec![0.0; batch * hidden]);
                let outputs = Outputs { output: &mut output, final_c: Some(&mut c) };
                forward(Options { isa: Isa(set), threads: 2 }, &layer, outputs).unwrap();
                (output, c)
            });
            assert_eq!(results[0], results[1], "H {hidden}");
        }
    }
}
