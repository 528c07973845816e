//! The numbers of a figure as rows of a CSV file.

use serde::Serialize;

use super::draw::axis::Scale;
use super::draw::chart::Panels;
use super::draw::heat::Heat;
use super::draw::rows::Rows;

/// One row of `plots/NAME.csv`: one point of the figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The title of the panel, or of the block of rows; empty if there is one only.
    pub panel: String,
    /// The label of the line, the engine or the column.
    pub line: String,
    /// The place on the x axis, or the name of the row.
    pub x: String,
    /// The number.
    pub y: f64,
    /// The lower end of the band or of the interval; empty if there is none.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// `log10` if y, low and high are logarithms to base 10 of the numbers at the axis; else `linear`.
    pub scale: &'static str,
}

/// The points of lines.
pub fn of_panels(chart: &Panels) -> Vec<Row> {
    let scale = if chart.y.scale == Scale::Powers { "log10" } else { "linear" };
    let mut rows = Vec::new();
    for panel in &chart.panels {
        for series in &panel.series {
            let points = series.segments.iter().flatten();
            rows.extend(points.map(|point| {
                let has_spread = point.high > point.low;
                Row {
                    panel: panel.title.clone(),
                    line: series.name.clone(),
                    x: point.x.to_string(),
                    y: point.middle,
                    low: has_spread.then_some(point.low),
                    high: has_spread.then_some(point.high),
                    scale,
                }
            }));
        }
    }
    rows
}

/// The numbers of rows.
pub fn of_rows(chart: &Rows) -> Vec<Row> {
    let mut rows = Vec::new();
    for block in &chart.blocks {
        for row in &block.rows {
            rows.extend(row.marks.iter().map(|mark| {
                let has_interval = mark.high > mark.low;
                Row {
                    panel: block.title.clone(),
                    line: chart.lanes[mark.lane].label.clone(),
                    x: row.label.clone(),
                    y: mark.value,
                    low: has_interval.then_some(mark.low),
                    high: has_interval.then_some(mark.high),
                    scale: "linear",
                }
            }));
        }
    }
    rows
}

/// The numbers of a table of shades.
pub fn of_heat(chart: &Heat) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, tiles) in &chart.rows {
        let named = chart.columns.iter().zip(tiles);
        rows.extend(named.filter_map(|(column, tile)| {
            let tile = tile.as_ref()?;
            let has_interval = tile.ends.1 > tile.ends.0;
            Some(Row {
                panel: String::new(),
                line: column.clone(),
                x: name.clone(),
                y: tile.value,
                low: has_interval.then_some(tile.ends.0),
                high: has_interval.then_some(tile.ends.1),
                scale: "linear",
            })
        }));
    }
    rows
}
