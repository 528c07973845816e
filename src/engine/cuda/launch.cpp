// Compiles the kernels of lstm.cu for a card, and launches them. The Rust side is launch.rs.
//
// The library is libtorch's libcaffe2_nvrtc.so, which brings NVRTC and the library of the driver along.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../../cuda/call.h"

namespace {

// Attributes of a device and of a function by their numbers in cuda.h.
constexpr int MULTIPROCESSOR_COUNT = 16, COMPUTE_CAPABILITY_MAJOR = 75, COMPUTE_CAPABILITY_MINOR = 76;
constexpr int MAX_SHARED_BYTES_PER_BLOCK = 97, MAX_DYNAMIC_SHARED_BYTES = 8;

struct Kernels {
  // The library stays loaded, like libtorch.
  explicit Kernels(const char* path) : library(path, nullptr, true) {}

  int attribute(int name) {
    int value = 0;
    call(library, "cuDeviceGetAttribute", &value, name, device);
    return value;
  }

  at::DynamicLibrary library;
  int device = 0;
  void* context = nullptr;
  void* functions[2] = {};
};

// Returns the machine code of the source for a compute capability such as 90.
std::vector<char> compile(at::DynamicLibrary& library, const char* source, int capability) {
  const std::string architecture = "--gpu-architecture=sm_" + std::to_string(capability);
  const char* option = architecture.c_str();
  const char* const* no_names = nullptr;
  void* program = nullptr;
  size_t size = 0;
  call(library, "nvrtcCreateProgram", &program, source, "lstm.cu", 0, no_names, no_names);
  call(library, "nvrtcCompileProgram", program, 1, &option);
  call(library, "nvrtcGetCUBINSize", program, &size);
  std::vector<char> code(size);
  call(library, "nvrtcGetCUBIN", program, code.data());
  call(library, "nvrtcDestroyProgram", &program);
  return code;
}

void write_message(const std::exception& error, char* message, size_t size) {
  std::strncpy(message, error.what(), size - 1);
}

}  // namespace

// Returns the kernels, which are never freed, or null, with the reason in `message`.
extern "C" void* lstm_lab_cuda_kernels(
    const char* path, int32_t index, const char* source, char* message, size_t message_size) noexcept {
  try {
    auto kernels = std::make_unique<Kernels>(path);
    at::DynamicLibrary& library = kernels->library;
    void* module = nullptr;
    call(library, "cuInit", 0u);
    call(library, "cuDeviceGet", &kernels->device, static_cast<int>(index));
    // libtorch has the same context.
    call(library, "cuDevicePrimaryCtxRetain", &kernels->context, kernels->device);
    call(library, "cuCtxSetCurrent", kernels->context);
    const int major = kernels->attribute(COMPUTE_CAPABILITY_MAJOR), minor = kernels->attribute(COMPUTE_CAPABILITY_MINOR);
    const auto code = compile(library, source, 10 * major + minor);
    call(library, "cuModuleLoadData", &module, code.data());
    call(library, "cuModuleGetFunction", &kernels->functions[0], module, "lstm_forward");
    call(library, "cuModuleGetFunction", &kernels->functions[1], module, "lstm_backward");
    return kernels.release();
  } catch (const std::exception& error) {
    write_message(error, message, message_size);
    return nullptr;
  }
}

// Launches a kernel whose blocks are all resident. Returns false on failure, with the reason in `message`.
extern "C" bool lstm_lab_cuda_launch(
    void* compiled, bool is_backward, uint32_t blocks, uint32_t threads, uint32_t shared_bytes, void** arguments,
    char* message, size_t message_size) noexcept {
  try {
    auto& kernels = *static_cast<Kernels*>(compiled);
    at::DynamicLibrary& library = kernels.library;
    void* const function = kernels.functions[is_backward];
    // The thread of a backward pass may not have used the card before.
    call(library, "cuCtxSetCurrent", kernels.context);
    const int most = kernels.attribute(MAX_SHARED_BYTES_PER_BLOCK);
    TORCH_CHECK(int64_t(shared_bytes) <= most, "the weights of a block need ", shared_bytes,
        " bytes of shared memory, and this card has ", most);
    call(library, "cuFuncSetAttribute", function, MAX_DYNAMIC_SHARED_BYTES, static_cast<int>(shared_bytes));
    int resident = 0;
    call(library, "cuOccupancyMaxActiveBlocksPerMultiprocessor", &resident, function, static_cast<int>(threads),
        size_t(shared_bytes));
    resident *= kernels.attribute(MULTIPROCESSOR_COUNT);
    TORCH_CHECK(int64_t(blocks) <= resident, "the layer needs ", blocks,
        " blocks that run at once, and this card has room for ", resident);
    // libtorch's default stream.
    void* const stream = nullptr;
    call(library, "cuLaunchCooperativeKernel", function, blocks, 1u, 1u, threads, 1u, 1u, shared_bytes, stream,
        arguments);
    return true;
  } catch (const std::exception& error) {
    write_message(error, message, message_size);
    return false;
  }
}
