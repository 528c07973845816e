//! The boundary to vector-Jacobian products in `node.cpp`.

use std::ffi::{c_char, c_void};

use tch::Tensor;

use crate::ffi::first_line;

/// Computes vector-Jacobian products. `outputs` and `grad_outputs` have the same length.
///
/// # Errors
/// The first line of libtorch's message.
pub(crate) fn grad(
    outputs: &[&Tensor],
    grad_outputs: &[&Tensor],
    inputs: &[&Tensor],
    keep_graph: bool,
) -> Result<Vec<Option<Tensor>>, String> {
    let pointers = |tensors: &[&Tensor]| {
        tensors.iter().map(|tensor| tensor.as_ptr().cast()).collect::<Vec<*const c_void>>()
    };
    let (given, vectors, wanted) = (pointers(outputs), pointers(grad_outputs), pointers(inputs));
    let mut results = vec![std::ptr::null_mut::<c_void>(); inputs.len()];
    let mut message = [0; 1024];
    // SAFETY: all pointers are to live tensors during the call, and `results` has one place for each input.
    let succeeded = unsafe {
        tch_autograd_grad(
            given.as_ptr(),
            vectors.as_ptr(),
            given.len(),
            wanted.as_ptr(),
            wanted.len(),
            keep_graph,
            results.as_mut_ptr(),
            message.as_mut_ptr(),
            message.len(),
        )
    };
    if !succeeded {
        return Err(first_line(&message));
    }
    // SAFETY: C++ made each tensor with `new` and gives it away.
    let tensor = |pointer: *mut c_void| unsafe { Tensor::from_ptr(pointer.cast()) };
    Ok(results.into_iter().map(|pointer| (!pointer.is_null()).then(|| tensor(pointer))).collect())
}

unsafe extern "C" {
    fn tch_autograd_grad(
        outputs: *const *const c_void,
        grad_outputs: *const *const c_void,
        output_count: usize,
        inputs: *const *const c_void,
        input_count: usize,
        keep_graph: bool,
        results: *mut *mut c_void,
        message: *mut c_char,
        message_size: usize,
    ) -> bool;
}
