//! The number that answers the question for each cell and init, as a table of shades.

use super::dims::{Dim, dims};
use super::draw::heat::{Heat, Tile};
use super::figure::{Chart, Figure};
use super::subject::Subject;
use crate::report::estimate::Estimate;
use crate::report::format::{significant, with_interval};
use crate::report::group_by::group_by;
use crate::report::summary::Statistic;
use crate::settings::Settings;

/// The least number of inits.
const INITS: usize = 3;

/// The values of a row: their places in their dimensions, and their labels.
type Key = Vec<(usize, String)>;

/// The largest number of rows.
const ROWS: usize = 24;

/// The figure of a subject: a row per init and a column per cell, or the other way round if that is narrower.
/// None unless cells and inits without an order vary.
pub fn figure(subject: &Subject, summary: &[Statistic]) -> Option<Figure> {
    let numbers = subject.numbers(summary);
    let points: Vec<&Settings> = numbers.iter().map(|(point, _)| *point).collect();
    let dims = dims(&points);
    let cells = dims.iter().find(|dim| dim.names[0] == "cell")?;
    let inits = dims.iter().find(|dim| dim.names[0] == "init" && !dim.is_ordered())?;
    let others: Vec<&Dim> = dims.iter().filter(|dim| *dim != cells).collect();
    let key = |(point, _): &(&Settings, Estimate)| {
        others.iter().map(|dim| (dim.index(point), dim.label(point))).collect::<Key>()
    };
    let mut rows = group_by(numbers.iter().copied(), key);
    if inits.values.len() < INITS || rows.len() > ROWS {
        return None;
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let tile = |number: &Estimate| {
        let value = number.value?;
        let ends = (number.low.unwrap_or(value), number.high.unwrap_or(value));
        let minus = |text: String| text.replace('-', "−");
        let shorter = [3, 2, 1].map(|digits| minus(significant(value, digits))).to_vec();
        Some(Tile { value, ends, text: minus(with_interval(number)), shorter })
    };
    let row = |(key, members): &(Key, Vec<(&Settings, Estimate)>)| {
        let of_cell = |n: usize| members.iter().find(|(point, _)| cells.index(point) == n);
        let tiles = (0..cells.values.len()).map(|n| tile(&of_cell(n)?.1)).collect();
        let words: Vec<&str> = key.iter().map(|(_, label)| label.as_str()).collect();
        (words.join(", "), tiles)
    };
    let heat = Heat {
        title: format!("{}, {}", subject.title, unit(subject.axis)),
        below_title: vec!["mean over the seeds, with its 95 % interval if there is room".into()],
        columns: cells.values.clone(),
        rows: rows.iter().map(row).collect(),
    };
    let caption = format!(
        "{}: the mean over the seeds, as in the tables, which have the intervals too. The darker, the \
         further from 0; blue is below 0, brown above. The shade grows with the root of the number. A number \
         more than twice as far from 0 as all others has the darkest shade of these. A place is empty \
         without a run or a norm.",
        subject.title
    );
    Some(Figure::new(format!("{}-map", subject.name), caption, Chart::Heat(heat.upright())))
}

/// The unit in the brackets of an axis.
fn unit(axis: &str) -> &str {
    axis.split_once('(').map_or(axis, |(_, unit)| unit.trim_end_matches(')'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Lstm, Rnn};
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::figures::subject::SLOPE;
    use crate::report::fixtures::run;
    use crate::report::summary::Section;

    #[test]
    fn figure_has_a_column_per_cell_and_a_row_per_init() {
        let slope = |cell, init: &str| {
            let mut point = run("a", 1).settings;
            (point.cell, point.init) = (Some(cell), Some(init.parse().unwrap()));
            Statistic {
                quantity: "total_h".into(),
                ..Statistic::new(Section::Gradients, "slope", &point, Estimate::mean(&[-0.1, -0.2]), "1")
            }
        };
        let mut summary: Vec<Statistic> = ["pytorch", "xavier", "orthogonal(1)"]
            .iter()
            .flat_map(|init| [slope(Rnn, init), slope(Lstm, init)])
            .collect();
        summary.pop();
        let drawn = figure(&SLOPE, &summary).unwrap();
        assert_eq!(faults(&drawn.drawing()), Vec::<String>::new());
        let places: Vec<(String, String)> = drawn.data().into_iter().map(|row| (row.x, row.line)).collect();
        assert_eq!(places.len(), 5);
        assert_eq!(places[4], ("orthogonal(1)".to_string(), "rnn".to_string()));
        assert!(figure(&SLOPE, &summary[..4]).is_none(), "two inits need no table");
    }
}
