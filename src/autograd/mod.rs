//! A Rust closure as a node of libtorch's autograd graph.
//!
//! tch binds no custom autograd function. This is one: outputs that were computed in any way become results of some
//! inputs, with a closure as their backward pass. They can then be used like the results of any operation of
//! libtorch, inside a larger graph.
//!
//! ```
//! use lstm_lab::autograd::attach;
//! use tch::{Kind, Tensor};
//!
//! // y = x³, with a derivative written by hand.
//! let x = Tensor::from_slice(&[1.0, 2.0]).set_requires_grad(true);
//! let saved = x.detach();
//! let cube = tch::no_grad(|| &x * &x * &x);
//! let y = attach(&[&x], vec![cube], move |upstream| {
//!     let gradient = upstream.gradients[0].as_ref()?;
//!     Some(vec![Some(gradient * &saved * &saved * 3.0)])
//! })
//! .unwrap();
//! let gradients = Tensor::run_backward(&[y[0].sum(Kind::Double)], &[&x], false, false);
//! assert_eq!(gradients[0], Tensor::from_slice(&[3.0, 12.0]));
//! ```

mod saved;

use std::any::Any;
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tch::Tensor;

use crate::error::{Error, Result};
pub use saved::Saved;

/// What a backward pass is given.
pub struct Upstream {
    /// The gradient of the loss with respect to each output; `None` where the loss does not depend on it.
    pub gradients: Vec<Option<Tensor>>,
    /// Which inputs' gradients will be used; others need not be computed.
    pub wanted: Vec<bool>,
}

/// From the outputs' gradients to the inputs' (`None`: no gradient, or none that is wanted).
///
/// A closure that gives `None` as a whole says that no input gets a gradient.
type Backward = dyn Fn(Upstream) -> Option<Vec<Option<Tensor>>> + Send;

/// Makes `outputs` the results of `inputs`, with `backward` as their backward pass.
///
/// `outputs` must be new tensors, computed with gradients off ([`tch::no_grad`]), and no views of one another. What
/// `backward` needs it owns; to keep an output alive in it, keep `output.detach()`, or the graph keeps itself alive.
/// The closure is dropped when a backward pass has freed the graph, or with the last output. Where gradients are off,
/// or no input requires one, the outputs are given back as they are and the closure is dropped at once.
///
/// A panic in the closure, or a wrong number of gradients, becomes an error of the backward pass. So does a second
/// backward pass through a graph that was not kept, and one with `create_graph`: what is hand-written is not
/// differentiated again.
///
/// # Errors
/// An output requires a gradient already, or libtorch refuses it.
pub fn attach(
    inputs: &[&Tensor],
    outputs: Vec<Tensor>,
    backward: impl Fn(Upstream) -> Option<Vec<Option<Tensor>>> + Send + 'static,
) -> Result<Vec<Tensor>> {
    if !records(inputs) {
        return Ok(outputs);
    }
    if outputs.iter().any(Tensor::requires_grad) {
        let problem =
            "an output of a closure must be computed without gradients; this one has a history of its own";
        return Err(Error::Torch(problem.to_string()));
    }
    let input_pointers: Vec<*const c_void> = inputs.iter().map(|tensor| tensor.as_ptr().cast()).collect();
    let output_pointers: Vec<*const c_void> = outputs.iter().map(|tensor| tensor.as_ptr().cast()).collect();
    // Two boxes: a pointer to a `dyn` is wide, and C++ carries a thin one.
    let context: Box<Box<Backward>> = Box::new(Box::new(backward));
    let mut message = [0; 1024];
    // SAFETY: all pointers are to live tensors for the length of the call; the context is handed over for good.
    let fine = unsafe {
        lstm_lab_attach(
            input_pointers.as_ptr(),
            input_pointers.len(),
            output_pointers.as_ptr(),
            output_pointers.len(),
            Box::into_raw(context).cast(),
            call,
            release,
            message.as_mut_ptr(),
            message.len(),
        )
    };
    if fine { Ok(outputs) } else { Err(Error::Torch(text(&message))) }
}

/// Whether an operation on these inputs is recorded: gradients are on and one of them requires one.
pub fn records(inputs: &[&Tensor]) -> bool {
    grad_is_enabled() && inputs.iter().any(|tensor| tensor.requires_grad())
}

/// tch can switch gradients on and off, but not tell which they are.
fn grad_is_enabled() -> bool {
    // SAFETY: reads a thread-local flag.
    unsafe { lstm_lab_grad_is_enabled() }
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

// node.cpp. A tensor is a pointer to C++'s `at::Tensor`, as tch holds it.
unsafe extern "C" {
    fn lstm_lab_attach(
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

    fn lstm_lab_grad_is_enabled() -> bool;
}

/// What C++ calls for a backward pass.
///
/// # Safety
/// `context` is what [`attach`] made; the arrays have the lengths given.
unsafe extern "C" fn call(
    context: *mut c_void,
    gradients: *const *mut c_void,
    gradient_count: usize,
    wanted: *const bool,
    results: *mut *mut c_void,
    result_count: usize,
    message: *mut c_char,
    message_size: usize,
) -> bool {
    // No panic may cross into C++.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: by this function's own contract.
        let (backward, upstream) = unsafe {
            let backward = &*context.cast::<Box<Backward>>();
            let gradients = std::slice::from_raw_parts(gradients, gradient_count);
            let tensor =
                |pointer: &*mut c_void| (!pointer.is_null()).then(|| Tensor::clone_from_ptr(pointer.cast()));
            let gradients = gradients.iter().map(tensor).collect();
            let wanted = std::slice::from_raw_parts(wanted, result_count).to_vec();
            (backward, Upstream { gradients, wanted })
        };
        let found = backward(upstream).unwrap_or_else(|| (0..result_count).map(|_| None).collect());
        assert_eq!(found.len(), result_count, "a backward pass must give one entry for each input");
        found
    }));
    match outcome {
        Ok(found) => {
            for (n, mut tensor) in found.into_iter().enumerate().filter_map(|(n, t)| Some((n, t?))) {
                // SAFETY: n is below `result_count`; C++ takes the tensor over and deletes it.
                unsafe { *results.add(n) = tensor.as_mut_ptr().cast() };
                std::mem::forget(tensor);
            }
            true
        }
        Err(panic) => {
            let text = panic_text(panic.as_ref());
            let bytes = &text.as_bytes()[..text.len().min(message_size - 1)];
            // SAFETY: the buffer has room for the bytes and the zero behind them.
            unsafe {
                std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), message, bytes.len());
                *message.add(bytes.len()) = 0;
            }
            false
        }
    }
}

/// What C++ calls when a closure is no longer needed.
///
/// # Safety
/// `context` is what [`attach`] made, and is not used again.
unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: by this function's own contract.
    let closure = unsafe { Box::from_raw(context.cast::<Box<Backward>>()) };
    // A destructor that panics must not take C++ with it.
    drop(catch_unwind(AssertUnwindSafe(|| drop(closure))));
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()))
        .unwrap_or_else(|| "a backward pass panicked".to_string())
}

fn text(message: &[c_char]) -> String {
    // SAFETY: the buffer was zeroed and its last byte is never written, so a zero ends it.
    let text = unsafe { CStr::from_ptr(message.as_ptr()) }.to_string_lossy();
    text.lines().next().unwrap_or_default().to_string()
}
