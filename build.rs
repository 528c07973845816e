//! Lets every program and test find libtorch without an environment variable.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Set by torch-sys, which knows where it found libtorch, whichever way that was.
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB")
        .expect("torch-sys did not say where libtorch is; run scripts/setup");
    let lib = std::fs::canonicalize(&lib)
        .unwrap_or_else(|error| panic!("libtorch's libraries are not at {lib}: {error}; run scripts/setup"));
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
}
