//! The instruction set of libtorch's own kernels.

use std::ffi::{CStr, c_char};

/// Returns libtorch's name of the instruction set that its own kernels use, such as `AVX2` or `DEFAULT`. It
/// is the answer of `torch.backends.cpu.get_cpu_capability()` in Python.
pub fn libtorch_isa() -> String {
    // SAFETY: the function returns text that lives as long as the process.
    let name = unsafe { CStr::from_ptr(lstm_lab_cpu_capability()) };
    name.to_string_lossy().into_owned()
}

// Defined in libtorch_isa.cpp.
unsafe extern "C" {
    fn lstm_lab_cpu_capability() -> *const c_char;
}
