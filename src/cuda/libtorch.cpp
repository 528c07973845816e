// What libtorch knows and decides about CUDA devices. The Rust side is libtorch.rs.

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>

extern "C" void lstm_lab_forbid_tf32() {
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);
}

extern "C" bool lstm_lab_is_tf32_allowed() {
  return at::globalContext().allowTF32CuBLAS() || at::globalContext().allowTF32CuDNN(at::Float32Op::RNN);
}

// Returns cuDNN's number of its version, or -1 without cuDNN.
extern "C" int64_t lstm_lab_cudnn_version() noexcept {
  try {
    return at::detail::getCUDAHooks().versionRuntimeCuDNN();
  } catch (...) {
    return -1;
  }
}

// Returns the most bytes that tensors on a device have had at once, or -1 if libtorch has not used the device.
extern "C" int64_t lstm_lab_peak_memory(int8_t device) noexcept {
  try {
    const auto stats = c10::getDeviceAllocator(c10::DeviceType::CUDA)->getDeviceStats(device);
    return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
  } catch (...) {
    return -1;
  }
}

// Makes the present number of bytes the peak. Does nothing if libtorch has not used the device.
extern "C" void lstm_lab_reset_peak_memory(int8_t device) noexcept {
  try {
    c10::getDeviceAllocator(c10::DeviceType::CUDA)->resetPeakStats(device);
  } catch (...) {
  }
}
