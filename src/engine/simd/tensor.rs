//! Tensors for what a pass gives, in working memory that is kept for the next pass: libtorch would give large ones back to
//! the system and have them zeroed and mapped anew, page by page, at each step of a training.

use std::ffi::c_void;

use tch::{Kind, Tensor};

use super::buffer::Buffer;
use crate::device::cpu;

/// Smaller ones are libtorch's own: its allocator keeps those by itself.
const LEAST: usize = 1 << 15;

/// A new f32 tensor of the CPU, whose numbers are arbitrary.
pub fn room(sizes: &[i64]) -> Tensor {
    let count = sizes.iter().product::<i64>() as usize;
    if count < LEAST {
        return Tensor::empty(sizes, (Kind::Float, cpu()));
    }
    let mut buffer = Box::new(Buffer::new(count));
    // SAFETY: the tensor is the only one to use the numbers, and keeps the buffer for as long.
    unsafe {
        let numbers = buffer.share().start();
        let context = Box::into_raw(buffer).cast();
        let tensor = lstm_lab_tensor(numbers, sizes.as_ptr(), sizes.len(), release, context);
        assert!(!tensor.is_null(), "libtorch makes no tensor of shape {sizes:?}");
        Tensor::from_ptr(tensor.cast())
    }
}

/// What C++ calls when nobody uses the memory any more.
///
/// # Safety
/// `context` is the buffer that [`room`] handed over, and is not used again.
unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: by this function's own contract.
    drop(unsafe { Box::from_raw(context.cast::<Buffer>()) });
}

// tensor.cpp. A tensor is a pointer to C++'s `at::Tensor`, as tch holds it.
unsafe extern "C" {
    fn lstm_lab_tensor(
        numbers: *mut f32,
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
    fn the_memory_lives_as_long_as_a_view_of_it() {
        let mut tensor = room(&[3, 1 << 15]);
        let _ = tensor.fill_(2.0);
        let view = tensor.get(1).narrow(0, 5, 7);
        drop(tensor);
        // Whoever asks next gets other memory.
        let mut other = room(&[3, 1 << 15]);
        let _ = other.fill_(3.0);
        assert_eq!(view, Tensor::full([7], 2.0, (Kind::Float, cpu())));
        assert_eq!((other.size(), other.kind()), (vec![3, 1 << 15], Kind::Float));
    }
}
