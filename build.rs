//! Sets the rpath to libtorch, so that programs and tests need no environment variable. Compiles the C++
//! files. Passes the versions of libtorch, tch and this repository to the program.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=Cargo.lock");
    // torch-sys sets this variable, independent of how it found libtorch.
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB")
        .expect("torch-sys did not say where libtorch is; run scripts/setup");
    let lib = std::fs::canonicalize(&lib)
        .unwrap_or_else(|error| panic!("libtorch's libraries are not at {lib}: {error}; run scripts/setup"));
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
    if lib.join("libtorch_cuda.so").exists() {
        // The library registers itself when it is loaded. No symbol refers to it, so the linker would drop
        // it.
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
    }
    compile_cpp(&lib);
    println!("cargo:rustc-env=LSTM_LAB_LIBTORCH={}", libtorch_version(&lib));
    println!("cargo:rustc-env=LSTM_LAB_TCH={}", tch_version());
    println!("cargo:rustc-env=LSTM_LAB_GIT={}", git_revision());
}

/// Compiles the functions for which libtorch has only a C++ interface.
fn compile_cpp(lib: &Path) {
    const FILES: [&str; 5] = [
        "src/engine/simd/tensor.cpp",
        "src/engine/libtorch_isa.cpp",
        "src/cuda/libtorch.cpp",
        "src/cuda/driver.cpp",
        "src/engine/cuda/launch.cpp",
    ];
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    println!("cargo:rerun-if-changed=src/cuda/call.h");
    let include = lib.join("../include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        // All warnings come from the headers of libtorch.
        .warnings(false)
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .files(FILES)
        .compile("lstm_lab_cpp");
}

/// Reads the version from libtorch's headers.
fn libtorch_version(lib: &Path) -> String {
    let header = lib.join("../include/torch/headeronly/version.h");
    let text = std::fs::read_to_string(header).unwrap_or_default();
    let part = |name: &str| {
        let define = format!("#define TORCH_VERSION_{name} ");
        text.lines().find_map(|line| line.strip_prefix(&define)).map(|value| value.trim().to_string())
    };
    match (part("MAJOR"), part("MINOR"), part("PATCH")) {
        (Some(major), Some(minor), Some(patch)) => format!("{major}.{minor}.{patch}"),
        _ => "unknown".to_string(),
    }
}

/// Reads the version of tch from the lock file.
fn tch_version() -> String {
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"tch\"").skip(1);
    lines.next().and_then(|line| line.split('"').nth(1)).unwrap_or("unknown").to_string()
}

/// Returns the commit, with `+dirty` if tracked files differ from it.
fn git_revision() -> String {
    println!("cargo:rerun-if-changed=src");
    // Both files change with the commit. The index is not suitable: git also writes it when it only reads
    // the files, and the program would be built again. A missing file would also cause a new build, so its
    // existence is checked.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_string() };
    match git(&["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}+dirty"),
    }
}

/// Returns the output of git, if git is installed and this is a checkout.
fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_string())
}
