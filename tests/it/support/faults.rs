//! The program with a fault at a chosen use of a file: it is killed there, or the call fails.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::LazyLock;

use assert_cmd::cargo::cargo_bin;

/// The shared library of `faults.c`.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults.so");
    // Another process of tests may have loaded the library. It keeps the file that it has.
    let new = library.with_extension(std::process::id().to_string());
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&new).arg(&source).arg("-ldl");
    let built = command.output().expect("a C compiler is there: tch needs one too");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    fs::rename(&new, &library).unwrap();
    library
});

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The process is killed at a change of a file; of a write, half is made.
    Kill,
    /// The disk is full at one change of a file.
    Full,
    /// The disk is full from a change of a file on.
    StaysFull,
    /// The disk does not answer one call, which may be one that reads.
    Broken,
    /// The disk answers no call from one on.
    StaysBroken,
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 5] =
        [Fault::Kill, Fault::Full, Fault::StaysFull, Fault::Broken, Fault::StaysBroken];

    /// Returns the variables of `faults.c` that choose the fault.
    fn variables(self) -> &'static str {
        match self {
            Fault::Kill => "FAULT_KIND=kill",
            Fault::Full => "FAULT_KIND=28",
            Fault::StaysFull => "FAULT_KIND=28\tFAULT_LASTS=1",
            Fault::Broken => "FAULT_KIND=5\tFAULT_CALLS=all",
            Fault::StaysBroken => "FAULT_KIND=5\tFAULT_CALLS=all\tFAULT_LASTS=1",
        }
    }

    /// Returns the words of the system for the fault.
    pub fn message(self) -> &'static str {
        match self {
            Fault::Kill => "killed",
            Fault::Full | Fault::StaysFull => "No space left on device",
            Fault::Broken | Fault::StaysBroken => "Input/output error",
        }
    }
}

/// The end of a process.
pub struct Ended {
    pub status: ExitStatus,
    /// The text on both outputs.
    pub said: String,
}

/// The program with its arguments, loaded once and executed in many directories.
pub struct Server {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Server {
    /// Loads the program.
    pub fn start(arguments: &[&str]) -> Server {
        let mut command = Command::new(cargo_bin("lstm-lab"));
        command.args(arguments).env("LD_PRELOAD", &*LIBRARY).env("LD_BIND_NOW", "1");
        command.env("FAULT_SERVER", "1").env("FAULT_UNDER", "results");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (requests, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Server { process, requests, answers: BufReader::new(answers) }
    }

    /// Executes the program in a directory without a fault.
    pub fn execute(&mut self, dir: &Path) -> Ended {
        self.request(dir, "")
    }

    /// Executes the program in a directory with a fault at the call `at`, counted from 0.
    pub fn with_fault(&mut self, dir: &Path, fault: Fault, at: usize) -> Ended {
        self.request(dir, &format!("FAULT_AT={}\t{}", at + 1, fault.variables()))
    }

    /// Executes the program in a directory, and returns the calls below `results` that count for a fault: a
    /// name and a path each.
    pub fn calls(&mut self, dir: &Path, fault: Fault) -> Vec<String> {
        let log = dir.join("calls.log");
        let ended = self.request(dir, &format!("FAULT_LOG={}\t{}", log.display(), fault.variables()));
        assert!(ended.status.success(), "{}", ended.said);
        let text = fs::read_to_string(&log).unwrap();
        fs::remove_file(&log).unwrap();
        text.lines().map(String::from).collect()
    }

    fn request(&mut self, dir: &Path, variables: &str) -> Ended {
        writeln!(self.requests, "{}\t{variables}", dir.display()).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let status = answer.trim().parse().expect("a wait status");
        let said = String::from_utf8_lossy(&fs::read(dir.join("said")).unwrap()).into_owned();
        Ended { status: ExitStatus::from_raw(status), said }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server without clients waits for a request, and so holds nothing.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the program in a directory, and returns its changes of files below `results`: a name and a path each.
pub fn changes(dir: &Path, arguments: &[&str]) -> Vec<String> {
    Server::start(arguments).calls(dir, Fault::Kill)
}

/// Runs the program in a directory with a fault at the change `at`, counted from 0.
pub fn with_fault(dir: &Path, arguments: &[&str], fault: Fault, at: usize) -> Ended {
    Server::start(arguments).with_fault(dir, fault, at)
}
