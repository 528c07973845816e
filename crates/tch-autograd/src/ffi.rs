//! The boundary to `node.cpp`. A tensor is a pointer to an `at::Tensor` of C++, as in tch.

use std::any::Any;
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tch::Tensor;

use crate::{GradInputs, GradOutputs};

/// The closure of a node.
pub(crate) type Backward = dyn Fn(GradOutputs) -> GradInputs + Send;

/// Sets a new node as the history of `outputs`.
///
/// # Errors
/// The first line of libtorch's message.
pub(crate) fn attach(inputs: &[&Tensor], outputs: &[Tensor], backward: Box<Backward>) -> Result<(), String> {
    let inputs: Vec<*const c_void> = inputs.iter().map(|tensor| tensor.as_ptr().cast()).collect();
    let outputs: Vec<*const c_void> = outputs.iter().map(|tensor| tensor.as_ptr().cast()).collect();
    // The context needs a second box: a pointer to a `dyn` is wide, and C++ holds a thin one.
    let context: Box<Box<Backward>> = Box::new(backward);
    let mut message = [0; 1024];
    // SAFETY: all pointers are to live tensors during the call, and C++ takes ownership of the context.
    let attached = unsafe {
        tch_autograd_attach(
            inputs.as_ptr(),
            inputs.len(),
            outputs.as_ptr(),
            outputs.len(),
            Box::into_raw(context).cast(),
            call,
            release,
            message.as_mut_ptr(),
            message.len(),
        )
    };
    if attached { Ok(()) } else { Err(first_line(&message)) }
}

/// Reads the gradient mode of the thread. tch can only set it.
pub(crate) fn grad_is_enabled() -> bool {
    // SAFETY: reads a thread-local flag.
    unsafe { tch_autograd_grad_is_enabled() }
}

type CallBackward = unsafe extern "C" fn(
    *mut c_void,
    *const *mut c_void,
    usize,
    *const bool,
    *mut *mut c_void,
    usize,
    *mut c_char,
    usize,
) -> bool;

unsafe extern "C" {
    fn tch_autograd_attach(
        inputs: *const *const c_void,
        input_count: usize,
        outputs: *const *const c_void,
        output_count: usize,
        context: *mut c_void,
        backward: CallBackward,
        release: unsafe extern "C" fn(*mut c_void),
        message: *mut c_char,
        message_size: usize,
    ) -> bool;

    fn tch_autograd_grad_is_enabled() -> bool;
}

/// The function that C++ calls for a backward pass.
///
/// # Safety
/// `context` comes from [`attach`], and the arrays have the given lengths.
unsafe extern "C" fn call(
    context: *mut c_void,
    gradients: *const *mut c_void,
    gradient_count: usize,
    needs_input_grad: *const bool,
    results: *mut *mut c_void,
    result_count: usize,
    message: *mut c_char,
    message_size: usize,
) -> bool {
    // No panic may cross into C++.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: by this function's own contract.
        let (backward, grad) = unsafe {
            let gradients = std::slice::from_raw_parts(gradients, gradient_count);
            let needs_input_grad = std::slice::from_raw_parts(needs_input_grad, result_count);
            (&*context.cast::<Box<Backward>>(), grad_outputs(gradients, needs_input_grad))
        };
        let found = backward(grad).unwrap_or_else(|| (0..result_count).map(|_| None).collect());
        let count = found.len();
        assert!(
            count == result_count,
            "a backward pass must return one entry for each input: expected {result_count}, found {count}"
        );
        found
    }));
    match outcome {
        Ok(found) => {
            for (n, mut tensor) in found.into_iter().enumerate().filter_map(|(n, t)| Some((n, t?))) {
                // SAFETY: n is below `result_count`, and C++ takes ownership of the tensor and deletes it.
                unsafe { *results.add(n) = tensor.as_mut_ptr().cast() };
                std::mem::forget(tensor);
            }
            true
        }
        Err(panic) => {
            // SAFETY: by this function's own contract.
            unsafe { write_text(&panic_text(panic.as_ref()), message, message_size) };
            false
        }
    }
}

/// Wraps the tensors that C++ passes; a null pointer is a gradient that is not there.
///
/// # Safety
/// Each pointer is null or a tensor of libtorch.
unsafe fn grad_outputs(gradients: &[*mut c_void], needs_input_grad: &[bool]) -> GradOutputs {
    let tensor = |pointer: &*mut c_void| {
        // SAFETY: by this function's own contract.
        (!pointer.is_null()).then(|| unsafe { Tensor::clone_from_ptr(pointer.cast()) })
    };
    GradOutputs {
        outputs: gradients.iter().map(tensor).collect(),
        needs_input_grad: needs_input_grad.to_vec(),
    }
}

/// Writes a text as a C string, cut off at the end of the buffer.
///
/// # Safety
/// The buffer has `size` bytes, at least one.
unsafe fn write_text(text: &str, buffer: *mut c_char, size: usize) {
    let bytes = &text.as_bytes()[..text.len().min(size - 1)];
    // SAFETY: the buffer is long enough for the bytes and the terminating zero.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), buffer, bytes.len());
        *buffer.add(bytes.len()) = 0;
    }
}

/// The function that C++ calls when a closure is no longer needed.
///
/// # Safety
/// `context` comes from [`attach`] and is not used again.
unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: by this function's own contract.
    let closure = unsafe { Box::from_raw(context.cast::<Box<Backward>>()) };
    // A panic of the closure's destructor may not cross into C++.
    drop(catch_unwind(AssertUnwindSafe(|| drop(closure))));
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()))
        .unwrap_or_else(|| "a backward pass panicked".to_string())
}

/// Returns the first line of a message that C++ wrote.
pub(crate) fn first_line(message: &[c_char]) -> String {
    // SAFETY: the buffer was zeroed and its last byte is never written, so a zero terminates it.
    let text = unsafe { CStr::from_ptr(message.as_ptr()) }.to_string_lossy();
    text.lines().next().unwrap_or_default().to_string()
}
