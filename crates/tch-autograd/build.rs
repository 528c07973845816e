//! Compiles the C++ half of the crate, and sets the rpath of its tests and examples.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/node.cpp");
    // torch-sys sets this variable, independent of how it found libtorch.
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys did not say where libtorch is");
    let lib = std::fs::canonicalize(&lib)
        .unwrap_or_else(|error| panic!("expected libtorch's libraries in {lib}, found: {error}"));
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
    if lib.join("libtorch_cuda.so").exists() {
        // The library registers itself when it is loaded. No symbol refers to it, so the linker would drop
        // it.
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
    }
    let include = lib.join("../include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        // All warnings come from the headers of libtorch.
        .warnings(false)
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .file("src/node.cpp")
        .compile("tch_autograd_cpp");
}
