// A call of a function of a library that is loaded when the program runs.

#pragma once

#include <ATen/DynamicLibrary.h>
#include <c10/util/Exception.h>

// The function returns 0 or the number of an error, which becomes an exception.
template <typename... Args>
void call(at::DynamicLibrary& library, const char* name, Args... args) {
  const int error = reinterpret_cast<int (*)(Args...)>(library.sym(name))(args...);
  TORCH_CHECK(error == 0, name, ": CUDA error ", error);
}
