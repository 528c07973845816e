// A tensor over memory that Rust owns. See tensor.rs for the Rust side.

#include <ATen/ATen.h>

// Null if libtorch refuses; otherwise `release` is called with `context` when the last handle on the memory is gone.
extern "C" at::Tensor* lstm_lab_tensor(
    float* numbers, const int64_t* sizes, size_t dimensions, void (*release)(void*), void* context) noexcept {
  try {
    auto options = at::TensorOptions().dtype(at::kFloat).device(at::kCPU);
    auto deleter = [release, context](void*) { release(context); };
    return new at::Tensor(at::from_blob(numbers, at::IntArrayRef(sizes, dimensions), deleter, options));
  } catch (...) {
    return nullptr;
  }
}
