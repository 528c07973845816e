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

/// The largest share that the combination has without a word on a cell that responds in a way of its own.
const COMBINATION: f64 = 0.1;

/// The largest number of cells that are named as those that lack an init.
const MOST_NAMED: usize = 3;

/// A sentence on the shares of the sum of squares of the slopes, and one without the cell that responds to
/// the inits in a way of its own, if there is one; none unless cells and inits without an order alone vary.
/// Inits that some of the compared cells lack are left out.
pub fn sentences(summary: &[Statistic]) -> Vec<String> {
    let is_slope = |row: &&Statistic| {
        (row.section, row.point.kind) == (Section::Gradients, ExperimentKind::Gradients)
            && (row.metric, row.quantity.as_str()) == ("slope", "total_h")
    };
    let rows: Vec<&Statistic> = summary.iter().filter(is_slope).collect();
    of_slopes(&rows).unwrap_or_default()
}

fn of_slopes(rows: &[&Statistic]) -> Option<Vec<String>> {
    let points: Vec<&Settings> = rows.iter().map(|row| &row.point).collect();
    let labels = Labels::of(&points);
    let (cells, inits) = (labels.dim("cell")?, labels.dim("init")?);
    if labels.count() > 2 || inits.is_ordered() || rows.iter().any(|row| row.layer != Some(0)) {
        return None;
    }
    let all: Vec<usize> = (0..cells.values.len()).collect();
    let common: Vec<usize> =
        (0..inits.values.len()).filter(|n| has_init(rows, (cells, inits), &all, *n)).collect();
    let whole = Split::of(rows, (cells, inits), &all, &common)?;
    let count = format!("{} cells and {} inits", all.len(), whole.inits);
    let first = format!(
        "{}: of the differences in slope between {count}, {} (shares of the sum of squares){}. Other inits \
         would give other shares.",
        whole.verdict(),
        whole.in_words(),
        left_out(rows, cells, inits)
    );
    let without = |cell: &usize| {
        let others: Vec<usize> = all.iter().copied().filter(|other| other != cell).collect();
        let split = Split::of(rows, (cells, inits), &others, &common)?;
        Some((*cell, others, split))
    };
    let own = all.iter().filter(|_| all.len() > 2 && whole.combination() > COMBINATION).filter_map(without);
    let own = own.min_by(|(.., a), (.., b)| a.combination().total_cmp(&b.combination()));
    let own = own.filter(|(.., split)| split.combination() < whole.combination() / 2.0);
    let own = own.map(|(cell, others, split)| {
        let name = &cells.values[cell];
        let every: Vec<usize> =
            (0..inits.values.len()).filter(|n| has_init(rows, (cells, inits), &others, *n)).collect();
        let with_more =
            Split::of(rows, (cells, inits), &others, &every).filter(|_| every.len() > common.len());
        let with_more =
            with_more.map(|split| format!("; at all {} inits, {}", split.inits, split.in_words()));
        format!(
            "Most of the combination is the {name}. Between the other cells at the same inits, {}{}.",
            split.in_words(),
            with_more.unwrap_or_default()
        )
    });
    Some([Some(first), own].into_iter().flatten().collect())
}

/// The shares of the sum of squares, by seed.
struct Split {
    /// The number of inits that all of the cells have.
    inits: usize,
    shares: Vec<[f64; 3]>,
}

impl Split {
    /// The shares among some cells at some inits; none with fewer inits than needed, or without a seed that
    /// has all slopes.
    fn of(
        rows: &[&Statistic],
        (cells, inits): (&Dim, &Dim),
        chosen: &[usize],
        at: &[usize],
    ) -> Option<Split> {
        let slope = |init: usize, cell: &usize| slope_of(rows, (cells, *cell), (inits, init));
        let column = |init: &usize| chosen.iter().map(|cell| slope(*init, cell)).collect::<Option<Vec<_>>>();
        let columns: Vec<Vec<&Statistic>> = at.iter().filter_map(column).collect();
        if columns.len() < INITS {
            return None;
        }
        let of_seed = |(seed, _): &(u64, f64)| shares(&columns, *seed);
        let shares: Vec<[f64; 3]> = seeds(columns[0][0]).iter().filter_map(of_seed).collect();
        (!shares.is_empty()).then_some(Split { inits: columns.len(), shares })
    }

    fn part(&self, part: usize) -> Estimate {
        Estimate::mean(&self.shares.iter().map(|shares| 100.0 * shares[part]).collect::<Vec<_>>())
    }

    /// The mean share of the combination of cell and init.
    fn combination(&self) -> f64 {
        self.part(2).value.unwrap_or(0.0) / 100.0
    }

    /// The part with more than half of the sum of squares.
    fn verdict(&self) -> &'static str {
        let is_most = |part: usize| self.part(part).value.is_some_and(|share| share > 50.0);
        match () {
            () if is_most(0) => "Most of it goes with the init",
            () if is_most(1) => "Most of it goes with the cell",
            () => "Neither the init nor the cell alone decides",
        }
    }

    fn in_words(&self) -> String {
        let [init, cell, both] = [0, 1, 2].map(|part| format!("{} %", with_interval(&self.part(part))));
        format!("{init} go with the init, {cell} with the cell and {both} with the combination of both")
    }
}

