//! New tensors in memory that is kept and used again.
//!
//! libtorch returns the memory of large tensors to the operating system. At each training step, the system
//! would map and zero the memory again, page by page.

use std::ffi::c_void;

use rnn_kernels::Buffer;
use tch::{Kind, Tensor};

use super::numbers::Number;
use crate::device::cpu;

/// The smallest size of a large tensor, in numbers. libtorch's allocator keeps the memory of smaller
/// tensors itself.
const MIN_NUMBERS: usize = 1 << 15;

/// Returns a new tensor of the CPU with arbitrary values.
pub fn uninitialized<E: Number>(sizes: &[i64]) -> Tensor {
    let count = sizes.iter().product::<i64>() as usize;
    if count < MIN_NUMBERS {
        return Tensor::empty(sizes, (E::KIND, cpu()));
    }
    let mut buffer = Box::new(Buffer::<E>::new(count));
    let numbers = buffer.as_mut_slice().as_mut_ptr().cast();
    let context = Box::into_raw(buffer).cast();
    // SAFETY: only the tensor uses the numbers, and it owns the buffer until it calls `release`.
    unsafe {
        let tensor = lstm_lab_tensor(
            numbers,
            E::KIND == Kind::Double,
            sizes.as_ptr(),
            sizes.len(),
            release::<E>,
            context,
        );
        assert!(!tensor.is_null(), "libtorch refuses a tensor of shape {sizes:?}");
        Tensor::from_ptr(tensor.cast())
    }
}

/// The function that C++ calls when the last handle on the memory is dropped.
///
/// # Safety
/// `context` is the buffer that [`uninitialized`] passed, and is not used again.
unsafe extern "C" fn release<E: Number>(context: *mut c_void) {
    // SAFETY: by this function's contract.
    drop(unsafe { Box::from_raw(context.cast::<Buffer<E>>()) });
}

// Defined in tensor.cpp. The result is a pointer to an `at::Tensor` of C++, as in tch.
unsafe extern "C" {
    fn lstm_lab_tensor(
        numbers: *mut c_void,
        is_f64: bool,
        sizes: *const i64,
        dimensions: usize,
        release: unsafe extern "C" fn(*mut c_void),
        context: *mut c_void,
    ) -> *mut c_void;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_a_tensor_lives_as_long_as_a_view() {
        let mut tensor = uninitialized::<f64>(&[3, 1 << 15]);
        let _ = tensor.fill_(2.0);
        let view = tensor.get(1).narrow(0, 5, 7);
        drop(tensor);
        // The next tensor gets other memory.
        let mut other = uninitialized::<f32>(&[3, 1 << 15]);
        let _ = other.fill_(3.0);
        assert_eq!(view, Tensor::full([7], 2.0, (Kind::Double, cpu())));
        assert_eq!((other.size(), other.kind()), (vec![3, 1 << 15], Kind::Float));
    }
}
