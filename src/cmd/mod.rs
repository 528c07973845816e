//! The subcommands, one file each. Each returns the exit code of the process; only `main` prints errors.

mod check;
mod clean;
mod compare;
mod completions;
mod data;
mod doctor;
mod init;
mod list;
mod man;
mod report;
mod run;
mod sample;
mod schema;
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
        Command::Init(args) => init::init(&args),
        Command::List(args) => list::list(&args),
        Command::Report(args) => report::report(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Clean(args) => clean::clean(&args),
        Command::Trace(args) => trace::trace(&args),
        Command::Sample(args) => sample::sample(&args),
        Command::Data(args) => data::data(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Schema => schema::schema(),
        Command::Completions { shell } => completions::completions(shell),
        Command::Man { dir } => man::man(&dir),
        Command::TimeEngines => time_engines::time_engines(),
    }
}
