// A node of libtorch's autograd graph whose backward pass is a callback, and torch.autograd.grad. See ffi.rs for
// the Rust side.

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/headeronly/version.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

extern "C" {

// Takes the gradients of the outputs (null for none) and a flag for each input that needs a gradient. For
// each input, writes a tensor that was created with `new`, or null, into `results`. Returns false on
// failure, with the reason in `message`.
typedef bool (*closure_backward)(
    void* context, at::Tensor* const* gradients, size_t gradient_count, const bool* needs_input_grad,
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

  // libtorch calls this when a backward pass without retain_graph has used the node.
  void release_variables() override {
    std::lock_guard<std::mutex> lock(mutex_);
    free_context();
  }

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    std::lock_guard<std::mutex> lock(mutex_);
    TORCH_CHECK(context_ != nullptr,
        "an earlier backward pass freed this graph; set keep_graph in that pass to run a second one");
    TORCH_CHECK(!at::GradMode::is_enabled(),
        "this operation has a hand-written backward pass, "
        "which cannot itself be differentiated (create_graph)");
    const size_t count = num_outputs();
    std::vector<at::Tensor*> given;
    for (auto& gradient : gradients) given.push_back(gradient.defined() ? &gradient : nullptr);
    auto needs_input_grad = std::make_unique<bool[]>(count);
    for (size_t i = 0; i < count; ++i) needs_input_grad[i] = task_should_compute_output(i);
    std::vector<at::Tensor*> results(count, nullptr);
    char message[MESSAGE_SIZE] = "";
    const bool succeeded = backward_(
        context_, given.data(), given.size(), needs_input_grad.get(), results.data(), count, message,
        MESSAGE_SIZE);
    torch::autograd::variable_list found(count);
    for (size_t i = 0; i < count; ++i) {
      if (results[i] == nullptr) continue;
      found[i] = std::move(*results[i]);
      delete results[i];
    }
    TORCH_CHECK(succeeded, message);
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

#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 13
// `deleteNode` frees a long chain of nodes without recursion.
std::shared_ptr<ClosureNode> make_node(void* context, closure_backward backward, closure_release release) {
  return {new ClosureNode(context, backward, release), torch::autograd::deleteNode};
}
#else
c10::intrusive_ptr<ClosureNode> make_node(void* context, closure_backward backward, closure_release release) {
  return c10::make_intrusive<ClosureNode>(context, backward, release);
}
#endif

}  // namespace

// Sets a node with the closure as the history of `outputs`. The node owns the context, even if the call
// fails.
extern "C" bool tch_autograd_attach(
    at::Tensor* const* inputs, size_t input_count, at::Tensor* const* outputs, size_t output_count,
    void* context, closure_backward backward, closure_release release, char* message, size_t message_size) {
  try {
    const auto node = make_node(context, backward, release);
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

// Writes the vector-Jacobian product of each input, a tensor that was created with `new`, or null, into
// `results`. Returns false on failure, with the reason in `message`.
extern "C" bool tch_autograd_grad(
    at::Tensor* const* outputs, at::Tensor* const* grad_outputs, size_t output_count, at::Tensor* const* inputs,
    size_t input_count, bool keep_graph, at::Tensor** results, char* message, size_t message_size) {
  try {
    const auto list = [](at::Tensor* const* tensors, size_t count) {
      torch::autograd::variable_list found;
      for (size_t i = 0; i < count; ++i) found.push_back(*tensors[i]);
      return found;
    };
    const bool create_graph = false, allow_unused = true;
    const auto found = torch::autograd::grad(
        list(outputs, output_count), list(inputs, input_count), list(grad_outputs, output_count), keep_graph,
        create_graph, allow_unused);
    for (size_t i = 0; i < input_count; ++i) results[i] = found[i].defined() ? new at::Tensor(found[i]) : nullptr;
    return true;
  } catch (const std::exception& error) {
    std::strncpy(message, error.what(), message_size - 1);
    return false;
  }
}

// Returns true if operations on this thread are recorded.
extern "C" bool tch_autograd_grad_is_enabled() { return at::GradMode::is_enabled(); }

// Returns the number of in-place changes of a tensor.
extern "C" int64_t tch_autograd_version(const at::Tensor* tensor) {
  return static_cast<int64_t>(tensor->_version());
}
