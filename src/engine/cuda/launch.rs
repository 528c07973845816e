//! The kernels of `lstm.cu` on a card.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The library of libtorch that brings NVRTC and the driver's library along.
pub const LIBRARY: &str = "libcaffe2_nvrtc.so";

/// The units of a block, as in `lstm.cu`.
const UNITS: usize = 4;

/// The threads of a warp.
const WARP: usize = 32;

/// The most warps of a block. Each computes the products of one sequence at a time.
const MAX_WARPS: usize = 8;

/// A kernel of `lstm.cu`.
#[derive(Debug, Clone, Copy)]
pub enum Kernel {
    /// `lstm_forward`.
    Forward,
    /// `lstm_backward`.
    Backward,
}

/// The sizes of a layer.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// T.
    pub steps: usize,
    /// B.
    pub batch: usize,
    /// H.
    pub hidden: usize,
}

/// The kernels for a card.
#[derive(Clone, Copy)]
pub struct Kernels(*const c_void);

// SAFETY: C++ does not change the kernels after it has made them.
unsafe impl Send for Kernels {}

impl Kernels {
    /// Compiles the kernels for card `index`, once for each library and card.
    ///
    /// # Errors
    /// The first line of the reason: a library is not there, or a function of it fails.
    pub fn of(library: &str, index: i8) -> Result<Kernels, String> {
        static ALL: LazyLock<Mutex<HashMap<(String, i8), Kernels>>> = LazyLock::new(Mutex::default);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (library.to_string(), index);
        if let Some(kernels) = all.get(&key) {
            return Ok(*kernels);
        }
        let text = |text: &str| CString::new(text).map_err(|error| error.to_string());
        let (path, source) = (text(library)?, text(include_str!("lstm.cu"))?);
        let mut message = [0; 1024];
        // SAFETY: both texts end with a zero, and the last byte of the message is not written.
        let found = unsafe {
            lstm_lab_cuda_kernels(
                path.as_ptr(),
                i32::from(index),
                source.as_ptr(),
                message.as_mut_ptr(),
                message.len(),
            )
        };
        if found.is_null() {
            return Err(first_line(&message));
        }
        all.insert(key, Kernels(found));
        Ok(Kernels(found))
    }

    /// Launches a kernel. The arrays are its arguments up to the sizes, and `arrived` is its last argument.
    ///
    /// # Errors
    /// The first line of the reason: the card has no room for the layer, or a function of the driver fails.
    ///
    /// # Safety
    /// The arrays are those of the kernel, in the memory of the card, with the sizes that `lstm.cu` names.
    pub unsafe fn launch(
        self,
        kernel: Kernel,
        sizes: Sizes,
        arrays: &[*mut c_void],
        arrived: *mut c_void,
    ) -> Result<(), String> {
        let Sizes { steps, batch, hidden } = sizes;
        // A pointer and a size fit into 8 bytes. The kernel reads the first 4 of a size.
        let mut arguments: Vec<u64> = arrays.iter().map(|array| *array as u64).collect();
        arguments.extend([steps as u64, batch as u64, hidden as u64, arrived as u64]);
        let mut places: Vec<*mut u64> = arguments.iter_mut().map(|argument| &raw mut *argument).collect();
        let mut message = [0; 1024];
        // SAFETY: by this function's own contract; the driver copies the arguments.
        let launched = unsafe {
            lstm_lab_cuda_launch(
                self.0,
                matches!(kernel, Kernel::Backward),
                hidden.div_ceil(UNITS) as u32,
                (WARP * batch.min(MAX_WARPS)) as u32,
                (4 * UNITS * hidden * size_of::<f32>()) as u32,
                places.as_mut_ptr().cast(),
                message.as_mut_ptr(),
                message.len(),
            )
        };
        if launched { Ok(()) } else { Err(first_line(&message)) }
    }
}

/// Returns the first line of a message that C++ wrote into a buffer of zeros.
fn first_line(message: &[c_char]) -> String {
    // SAFETY: the last byte is not written, so a zero ends the text.
    let text = unsafe { CStr::from_ptr(message.as_ptr()) }.to_string_lossy();
    text.lines().next().unwrap_or_default().to_string()
}

// Defined in launch.cpp.
unsafe extern "C" {
    fn lstm_lab_cuda_kernels(
        path: *const c_char,
        index: i32,
        source: *const c_char,
        message: *mut c_char,
        message_size: usize,
    ) -> *const c_void;
    fn lstm_lab_cuda_launch(
        kernels: *const c_void,
        is_backward: bool,
        blocks: u32,
        threads: u32,
        shared_bytes: u32,
        arguments: *mut *mut c_void,
        message: *mut c_char,
        message_size: usize,
    ) -> bool;
}
