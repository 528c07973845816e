//! `lstm-lab report`: summary, figures and report from the CSV files alone.

use crate::cli::ReportArgs;
use crate::report;
use crate::support::error::Result;
use crate::support::progress::print;

/// Rebuilds each results directory and prints the paths of the written files. With `--index`, the last one is
/// a page with links to all reports.
pub fn report(args: &ReportArgs) -> Result<u8> {
    let mut entries = Vec::new();
    for dir in &args.dirs {
        let written = report::write(dir)?;
        for path in &written.files {
            print(&format!("{}\n", path.display()))?;
        }
        entries.push(written.entry);
    }
    if let Some(index) = &args.index {
        report::index::write(index, &entries)?;
        print(&format!("{}\n", index.display()))?;
    }
    Ok(0)
}
