// A tensor over memory that Rust owns. The Rust side is tensor.rs.

#include <ATen/ATen.h>

// Returns null if libtorch refuses. Otherwise `release` is called with `context` when the last handle on
// the memory is dropped.
extern "C" at::Tensor* lstm_lab_tensor(
    void* numbers, bool is_f64, const int64_t* sizes, size_t dimensions, void (*release)(void*),
    void* context) noexcept {
  try {
    auto options = at::TensorOptions().dtype(is_f64 ? at::kDouble : at::kFloat).device(at::kCPU);
    auto deleter = [release, context](void*) { release(context); };
    return new at::Tensor(at::from_blob(numbers, at::IntArrayRef(sizes, dimensions), deleter, options));
  } catch (...) {
    return nullptr;
  }
}
