// A node of libtorch's autograd graph whose backward pass is a callback. See mod.rs for the Rust side.

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <cstring>
#include <mutex>

extern "C" {

// Gets the gradients of the outputs (null where there is none) and which inputs want one; puts a new'd tensor or null
// into `results` for each input. Returns whether it went well; if not, `message` says why.
typedef bool (*closure_backward)(
    void* context, at::Tensor* const* gradients, size_t gradient_count, const bool* wanted,
    at::Tensor** results, size_t result_count, char* message, size_t message_size);

typedef void (*closure_release)(void* context);

}  // extern "C"

namespace {

constexpr size_t MESSAGE_SIZE = 1024;

struct ClosureNode : public torch::autograd::Node {
  ClosureNode(void* context, closure_backward backward, closure_release release)
      : context_(context), backward_(backward), release_(release) {}

  ~ClosureNode() override { free_context(); }

  std::string name() const override { return "RustClosure"; }

  // Called by libtorch when a backward pass without retained graph has used this node.
  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    free_context();
  }

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    std::lock_guard<std::mutex> lock(mutex_);
    TORCH_CHECK(context_ != nullptr,
        "a backward pass went through this graph before and freed it; keep the graph the first time to do it twice");
    TORCH_CHECK(!at::GradMode::is_enabled(),
        "this operation has a hand-written backward pass, which cannot itself be differentiated (create_graph)");
    const size_t count = num_outputs();
    std::vector<at::Tensor*> given;
    for (auto& gradient : gradients) given.push_back(gradient.defined() ? &gradient : nullptr);
    auto wanted = std::make_unique<bool[]>(count);
    for (size_t i = 0; i < count; ++i) wanted[i] = task_should_compute_output(i);
    std::vector<at::Tensor*> results(count, nullptr);
    char message[MESSAGE_SIZE] = "";
    const bool fine = backward_(
        context_, given.data(), given.size(), wanted.get(), results.data(), count, message, MESSAGE_SIZE);
    torch::autograd::variable_list found(count);
    for (size_t i = 0; i < count; ++i) {
      if (results[i] == nullptr) continue;
      found[i] = std::move(*results[i]);
      delete results[i];
    }
    TORCH_CHECK(fine, message);
    return found;
  }

 private:
  void free_context() {
    if (context_ != nullptr) release_(std::exchange(context_, nullptr));
  }

  void* context_;
  closure_backward backward_;
  closure_release release_;
};

}  // namespace

// Makes `outputs` the results of a closure of `inputs`. The context belongs to the node from here on, whatever happens.
extern "C" bool lstm_lab_attach(
    at::Tensor* const* inputs, size_t input_count, at::Tensor* const* outputs, size_t output_count, void* context,
    closure_backward backward, closure_release release, char* message, size_t message_size) {
  try {
    auto node = c10::make_intrusive<ClosureNode>(context, backward, release);
    torch::autograd::edge_list edges;
    for (size_t i = 0; i < input_count; ++i) {
      const at::Tensor& input = *inputs[i];
      edges.push_back(
          input.requires_grad() ? torch::autograd::impl::gradient_edge(input) : torch::autograd::Edge());
    }
    node->set_next_edges(std::move(edges));
    for (size_t i = 0; i < output_count; ++i) torch::autograd::set_history(*outputs[i], node);
    return true;
  } catch (const std::exception& error) {
    std::strncpy(message, error.what(), message_size - 1);
    return false;
  }
}

// Whether operations on this thread are recorded.
extern "C" bool lstm_lab_grad_is_enabled() { return at::GradMode::is_enabled(); }

// How often a tensor was changed in place.
extern "C" int64_t lstm_lab_version(const at::Tensor* tensor) { return static_cast<int64_t>(tensor->_version()); }
