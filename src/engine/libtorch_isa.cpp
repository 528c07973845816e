// The instruction set of libtorch's own kernels. The Rust side is libtorch_isa.rs.

#include <ATen/Version.h>

// Returns text that lives as long as the process.
extern "C" const char* lstm_lab_cpu_capability() noexcept {
  static const std::string name = at::get_cpu_capability();
  return name.c_str();
}
