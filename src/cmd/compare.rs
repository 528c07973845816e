//! `lstm-lab compare`: the differences between two results directories, from the CSV files alone.

use crate::cli::{CompareArgs, CompareFormat};
use crate::report::compare;
use crate::support::error::Result;
use crate::support::progress::print;

/// The exit code after a regression.
const REGRESSION: u8 = 1;

/// Prints the comparison of two results directories.
pub fn compare(args: &CompareArgs) -> Result<u8> {
    let found = compare::compare(&args.a, &args.b, args.fail_on_regression)?;
    let text = match args.format {
        CompareFormat::Text => found.text(args.all),
        CompareFormat::Markdown => found.markdown(args.all),
        CompareFormat::Html => found.html(args.all),
        CompareFormat::Csv => found.csv()?,
        CompareFormat::Json => found.json()?,
    };
    print(&text)?;
    Ok(if found.has_regression() { REGRESSION } else { 0 })
}
