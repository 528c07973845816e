//! A tensor kept for the backward pass, and the proof that nobody has changed it since.

use tch::Tensor;

/// A tensor as it was when the forward pass used it.
pub struct Saved {
    tensor: Tensor,
    version: i64,
}

impl Saved {
    /// Keeps a tensor; it is not copied.
    pub fn new(tensor: &Tensor) -> Saved {
        let tensor = tensor.detach();
        let version = version(&tensor);
        Saved { tensor, version }
    }

    /// The tensor.
    ///
    /// # Panics
    /// It was changed in place since the forward pass: the gradient would be silently wrong. In a backward pass the
    /// panic becomes an error of that pass.
    pub fn get(&self) -> &Tensor {
        assert!(
            version(&self.tensor) == self.version,
            "a tensor of shape {:?} that the backward pass needs was changed in place since the forward pass",
            self.tensor.size()
        );
        &self.tensor
    }
}

/// libtorch's count of in-place changes; views and detached handles share it.
fn version(tensor: &Tensor) -> i64 {
    // SAFETY: the pointer is to a live tensor.
    unsafe { lstm_lab_version(tensor.as_ptr().cast()) }
}

unsafe extern "C" {
    fn lstm_lab_version(tensor: *const std::ffi::c_void) -> i64;
}
