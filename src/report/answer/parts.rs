//! The parts of the differences in slope that go with the init, with the cell, and with their combination.

use super::words::{Labels, listed};
use crate::report::estimate::Estimate;
use crate::report::figures::Dim;
use crate::report::format::with_interval;
use crate::report::summary::{Sample, Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;
use crate::support::stats;

/// The least number of inits.
const INITS: usize = 3;

/// A sentence on the shares of the sum of squares of the slopes; none unless cells and inits without an order
/// alone vary. Inits that some cell lacks are left out.
pub fn sentence(summary: &[Statistic]) -> Option<String> {
    let is_slope = |row: &&Statistic| {
        (row.section, row.point.kind) == (Section::Gradients, ExperimentKind::Gradients)
            && (row.metric, row.quantity.as_str()) == ("slope", "total_h")
    };
    let rows: Vec<&Statistic> = summary.iter().filter(is_slope).collect();
    let points: Vec<&Settings> = rows.iter().map(|row| &row.point).collect();
    let labels = Labels::of(&points);
    let (cells, inits) = (labels.dim("cell")?, labels.dim("init")?);
    if labels.count() > 2 || inits.is_ordered() || rows.iter().any(|row| row.layer != Some(0)) {
        return None;
    }
    let columns: Vec<Vec<&Statistic>> =
        (0..inits.values.len()).filter_map(|n| column(&rows, cells, inits, n)).collect();
    if columns.len() < INITS {
        return None;
    }
    let seeds: Vec<u64> = seeds(columns[0][0]).iter().map(|(seed, _)| *seed).collect();
    let shares: Vec<[f64; 3]> = seeds.iter().filter_map(|seed| shares(&columns, *seed)).collect();
    let of = |part: usize| {
        let percent: Vec<f64> = shares.iter().map(|shares| 100.0 * shares[part]).collect();
        format!("{} %", with_interval(&Estimate::mean(&percent)))
    };
    let count = format!("{} cells and {} inits", cells.values.len(), columns.len());
    (!shares.is_empty()).then(|| {
        format!(
            "Of the differences in slope between {count}, {} go with the init, {} with the cell and {} with \
             the combination of both (shares of the sum of squares){}.",
            of(0),
            of(1),
            of(2),
            left_out(&rows, cells, inits)
        )
    })
}

/// A remark on the inits that some cell lacks; empty if there are none.
fn left_out(rows: &[&Statistic], cells: &Dim, inits: &Dim) -> String {
    let without = (0..inits.values.len()).filter(|n| column(rows, cells, inits, *n).is_none());
    let names: Vec<String> = without.map(|n| inits.values[n].clone()).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("; without {}, which some cell lacks", listed(&names))
}

/// The slopes of an init by cell; none if a cell lacks it.
fn column<'a>(rows: &[&'a Statistic], cells: &Dim, inits: &Dim, init: usize) -> Option<Vec<&'a Statistic>> {
    let of_cell = |cell: usize| {
        let is_it = |row: &&&Statistic| (cells.index(&row.point), inits.index(&row.point)) == (cell, init);
        rows.iter().find(is_it).copied()
    };
    (0..cells.values.len()).map(of_cell).collect()
}

fn seeds(row: &Statistic) -> &[(u64, f64)] {
    if let Sample::Seeds(seeds) = &row.sample { seeds } else { &[] }
}

/// The shares of the sum of squares of a seed's slopes: between the inits, between the cells, and the rest.
fn shares(columns: &[Vec<&Statistic>], seed: u64) -> Option<[f64; 3]> {
    let slope = |row: &&Statistic| {
        let of_seed = seeds(row).iter().find(|(other, _)| *other == seed);
        of_seed.map(|(_, slope)| *slope)
    };
    let table: Vec<Vec<f64>> =
        columns.iter().map(|column| column.iter().map(slope).collect()).collect::<Option<_>>()?;
    let mean = stats::mean(&table.concat())?;
    let squares = |numbers: &[f64]| numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
    let of_inits: Vec<f64> = table.iter().filter_map(|column| stats::mean(column)).collect();
    let cells = 0..table[0].len();
    let of_cells: Vec<f64> = cells
        .filter_map(|cell| stats::mean(&table.iter().map(|column| column[cell]).collect::<Vec<_>>()))
        .collect();
    let whole = squares(&table.concat());
    let inits = squares(&of_inits) * of_cells.len() as f64 / whole;
    let cells = squares(&of_cells) * of_inits.len() as f64 / whole;
    (whole > 0.0).then_some([inits, cells, 1.0 - inits - cells])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Lstm, Rnn};
    use crate::report::fixtures::run;

    #[test]
    fn sentence_splits_the_differences_between_init_cell_and_both() {
        let of = |slope: fn(usize, usize) -> f64| {
            let row = |cell: usize, init: usize| {
                let mut point = run("a", 1).settings;
                let inits = ["pytorch", "xavier", "orthogonal(1)", "tch"];
                (point.cell, point.init) = (Some([Rnn, Lstm][cell]), Some(inits[init].parse().unwrap()));
                let number = slope(cell, init);
                Statistic {
                    quantity: "total_h".into(),
                    layer: Some(0),
                    sample: Sample::Seeds(vec![(1, number)]),
                    ..Statistic::new(Section::Gradients, "slope", &point, Estimate::mean(&[number]), "1")
                }
            };
            // One cell lacks the last init.
            let places = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2), (0, 3)];
            sentence(&places.map(|(cell, init)| row(cell, init)))
        };
        let expected = |init: &str, cell: &str, both: &str| {
            Some(format!(
                "Of the differences in slope between 2 cells and 3 inits, {init} % go with the init, {cell} \
                 % with the cell and {both} % with the combination of both (shares of the sum of \
                 squares); without tch, which some cell lacks."
            ))
        };
        assert_eq!(of(|_, init| init as f64), expected("100", "0.00", "0.00"));
        assert_eq!(of(|cell, _| cell as f64), expected("0.00", "100", "0.00"));
        // 0 0 0 and 0 1 2 have means of 0, 1/2, 1 and of 0, 1: 1, 3/2 and 1 of 7/2.
        assert_eq!(of(|cell, init| (cell * init) as f64), expected("28.6", "42.9", "28.6"));
        assert_eq!(of(|_, _| 0.0), None);
    }
}
