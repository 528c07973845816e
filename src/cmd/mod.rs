//! The subcommands, one file each. Each returns the exit code of the process; only `main` prints errors.

mod check;
mod compare;
mod data;
mod doctor;
mod list;
mod report;
mod run;
mod sample;
mod time_engines;
mod trace;

use crate::cli::Command;
use crate::support::error::Result;

/// Executes a command.
///
/// # Errors
/// The command failed; [`crate::support::error::Error::exit_code`] is the exit code of the process.
pub fn dispatch(command: Command) -> Result<u8> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::List => list::list(),
        Command::Report(args) => report::report(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Trace(args) => trace::trace(&args),
        Command::Sample(args) => sample::sample(&args),
        Command::Data(args) => data::data(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::TimeEngines => time_engines::time_engines(),
    }
}
