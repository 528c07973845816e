// The CUDA devices of this machine, from the library of NVIDIA's driver. The Rust side is driver.rs.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "call.h"

extern "C" struct lstm_lab_card {
  char name[256];
  uint64_t memory;
  int32_t capability_major, capability_minor;
};

namespace {

// Attributes of a device by their numbers in cuda.h.
constexpr int COMPUTE_CAPABILITY_MAJOR = 75, COMPUTE_CAPABILITY_MINOR = 76;

void read_card(at::DynamicLibrary& library, int index, lstm_lab_card& card) {
  int device = 0;
  size_t memory = 0;
  call(library, "cuDeviceGet", &device, index);
  call(library, "cuDeviceGetName", card.name, static_cast<int>(sizeof card.name), device);
  call(library, "cuDeviceTotalMem_v2", &memory, device);
  card.memory = memory;
  call(library, "cuDeviceGetAttribute", &card.capability_major, COMPUTE_CAPABILITY_MAJOR, device);
  call(library, "cuDeviceGetAttribute", &card.capability_minor, COMPUTE_CAPABILITY_MINOR, device);
}

}  // namespace

// Writes the version of CUDA that the driver supports, 1000 major + 10 minor, and at most `capacity` devices.
// Returns the number of devices that were written. On failure, returns -1, with the reason in `message`.
extern "C" int32_t lstm_lab_driver(
    const char* path, int32_t* version, lstm_lab_card* cards, int32_t capacity, char* message,
    size_t message_size) noexcept {
  try {
    at::DynamicLibrary library(path);
    call(library, "cuDriverGetVersion", version);
    call(library, "cuInit", 0u);
    int count = 0;
    call(library, "cuDeviceGetCount", &count);
    count = std::min(count, capacity);
    for (int i = 0; i < count; ++i) read_card(library, i, cards[i]);
    return count;
  } catch (const std::exception& error) {
    std::strncpy(message, error.what(), message_size - 1);
    return -1;
  }
}
