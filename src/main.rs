//! The command line program: parses, dispatches, prints the error if there is one.

use std::process::ExitCode;

use clap::Parser;
use lstm_lab::{cli::Cli, cmd, ui};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.log_format();
    match cmd::dispatch(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            use std::io::Write;
            drop(writeln!(std::io::stderr(), "{}", ui::last_words(&error, format)));
            ExitCode::from(error.exit_code())
        }
    }
}
