//! Libtorch's knowledge of CUDA devices, and its settings for them.

/// Makes products of f32 matrices and cuDNN's layers compute in f32 for the rest of the process. libtorch
/// lets cuDNN's layers round the factors to TF32, which has ten bits after the point in place of 23.
pub fn forbid_tf32() {
    // SAFETY: changes settings of libtorch's global context.
    unsafe { lstm_lab_forbid_tf32() }
}

/// Returns true if libtorch may use TF32 in products of f32 matrices or in cuDNN's recurrent layers.
pub fn is_tf32_allowed() -> bool {
    // SAFETY: reads fields of libtorch's global context.
    unsafe { lstm_lab_is_tf32_allowed() }
}

/// Returns the version of cuDNN, such as `9.19.0`; `None` for a libtorch without cuDNN.
pub fn cudnn_version() -> Option<String> {
    // SAFETY: the function has no arguments and throws nothing.
    let number = unsafe { lstm_lab_cudnn_version() };
    (number >= 0).then(|| version(number))
}

/// Returns the version that a number of cuDNN means. Since version 9, it is 10000 major + 100 minor + patch,
/// and before that 1000 major + 100 minor + patch.
fn version(number: i64) -> String {
    let unit = if number >= 90_000 { 10_000 } else { 1000 };
    format!("{}.{}.{}", number / unit, number % unit / 100, number % 100)
}

/// Returns the largest number of bytes that tensors on CUDA device `index` have had at once since the last
/// reset; `None` for a device that libtorch has not used.
pub fn peak_memory(index: i8) -> Option<u64> {
    // SAFETY: any number is allowed, and the function throws nothing.
    u64::try_from(unsafe { lstm_lab_peak_memory(index) }).ok()
}

/// Begins a new measurement of [`peak_memory`] on CUDA device `index`.
pub fn reset_peak_memory(index: i8) {
    // SAFETY: any number is allowed, and the function throws nothing.
    unsafe { lstm_lab_reset_peak_memory(index) }
}

// Defined in libtorch.cpp.
unsafe extern "C" {
    fn lstm_lab_forbid_tf32();
    fn lstm_lab_is_tf32_allowed() -> bool;
    fn lstm_lab_cudnn_version() -> i64;
    fn lstm_lab_peak_memory(device: i8) -> i64;
    fn lstm_lab_reset_peak_memory(device: i8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// libtorch allows it in cuDNN's recurrent layers by default.
    #[test]
    fn forbid_tf32_holds_for_products_and_recurrent_layers() {
        forbid_tf32();
        assert!(!is_tf32_allowed());
    }

    #[test]
    fn cudnn_version_reads_the_numbers_of_old_and_new_versions() {
        assert_eq!(version(8907), "8.9.7");
        assert_eq!(version(91_900), "9.19.0");
        assert_eq!(version(100_203), "10.2.3");
    }

    #[test]
    fn peak_memory_of_a_device_that_libtorch_has_not_used_is_unknown() {
        for index in [-1, 99] {
            reset_peak_memory(index);
            assert_eq!(peak_memory(index), None);
        }
    }
}
