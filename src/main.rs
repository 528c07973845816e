//! The program `lstm-lab`: it parses the arguments, executes the command and prints its error.

use std::io::Write;
use std::process::ExitCode;

use lstm_lab::cli;
use lstm_lab::cmd;
use lstm_lab::engine::{self, Isa};
use lstm_lab::run::isa;
use lstm_lab::support::progress::{self, LogFormat};
use lstm_lab::support::text::printable;

fn main() -> ExitCode {
    let arguments = cli::parse_or_exit();
    let format = arguments.log_format();
    let done = isa::forced().and_then(|isa| {
        isa.into_iter().for_each(force);
        cmd::dispatch(arguments.command)
    });
    let error = match done {
        Ok(code) => return ExitCode::from(code),
        Err(error) => error,
    };
    let code = error.exit_code();
    let message = match format {
        LogFormat::Json => progress::error_event(&error),
        LogFormat::Text => printable(&format!("lstm-lab: {:#}", anyhow::Error::from(error))),
    };
    drop(writeln!(std::io::stderr(), "{message}"));
    ExitCode::from(code)
}

/// Forces the instruction set of the engine `simd`, and holds other libraries to it. A variable that the
/// user has set stays.
fn force(isa: Isa) {
    engine::force_isa(isa);
    for (name, value) in isa::library_variables(isa).filter(|(name, _)| std::env::var_os(name).is_none()) {
        // SAFETY: `main` calls this function before libtorch, so no other thread exists.
        unsafe { std::env::set_var(name, value) };
    }
}
