//! Tensors kept for the backward pass, with a check against changes in place.

use std::ffi::c_void;

use tch::Tensor;

/// A tensor of the forward pass that the backward pass needs, as in PyTorch's `ctx.save_for_backward`.
#[derive(Debug)]
pub struct Saved {
    tensor: Tensor,
    version: i64,
}

impl Saved {
    /// Returns a detached handle on the tensor. The numbers are not copied.
    pub fn new(tensor: &Tensor) -> Saved {
        let tensor = tensor.detach();
        let version = version(&tensor);
        Saved { tensor, version }
    }

    /// Returns the tensor, detached from the graph.
    ///
    /// # Panics
    /// If the tensor was changed in place since [`Saved::new`], because the gradient would be wrong. In a
    /// backward pass, the panic becomes an error of the pass.
    pub fn get(&self) -> &Tensor {
        assert!(
            version(&self.tensor) == self.version,
            "a tensor of shape {:?} that the backward pass needs was changed in place since the forward pass",
            self.tensor.size()
        );
        &self.tensor
    }
}

/// Returns libtorch's count of in-place changes, which views and detached handles share.
fn version(tensor: &Tensor) -> i64 {
    // SAFETY: the pointer is to a live tensor.
    unsafe { tch_autograd_version(tensor.as_ptr().cast()) }
}

unsafe extern "C" {
    fn tch_autograd_version(tensor: *const c_void) -> i64;
}
