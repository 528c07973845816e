//! The numbers of tensors as slices.

use tch::{Kind, Tensor, kind};

/// A type of number that the kernels and libtorch share: f32 or f64.
pub trait Number: rnn_kernels::Element + kind::Element {
    /// Returns the numbers of a contiguous tensor of the CPU.
    fn of(tensor: &Tensor) -> &[Self] {
        // SAFETY: `data` checks type, device and layout, and the tensor is borrowed for as long.
        unsafe { std::slice::from_raw_parts(data(tensor), tensor.numel()) }
    }

    /// Returns the numbers of a new tensor, to write.
    fn of_new(tensor: &mut Tensor) -> &mut [Self] {
        // SAFETY: `data` checks type, device and layout, and a new tensor has no other handle.
        unsafe { std::slice::from_raw_parts_mut(data(tensor), tensor.numel()) }
    }
}

impl Number for f32 {}
impl Number for f64 {}

/// Returns true if the kernels compute with the tensor's dtype on its device.
pub fn are_supported(tensor: &Tensor) -> bool {
    matches!(tensor.kind(), Kind::Float | Kind::Double) && tensor.device() == crate::device::cpu()
}

/// Returns the address of a tensor's numbers.
fn data<E: Number>(tensor: &Tensor) -> *mut E {
    assert!(are_supported(tensor) && tensor.kind() == E::KIND, "`engine::check` has checked the tensors");
    assert!(tensor.is_contiguous());
    tensor.data_ptr().cast()
}
