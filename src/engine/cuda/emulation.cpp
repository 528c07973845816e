// A stand-in for CUDA's driver and NVRTC that runs the kernels of lstm.cu on the processor.
//
// A block is a thread of the system. The threads of a block are contexts that take turns: each runs until it waits for
// others. They begin with the first in even blocks and with the last in odd ones, so that a missing barrier shows.

#include <sched.h>
#include <ucontext.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace {

constexpr int WARP_SIZE = 32;
constexpr size_t STACK = 64 << 10;

// The stand-in has so many multiprocessors, on each of which one block runs.
constexpr int MULTIPROCESSORS = 12;

struct Index {
  unsigned x;
};

struct Barrier {
  int size, arrived = 0;
  unsigned round = 0;
  void wait();
};

struct Warp {
  Barrier barrier;
  float values[WARP_SIZE];
};

struct Block {
  int index, threads, turn = 0, left;
  Barrier barrier;
  std::vector<Warp> warps;
  std::vector<ucontext_t> contexts;
  std::vector<std::unique_ptr<char[]>> stacks;
  std::vector<bool> is_done;
  ucontext_t outside;
  const std::function<void()>* kernel;

  Block(int index, int threads, const std::function<void()>* kernel)
      : index(index), threads(threads), left(threads), barrier{threads}, warps(threads / WARP_SIZE, {{WARP_SIZE}, {}}),
        contexts(threads), is_done(threads), kernel(kernel) {}

  int next() const {
    int next = turn;
    do {
      next = (next + (index % 2 == 0 ? 1 : threads - 1)) % threads;
    } while (is_done[next]);
    return next;
  }

  void yield() {
    const int before = turn;
    turn = next();
    swapcontext(&contexts[before], &contexts[turn]);
  }

  void run();
};

thread_local Block* block;
Index blocks;

void Barrier::wait() {
  const unsigned mine = round;
  if (++arrived == size) {
    arrived = 0;
    ++round;
  }
  while (round == mine) block->yield();
}

void run_thread() {
  (*block->kernel)();
  block->is_done[block->turn] = true;
  if (--block->left == 0) setcontext(&block->outside);
  block->turn = block->next();
  setcontext(&block->contexts[block->turn]);
}

void Block::run() {
  block = this;
  for (ucontext_t& context : contexts) {
    stacks.emplace_back(new char[STACK]);
    getcontext(&context);
    context.uc_stack.ss_sp = stacks.back().get();
    context.uc_stack.ss_size = STACK;
    makecontext(&context, run_thread, 0);
  }
  turn = index % 2 == 0 ? 0 : threads - 1;
  swapcontext(&outside, &contexts[turn]);
}

}  // namespace

// The shared memory of the block.
thread_local float rows[1 << 14];

#define __device__ static
#define __global__
#define __shared__ thread_local
#define threadIdx (Index{unsigned(block->turn)})
#define blockIdx (Index{unsigned(block->index)})
#define blockDim (Index{unsigned(block->threads)})
#define gridDim blocks

static void __syncthreads() { block->barrier.wait(); }
static void __threadfence() { __sync_synchronize(); }
static void __nanosleep(unsigned) { sched_yield(), block->yield(); }
static unsigned atomicAdd(unsigned* number, unsigned more) { return __sync_fetch_and_add(number, more); }
static float __ldcg(const float* number) { return *number; }
static float __shfl_xor_sync(unsigned, float value, int distance) {
  const int lane = block->turn % WARP_SIZE;
  Warp& warp = block->warps[block->turn / WARP_SIZE];
  warp.values[lane] = value;
  warp.barrier.wait();
  const float found = warp.values[lane ^ distance];
  warp.barrier.wait();
  return found;
}

#include "lstm.cu"

static void launch(int grid, int threads, const std::function<void()>& kernel) {
  blocks.x = grid;
  std::vector<std::thread> running;
  for (int index = 0; index < grid; ++index) {
    running.emplace_back([&, index] { Block(index, threads, &kernel).run(); });
  }
  for (auto& thread : running) thread.join();
}

// Calls a kernel with arguments as cuLaunchCooperativeKernel takes them.
template <typename... Args>
static void call(void (*kernel)(Args...), void** arguments) {
  [&]<size_t... n>(std::index_sequence<n...>) {
    kernel(*static_cast<Args*>(arguments[n])...);
  }(std::index_sequence_for<Args...>());
}

static void run_forward(void** arguments) { call(lstm_forward, arguments); }
static void run_backward(void** arguments) { call(lstm_backward, arguments); }

// The functions that launch.cpp calls. Attributes by their numbers in cuda.h.
extern "C" {
int cuInit(unsigned) { return 0; }
int cuDeviceGet(int* device, int index) { return *device = index, 0; }
int cuDevicePrimaryCtxRetain(void**, int) { return 0; }
int cuCtxSetCurrent(void*) { return 0; }
int cuDeviceGetAttribute(int* value, int name, int) {
  constexpr int MULTIPROCESSOR_COUNT = 16, MAX_SHARED_BYTES_PER_BLOCK = 97;
  *value = name == MULTIPROCESSOR_COUNT ? MULTIPROCESSORS : name == MAX_SHARED_BYTES_PER_BLOCK ? sizeof rows : 0;
  return 0;
}
int cuModuleLoadData(void**, const void*) { return 0; }
int cuModuleGetFunction(void** function, void*, const char* name) {
  *function = reinterpret_cast<void*>(std::strcmp(name, "lstm_forward") == 0 ? &run_forward : &run_backward);
  return 0;
}
int cuFuncSetAttribute(void*, int, int) { return 0; }
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int, size_t) { return *blocks = 1, 0; }
int cuLaunchCooperativeKernel(
    void* function, unsigned grid, unsigned, unsigned, unsigned threads, unsigned, unsigned, unsigned, void*,
    void** arguments) {
  launch(grid, threads, [&] { reinterpret_cast<void (*)(void**)>(function)(arguments); });
  return 0;
}
int nvrtcCreateProgram(void**, const char*, const char*, int, const char* const*, const char* const*) { return 0; }
int nvrtcCompileProgram(void*, int, const char* const*) { return 0; }
int nvrtcGetCUBINSize(void*, size_t* size) { return *size = 1, 0; }
int nvrtcGetCUBIN(void*, char*) { return 0; }
int nvrtcDestroyProgram(void**) { return 0; }
}