/// A remark on the inits that some cells lack; empty if there are none.
fn left_out(rows: &[&Statistic], cells: &Dim, inits: &Dim) -> String {
    let lacking = |init: usize| {
        (0..cells.values.len()).filter(move |cell| slope_of(rows, (cells, *cell), (inits, init)).is_none())
    };
    let names = (0..inits.values.len()).filter(|init| lacking(*init).next().is_some());
    let names: Vec<String> = names.map(|init| inits.values[init].clone()).collect();
    let mut without: Vec<usize> = (0..inits.values.len()).flat_map(lacking).collect();
    without.sort();
    without.dedup();
    let without: Vec<String> = without.iter().map(|cell| format!("the {}", cells.values[*cell])).collect();
    match (names.as_slice(), without.as_slice()) {
        ([], _) => String::new(),
        (names, [cell]) => format!("; not counted: {}, which {cell} lacks", listed(names)),
        (names, cells) if cells.len() > MOST_NAMED => {
            format!("; not counted: {}, each of which some cells lack", listed(names))
        }
        (names, cells) => format!("; not counted: {}, which {} lack", listed(names), listed(cells)),
    }
}

/// Returns true if all of these cells have the init.
fn has_init(rows: &[&Statistic], (cells, inits): (&Dim, &Dim), chosen: &[usize], init: usize) -> bool {
    chosen.iter().all(|cell| slope_of(rows, (cells, *cell), (inits, init)).is_some())
}

/// The slope of one cell at one init.
fn slope_of<'a>(
    rows: &[&'a Statistic],
    (cells, cell): (&Dim, usize),
    (inits, init): (&Dim, usize),
) -> Option<&'a Statistic> {
    let is_it = |row: &&&Statistic| (cells.index(&row.point), inits.index(&row.point)) == (cell, init);
    rows.iter().find(is_it).copied()
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
    use crate::cell::CellName::{self, Gru, Lstm, Rnn};
    use crate::report::fixtures::run;

    fn row(cell: CellName, init: &str, number: f64) -> Statistic {
        let mut point = run("a", 1).settings;
        (point.cell, point.init) = (Some(cell), Some(init.parse().unwrap()));
        Statistic {
            quantity: "total_h".into(),
            layer: Some(0),
            sample: Sample::Seeds(vec![(1, number)]),
            ..Statistic::new(Section::Gradients, "slope", &point, Estimate::mean(&[number]), "1")
        }
    }

    const INITS: [&str; 4] = ["pytorch", "xavier", "orthogonal(1)", "tch"];

    #[test]
    fn sentences_split_the_differences_between_init_cell_and_both() {
        let of = |slope: fn(usize, usize) -> f64| {
            // One cell lacks the last init.
            let places = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2), (0, 3)];
            sentences(&places.map(|(cell, init)| row([Rnn, Lstm][cell], INITS[init], slope(cell, init))))
        };
        let expected = |verdict: &str, init: &str, cell: &str, both: &str| {
            [format!(
                "{verdict}: of the differences in slope between 2 cells and 3 inits, {init} % go with the \
                 init, {cell} % with the cell and {both} % with the combination of both (shares of the sum \
                 of squares); not counted: tch, which the lstm lacks. Other inits would give other shares."
            )]
        };
        assert_eq!(
            of(|_, init| init as f64),
            expected("Most of it goes with the init", "100", "0.00", "0.00")
        );
        assert_eq!(
            of(|cell, _| cell as f64),
            expected("Most of it goes with the cell", "0.00", "100", "0.00")
        );
        // 0 0 0 and 0 1 2 have means of 0, 1/2, 1 and of 0, 1: 1, 3/2 and 1 of 7/2.
        assert_eq!(
            of(|cell, init| (cell * init) as f64),
            expected("Neither the init nor the cell alone decides", "28.6", "42.9", "28.6")
        );
        assert_eq!(of(|_, _| 0.0), [""; 0]);
    }

    #[test]
    fn sentences_name_the_cell_that_responds_in_a_way_of_its_own() {
        let slopes = [(Rnn, [-0.3, 0.0, -0.3]), (Gru, [-0.3, -0.2, -0.1]), (Lstm, [-0.31, -0.2, -0.11])];
        let of_cell = |(cell, slopes): &(CellName, [f64; 3])| {
            (0..3).map(|n| row(*cell, INITS[n], slopes[n])).collect::<Vec<_>>()
        };
        let mut rows: Vec<Statistic> = slopes.iter().flat_map(of_cell).collect();
        let of = |rows: &[Statistic]| {
            let found = sentences(rows);
            assert_eq!(found.len(), 2, "{found:?}");
            found[1].clone()
        };
        let expected = "Most of the combination is the rnn. Between the other cells at the same inits, 99.";
        assert!(of(&rows).starts_with(expected) && !of(&rows).contains("at all"), "{}", of(&rows));
        // An init that the rnn lacks.
        rows.extend([Gru, Lstm].map(|cell| row(cell, INITS[3], 0.0)));
        let found = of(&rows);
        assert!(found.starts_with(expected) && found.contains("; at all 4 inits, "), "{found}");
    }
}
