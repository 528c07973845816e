//! Lets every program and test find libtorch without an environment variable, compiles the C++ halves of `autograd` and
//! the engine `simd`, and tells the program what it was built from.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=Cargo.lock");
    // Set by torch-sys, which knows where it found libtorch, whichever way that was.
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB")
        .expect("torch-sys did not say where libtorch is; run scripts/setup");
    let lib = std::fs::canonicalize(&lib)
        .unwrap_or_else(|error| panic!("libtorch's libraries are not at {lib}: {error}; run scripts/setup"));
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
    if lib.join("libtorch_cuda.so").exists() {
        // It registers itself when it is loaded. No symbol is taken from it, so the linker would leave it out.
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
    }
    compile_cpp(&lib);
    println!("cargo:rustc-env=LSTM_LAB_LIBTORCH={}", libtorch_version(&lib));
    println!("cargo:rustc-env=LSTM_LAB_TCH={}", tch_version());
    println!("cargo:rustc-env=LSTM_LAB_GIT={}", git_revision());
}

/// What libtorch offers to C++ only.
fn compile_cpp(lib: &Path) {
    const FILES: [&str; 2] = ["src/autograd/node.cpp", "src/engine/simd/tensor.cpp"];
    FILES.iter().for_each(|file| println!("cargo:rerun-if-changed={file}"));
    let include = lib.join("../include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        // libtorch's headers are not ours to mend.
        .warnings(false)
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .files(FILES)
        .compile("lstm_lab_cpp");
}

/// From the headers beside the libraries.
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

/// From the lock file.
fn tch_version() -> String {
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"tch\"").skip(1);
    lines.next().and_then(|line| line.split('"').nth(1)).unwrap_or("unknown").to_string()
}

/// The commit, `+dirty` where tracked files differ from it.
fn git_revision() -> String {
    println!("cargo:rerun-if-changed=src");
    // Both change with the commit. Not the index: git writes it whenever it looks at the files, and each time the
    // program would be built anew; so it would for a file that is not there, as in a checkout without git.
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

/// What git says, if it is there and this is its checkout.
fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_string())
}
