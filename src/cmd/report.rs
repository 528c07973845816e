//! `lstm-lab report`: summary, figures and report from the CSV files alone.

use crate::cli::ReportArgs;
use crate::report;
use crate::support::error::Result;
use crate::support::progress::print;

/// Rebuilds each results directory and prints the paths of the written files.
pub fn report(args: &ReportArgs) -> Result<u8> {
    for dir in &args.dirs {
        for path in report::write(dir)?.files {
            print(&format!("{}\n", path.display()))?;
        }
    }
    Ok(0)
}
