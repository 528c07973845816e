//! The command line program: parses, dispatches, prints the error if there is one.

use std::process::ExitCode;

use clap::Parser;
use lstm_lab::cli::Cli;
use lstm_lab::cmd;
use lstm_lab::support::progress::{self, LogFormat};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.log_format();
    match cmd::dispatch(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            use std::io::Write;
            let code = error.exit_code();
            let words = match format {
                LogFormat::Json => progress::last_event(&error),
                LogFormat::Text => format!("lstm-lab: {:#}", anyhow::Error::from(error)),
            };
            drop(writeln!(std::io::stderr(), "{words}"));
            ExitCode::from(code)
        }
    }
}
