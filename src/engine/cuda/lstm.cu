// All steps of one LSTM layer in one launch, in f32. The recurrent weights stay in shared memory, and the blocks wait
// for each other once per step (persistent RNNs, Diamos et al. 2016).
//
// NVRTC compiles this file for a card. A test compiles it for the processor (emulation.cpp).
//
// A block computes four units for all sequences. A warp computes the recurrent products of one sequence at a time.
// Gates are in PyTorch's order i, f, g, o. Arrays are contiguous.

constexpr int WARP = 32, GATES = 4;

// The units of a block.
constexpr int UNITS = 4;

// Computes the products of ROWS rows, `[ROWS, size]` in shared memory, with a vector. All lanes get all sums.
template <int ROWS>
__device__ void products(const float* rows, const float* vector, int size, float* sums) {
#pragma unroll
  for (int row = 0; row < ROWS; ++row) sums[row] = 0;
  for (int k = threadIdx.x % WARP; k < size; k += WARP) {
    // Other blocks have written the vector, so it is not read through the cache of this multiprocessor.
    const float value = __ldcg(vector + k);
#pragma unroll
    for (int row = 0; row < ROWS; ++row) sums[row] += rows[row * size + k] * value;
  }
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
#pragma unroll
    for (int row = 0; row < ROWS; ++row) sums[row] += __shfl_xor_sync(0xffffffff, sums[row], distance);
  }
}

// Waits until all blocks have called this function `round` times. A cooperative launch makes them run at once.
__device__ void wait_for_all_blocks(unsigned* arrived, unsigned round) {
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    atomicAdd(arrived, 1);
    while (*static_cast<volatile unsigned*>(arrived) < round * gridDim.x) __nanosleep(20);
    __threadfence();
  }
  __syncthreads();
}

__device__ float sigmoid(float x) { return 1 / (1 + expf(-x)); }

// Computes h_1 … h_T and c_1 … c_T into `h` and `c`, `[T+1, B, H]`, which hold h_0 and c_0. `gates` is `[T, B, 4H]`. It
// holds W_ih x + b_ih + b_hh before, and the activations of the gates after. `arrived` is 0 before.
extern "C" __global__ void lstm_forward(
    const float* w_hh, float* h, float* c, float* gates, int steps, int batch, int hidden, unsigned* arrived) {
  extern __shared__ float rows[];  // [4, UNITS, H]
  const int first = blockIdx.x * UNITS;
  for (int i = threadIdx.x; i < GATES * UNITS * hidden; i += blockDim.x) {
    const int gate = i / hidden / UNITS, unit = first + i / hidden % UNITS;
    rows[i] = unit < hidden ? w_hh[(gate * hidden + unit) * hidden + i % hidden] : 0;
  }
  __syncthreads();
  const int lane = threadIdx.x % WARP;
  for (int t = 0; t < steps; ++t) {
    for (int b = threadIdx.x / WARP; b < batch; b += blockDim.x / WARP) {
      const size_t sequence = size_t(t) * batch + b;
      float sums[GATES * UNITS];
      products<GATES * UNITS>(rows, h + sequence * hidden, hidden, sums);
#pragma unroll
      for (int u = 0; u < UNITS; ++u) {
        if (lane != u || first + u >= hidden) continue;
        float* gate = gates + sequence * GATES * hidden + first + u;
        const size_t before = sequence * hidden + first + u, after = before + size_t(batch) * hidden;
        const float i = sigmoid(gate[0] + sums[u]), f = sigmoid(gate[hidden] + sums[UNITS + u]);
        const float g = tanhf(gate[2 * hidden] + sums[2 * UNITS + u]);
        const float o = sigmoid(gate[3 * hidden] + sums[3 * UNITS + u]);
        gate[0] = i, gate[hidden] = f, gate[2 * hidden] = g, gate[3 * hidden] = o;
        c[after] = f * c[before] + i * g;
        h[after] = o * tanhf(c[after]);
      }
    }
    wait_for_all_blocks(arrived, t + 1);
  }
}

// Computes the gradients with respect to the preactivations of the gates, `deltas`, `[T, B, 4H]`, and to h_0 and c_0.
// `d_output` `[T, B, H]` is the direct gradient of h_1 … h_T. `d_c` `[B, H]` holds the direct gradient of c_T before, and
// the gradient of c_0 after. `arrived` is 0 before.
extern "C" __global__ void lstm_backward(
    const float* w_hh, const float* c, const float* gates, const float* d_output, float* d_c, float* d_h0,
    float* deltas, int steps, int batch, int hidden, unsigned* arrived) {
  extern __shared__ float rows[];  // [UNITS, 4H], columns of W_hh
  const int first = blockIdx.x * UNITS, width = GATES * hidden;
  for (int i = threadIdx.x; i < UNITS * width; i += blockDim.x) {
    const int unit = first + i / width;
    rows[i] = unit < hidden ? w_hh[i % width * hidden + unit] : 0;
  }
  __syncthreads();
  const int lane = threadIdx.x % WARP;
  for (int t = steps; t >= 0; --t) {
    for (int b = threadIdx.x / WARP; b < batch; b += blockDim.x / WARP) {
      // The gradient of h_t through the next step, which the last h does not have.
      float sums[UNITS] = {};
      if (t < steps) products<UNITS>(rows, deltas + (size_t(t) * batch + b) * width, width, sums);
#pragma unroll
      for (int u = 0; u < UNITS; ++u) {
        if (lane != u || first + u >= hidden) continue;
        const int of_state = b * hidden + first + u;
        if (t == 0) {
          d_h0[of_state] = sums[u];
          continue;
        }
        const size_t sequence = size_t(t - 1) * batch + b, before = sequence * hidden + first + u;
        const float* gate = gates + sequence * width + first + u;
        const float i = gate[0], f = gate[hidden], g = gate[2 * hidden], o = gate[3 * hidden];
        const float tanh_c = tanhf(c[before + size_t(batch) * hidden]);
        const float of_h = d_output[before] + sums[u];
        const float of_c = d_c[of_state] + of_h * o * (1 - tanh_c * tanh_c);
        float* delta = deltas + sequence * width + first + u;
        delta[0] = of_c * g * i * (1 - i);
        delta[hidden] = of_c * c[before] * f * (1 - f);
        delta[2 * hidden] = of_c * i * (1 - g * g);
        delta[3 * hidden] = of_h * tanh_c * o * (1 - o);
        d_c[of_state] = of_c * f;
      }
    }
    if (t > 0) wait_for_all_blocks(arrived, steps - t + 1);
  }
}
