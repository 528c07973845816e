//! The instruction set that the user forces, and the variables that hold other libraries to it.

use std::env;

use crate::engine::{self, Isa};
use crate::support::error::{Error, Result};

/// The environment variable that forces the instruction set of the engine `simd`.
pub const VARIABLE: &str = "LSTM_LAB_ISA";

/// Variables that other libraries read: the parts of libtorch (ATen, oneDNN, MKL), and XLA in the processes
/// of JAX and Keras. The values are those for `avx512`, `avx2` and `portable`.
const OF_LIBRARIES: [(&str, [&str; 3]); 4] = [
    ("ATEN_CPU_CAPABILITY", ["avx512", "avx2", "default"]),
    ("ONEDNN_MAX_CPU_ISA", ["AVX512_CORE", "AVX2", "SSE41"]),
    ("MKL_ENABLE_INSTRUCTIONS", ["AVX512", "AVX2", "SSE4_2"]),
    ("XLA_FLAGS", ["--xla_cpu_max_isa=AVX512", "--xla_cpu_max_isa=AVX2", "--xla_cpu_max_isa=SSE4_2"]),
];

/// The instruction set that the environment variable forces; `None` if it is unset or empty.
///
/// # Errors
/// [`Error::Usage`] if this processor has no such instruction set.
pub fn forced() -> Result<Option<Isa>> {
    let text = env::var_os(VARIABLE).unwrap_or_default().to_string_lossy().into_owned();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| Error::Usage(format!("{VARIABLE}: {error}")))
}

/// The variables that hold other libraries to an instruction set, with their values; none for `amx`, which
/// is more than any of them uses for f32.
pub fn library_variables(isa: Isa) -> impl Iterator<Item = (&'static str, &'static str)> {
    let column = ["avx512", "avx2", "portable"].iter().position(|name| *name == isa.id());
    OF_LIBRARIES.iter().filter_map(move |(name, values)| Some((*name, values[column?])))
}

/// The short name of the instruction set that other libraries are held to; `None` if they choose their own
/// or the user has set one of their variables to another value.
pub fn of_libraries() -> Option<&'static str> {
    let isa = engine::forced_isa()?;
    let mut variables = library_variables(isa).peekable();
    variables.peek()?;
    let holds = |(name, value)| env::var(name).is_ok_and(|found| found == value);
    variables.all(holds).then(|| isa.id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_variables_name_each_library_once_and_none_for_amx() {
        for isa in Isa::available() {
            let variables: Vec<_> = library_variables(isa).collect();
            let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
            let expected = OF_LIBRARIES.map(|(name, _)| name);
            assert_eq!(names, if isa.id() == "amx" { &[][..] } else { &expected }, "{isa:?}");
        }
        let portable: Isa = "portable".parse().unwrap();
        assert!(library_variables(portable).any(|pair| pair == ("ATEN_CPU_CAPABILITY", "default")));
    }
}
