//! The command line program: parses, dispatches, prints the error if there is one.

use std::process::ExitCode;

use clap::Parser;
use lstm_lab::{cli::Cli, cmd};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cmd::dispatch(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            use std::io::Write;
            let code = error.exit_code();
            drop(writeln!(std::io::stderr(), "lstm-lab: {:#}", anyhow::Error::from(error)));
            ExitCode::from(code)
        }
    }
}
