//! `lstm-lab report`: summary, plots and report from the CSV alone.

use crate::cli::ReportArgs;
use crate::report;
use crate::support::error::Result;
use crate::support::progress::print;

/// Prints the files that it wrote.
pub fn report(args: &ReportArgs) -> Result<u8> {
    for dir in &args.dirs {
        for path in report::write(dir)? {
            print(&format!("{}\n", path.display()))?;
        }
    }
    Ok(0)
}
