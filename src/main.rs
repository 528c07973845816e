//! The program `lstm-lab`: it parses the arguments, executes the command and prints its error.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use lstm_lab::cli::Cli;
use lstm_lab::cmd;
use lstm_lab::support::progress::{self, LogFormat};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.log_format();
    let error = match cmd::dispatch(cli.command) {
        Ok(code) => return ExitCode::from(code),
        Err(error) => error,
    };
    let code = error.exit_code();
    let message = match format {
        LogFormat::Json => progress::error_event(&error),
        LogFormat::Text => format!("lstm-lab: {:#}", anyhow::Error::from(error)),
    };
    drop(writeln!(std::io::stderr(), "{message}"));
    ExitCode::from(code)
}
