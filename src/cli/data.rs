//! The arguments of `data`.

use clap::{Args, Subcommand};

/// Arguments of `data`.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// The action.
    #[command(subcommand)]
    pub action: DataAction,
}

/// The subcommands of `data`.
#[derive(Debug, Subcommand)]
pub enum DataAction {
    /// List the known datasets and their state on disk.
    List,
    /// Download datasets and verify their checksums.
    Fetch {
        /// Names from `data list`.
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Download again, even if the dataset is complete.
        #[arg(long)]
        force: bool,
    },
    /// Verify the checksums of datasets on disk.
    Verify {
        /// Names from `data list` [default: all datasets on disk].
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
}
