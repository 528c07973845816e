//! A process that times the engines of a run: `lstm-lab time-engines`, started by the run.
//!
//! The layout of a process's memory changes times by some percent, so one process is one sample of it.

use std::io::{self, BufRead, Read};
use std::process::Command;
use std::{env, thread};

use serde_json::json;

use super::job::{Answer, Failure, Job};
use super::{benchmark, choice};
use crate::results::environment::peak_memory;
use crate::run::process::Process;
use crate::run::{ExecTarget, allocator};
use crate::support::error::{Error, Result};
use crate::support::panic::catch_panics;
use crate::support::progress::print;

/// The name of the hidden subcommand.
pub const SUBCOMMAND: &str = "time-engines";

/// Starts a process of this program, and returns its answer to a job.
///
/// # Errors
/// [`Error::Timing`]: the process cannot be started or exits.
pub fn ask(job: &Job) -> Result<Answer> {
    let program =
        env::current_exe().map_err(|cause| Error::Timing(format!("cannot find this program: {cause}")))?;
    let mut command = Command::new(program);
    command.arg(SUBCOMMAND).envs(allocator::variables());
    let number = job.process;
    let to_error = move |problem| Error::Timing(format!("process {number} of the timings: {problem}"));
    Process::start(command, "", to_error)?.ask(&json!(job), "the timings")
}

/// Reads a job from standard input, executes it and prints the answer.
///
/// # Errors
/// Standard input has no job.
pub fn serve() -> Result<()> {
    let mut line = String::new();
    let job = io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string());
    let job = job.and_then(|_| serde_json::from_str::<Job>(&line).map_err(|error| error.to_string()));
    let job = job.map_err(|problem| {
        Error::Usage(format!("`{SUBCOMMAND}` is started by `run`: expected a job on stdin, found {problem}"))
    })?;
    exit_with_parent();
    let mut answer = catch_panics(|| execute(&job)).unwrap_or_else(|error| Answer {
        failures: vec![Failure { framework: None, message: error.to_string() }],
        ..Answer::default()
    });
    answer.peak_memory = peak_memory();
    print(&format!("{}\n", json!(answer)))
}

fn execute(job: &Job) -> Result<Answer> {
    let device = job.device.parse().map_err(Error::Usage)?;
    let target = ExecTarget::resolve(device, u16::try_from(job.threads).ok())?;
    let workload = choice::load(job, target.device)?;
    let answer = benchmark::time(job, workload.as_ref(), target)?;
    Ok(Answer { peak_device_memory: target.peak_device_memory(), ..answer })
}

/// Ends this process as soon as the one that started it has ended, which closes standard input.
fn exit_with_parent() {
    thread::spawn(|| {
        let mut rest = [0; 64];
        while io::stdin().read(&mut rest).is_ok_and(|count| count > 0) {}
        std::process::exit(1);
    });
}
