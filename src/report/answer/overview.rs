//! The numbers of several settings side by side, in a table instead of a long sentence.

use super::words::{Labels, MOST_LISTED};
use crate::report::group_by::group_by;
use crate::settings::Settings;
use crate::support::distinct::distinct;
use crate::support::text::{indented, padded};

/// The largest number of settings that a table has a row for.
pub const MOST_ROWS: usize = 30;

/// The largest number of columns beside the names of the settings.
const MOST_COLUMNS: usize = 5;

/// The number of columns from which on two settings have a table: sentences would have too many numbers.
const MANY_COLUMNS: usize = 4;

/// The largest number of letters of a line.
const MOST_LETTERS: usize = 100;

/// One number of each of some settings of one kind of measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<'a> {
    /// The name of the numbers, with the unit.
    pub heading: String,
    /// The settings with their numbers.
    pub numbers: Vec<(&'a Settings, String)>,
}

/// A table in plain text: the settings that vary, then their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overview {
    /// The heads of the columns.
    pub header: Vec<String>,
    /// A row for each setting, as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Overview {
    /// Returns true if there are such columns, and the table has each of them.
    pub fn has(&self, columns: &[Column]) -> bool {
        let mut columns = columns.iter().filter(|column| !column.numbers.is_empty()).peekable();
        columns.peek().is_some() && columns.all(|column| self.header.contains(&column.heading))
    }

    /// The table as lines of text, its columns aligned. Columns that a terminal has no room for are left out.
    pub fn lines(&self) -> Vec<String> {
        let lines = padded(std::iter::once(&self.header).chain(&self.rows), 0);
        let ends = lines[0].iter().scan(0, |end, head| {
            *end += head.chars().count() + 2;
            Some(*end)
        });
        let count = ends.take_while(|end| *end <= MOST_LETTERS).count();
        lines.iter().map(|cells| indented(&cells[..count])).collect()
    }
}

/// A table for each kind of measurement, if its settings are more than a sentence lists and not too many, or
/// if several have many numbers each.
/// Columns beyond the first few are left out.
pub fn overviews<'a>(columns: impl IntoIterator<Item = &'a Column<'a>>) -> Vec<Overview> {
    let columns = columns.into_iter().filter(|column| !column.numbers.is_empty());
    let kinds = group_by(columns, |column| column.numbers[0].0.kind);
    kinds
        .into_iter()
        .filter_map(|(_, columns)| overview(&columns[..columns.len().min(MOST_COLUMNS)]))
        .collect()
}

fn overview(columns: &[&Column]) -> Option<Overview> {
    let numbers = columns.iter().flat_map(|column| &column.numbers);
    let mut points: Vec<&Settings> = distinct(numbers.map(|(point, _)| *point));
    let least = if columns.len() < MANY_COLUMNS { MOST_LISTED + 1 } else { 2 };
    if !(least..=MOST_ROWS).contains(&points.len()) {
        return None;
    }
    let labels = Labels::of(&points);
    points.sort_by_key(|point| labels.order(point));
    let of = |column: &Column, point: &Settings| {
        let found = column.numbers.iter().find(|(other, _)| *other == point);
        found.map(|(_, number)| number.clone()).unwrap_or_default()
    };
    let row = |point: &&Settings| {
        labels.values(point).into_iter().chain(columns.iter().map(|column| of(column, point))).collect()
    };
    let header = labels.heads().into_iter().chain(columns.iter().map(|column| column.heading.clone()));
    Some(Overview { header: header.collect(), rows: points.iter().map(row).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::run;

    #[test]
    fn overviews_are_of_more_settings_than_a_sentence_lists_in_the_order_of_the_grid() {
        let points: Vec<Settings> =
            [32, 8, 64, 16].map(|hidden_size| Settings { hidden_size, ..run("a", 1).settings }).into();
        let column = |heading: &str, count: usize| Column {
            heading: heading.into(),
            numbers: points[..count].iter().map(|point| (point, format!("n{}", point.hidden_size))).collect(),
        };
        let found = overviews(&[column("first", 4), column("none", 0), column("second", 2)]);
        let rows = [["8", "n8", "n8"], ["16", "n16", ""], ["32", "n32", "n32"], ["64", "n64", ""]];
        let expected = Overview {
            header: ["H", "first", "second"].map(String::from).into(),
            rows: rows.map(|row| row.map(String::from).to_vec()).into(),
        };
        assert_eq!(found, [expected]);
        assert_eq!(overviews(&[column("first", 3)]), [], "a sentence lists three");
        let many: Vec<Column> = ["first", "second", "third", "fourth"].map(|head| column(head, 2)).into();
        assert_eq!(overviews(&many)[0].rows.len(), 2, "four sentences would list two each");
    }
}
