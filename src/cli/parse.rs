//! The parsing of the command line, with suggestions for misspelt commands.

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};

use super::Cli;
use crate::support::text::nearest;

/// Parses the arguments. A wrong one ends the process with a message.
pub fn parse_or_exit() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| suggesting(error).exit())
}

/// Adds a suggestion to the error for an unknown subcommand. That of clap misses swapped letters.
fn suggesting(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(found)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    let cli = Cli::command();
    // The unknown word follows the names of commands, such as `data`.
    let words = std::env::args().skip(1);
    let parent = words.fold(&cli, |command, word| command.find_subcommand(word).unwrap_or(command));
    let known = parent.get_subcommands().filter(|command| !command.is_hide_set());
    let names: Vec<&str> = known.map(clap::Command::get_name).collect();
    let near = nearest(found, names.iter().copied()).map(str::to_string);
    if let Some(near) = near.filter(|_| error.get(ContextKind::SuggestedSubcommand).is_none()) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near]));
    }
    error
}
