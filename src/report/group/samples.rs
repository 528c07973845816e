//! The text of a grid point.

use crate::report::load::GridPoint;
use crate::results::schema::SampleRow;

/// The text of the first run of a grid point that has one.
pub fn first_text<'s>(samples: &'s [SampleRow], point: &GridPoint) -> Option<&'s SampleRow> {
    point.runs.iter().find_map(|run| samples.iter().find(|sample| sample.run_id == run.row.run_id))
}
