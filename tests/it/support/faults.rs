//! The program with a fault at a chosen change of a file: it is killed there, or the call fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use assert_cmd::cargo::cargo_bin;

/// The shared library of `faults.c`.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults.so");
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    let built = command.output().expect("a C compiler is there: tch needs one too");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
});

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The process is killed; of a write, half is made.
    Kill,
    /// The disk is full.
    Full,
    /// The disk does not answer.
    Broken,
}

impl Fault {
    /// Returns the value of `FAULT_KIND`.
    fn kind(self) -> &'static str {
        match self {
            Fault::Kill => "kill",
            Fault::Full => "28",
            Fault::Broken => "5",
        }
    }
}

fn program(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("lstm-lab"));
    command.current_dir(dir).args(arguments).env("LD_PRELOAD", &*LIBRARY).env("FAULT_UNDER", "results");
    command
}

/// Runs the program in a directory, and returns its changes of files below `results`: a name and a path each.
pub fn changes(dir: &Path, arguments: &[&str]) -> Vec<String> {
    let log = dir.join("changes.log");
    let output = program(dir, arguments).env("FAULT_LOG", &log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    text.lines().map(String::from).collect()
}

/// Runs the program in a directory with a fault at the change `at`, counted from 0.
pub fn with_fault(dir: &Path, arguments: &[&str], fault: Fault, at: usize) -> Output {
    let mut command = program(dir, arguments);
    command.env("FAULT_AT", (at + 1).to_string()).env("FAULT_KIND", fault.kind()).output().unwrap()
}
