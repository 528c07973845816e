//! `lstm-lab completions`: a script that completes commands and options in a shell.

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::support::error::Result;
use crate::support::progress::print;

/// The name of the program.
const PROGRAM: &str = env!("CARGO_PKG_NAME");

/// Prints the script.
pub fn completions(shell: Shell) -> Result<u8> {
    let cli = Cli::command();
    // The generator for bash completes hidden commands too.
    let visible = cli.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let mut command = Command::new(PROGRAM).version(env!("CARGO_PKG_VERSION")).subcommands(visible);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, PROGRAM, &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
