//! The check that the tables of a results directory are whole, before anything is said of them.

use std::collections::HashMap;
use std::path::Path;

use crate::results::RunRecord;
use crate::results::manifest::{self, TABLES};
use crate::results::schema::RUN_TABLES;
use crate::support::error::{Error, Result};
use crate::support::file::is_there;

/// The remedy for tables that do not fit their runs.
const REMEDY: &str = "`lstm-lab run` with the same config writes the tables anew from runs/";

/// Checks that the tables are as `lstm-lab run` wrote them, with as many rows of each run as it has.
///
/// # Errors
/// The first file that was changed, or the first run that lacks rows.
pub fn check(dir: &Path, runs: &[RunRecord]) -> Result<()> {
    if is_there(&dir.join(TABLES))?
        && let Some((file, problem)) = manifest::difference(dir)?
    {
        return Err(Error::data(&dir.join(file), format!("{problem}; {REMEDY}")));
    }
    // Tables that another program wrote have no numbers of rows.
    if runs.iter().any(|run| run.row.rows.is_some()) { check_rows(dir, runs) } else { Ok(()) }
}

fn check_rows(dir: &Path, runs: &[RunRecord]) -> Result<()> {
    let mut found: HashMap<Vec<u8>, usize> = HashMap::new();
    for file in RUN_TABLES {
        count(&dir.join(file), &mut found)?;
    }
    for run in runs {
        let (id, found) = (&run.row.run_id, found.remove(run.row.run_id.as_bytes()).unwrap_or(0));
        if let Some(expected) = run.row.rows.filter(|expected| *expected != found) {
            let problem = format!("expected {expected} rows of the run {id} in all tables, found {found}");
            return Err(Error::data(dir, format!("{problem}; {REMEDY}")));
        }
    }
    Ok(())
}

/// Adds the rows of a table, which begin with the id of their run.
fn count(path: &Path, rows: &mut HashMap<Vec<u8>, usize>) -> Result<()> {
    if !is_there(path)? {
        return Ok(());
    }
    let mut reader = csv::Reader::from_path(path).map_err(Error::csv("read", path))?;
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(Error::csv("read", path))? {
        match record.get(0).and_then(|id| rows.get_mut(id)) {
            Some(count) => *count += 1,
            None => drop(rows.insert(record.get(0).unwrap_or_default().to_vec(), 1)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::fixtures;
    use crate::support::file::write_csv;

    #[test]
    fn check_missing_row_or_changed_table_is_an_error_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let table = dir.path().join("gradients.csv");
        write_csv(&table, fixtures::line("a", "total_h", 3, 0.0, -1.0)).unwrap();
        let run = |rows: Option<usize>| {
            let mut run = fixtures::run("a", 1);
            run.row.rows = rows;
            [run]
        };
        let message = |runs: &[RunRecord]| check(dir.path(), runs).unwrap_err().to_string();
        assert!(check(dir.path(), &run(None)).is_ok() && check(dir.path(), &run(Some(3))).is_ok());
        let found = message(&run(Some(4)));
        assert!(
            found.contains("expected 4 rows of the run a in all tables, found 3; `lstm-lab run`"),
            "{found}"
        );

        manifest::write(dir.path(), &["gradients.csv"]).unwrap();
        assert!(check(dir.path(), &run(Some(3))).is_ok());
        let text = fs::read_to_string(&table).unwrap();
        fs::write(&table, text.replacen("-1", "-2", 1)).unwrap();
        let found = message(&run(Some(3)));
        assert!(
            found.contains("gradients.csv: expected SHA-256") && found.contains("writes the tables anew")
        );
    }
}
