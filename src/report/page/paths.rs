//! The table of paths: the share of the adjoint that came along the carried state.

use super::markdown_table::{Captioned, MarkdownTable};
use super::settings::{cells, columns, header, rest};
use super::statistics::{last_lag, norm_at};
use crate::report::format::with_interval;
use crate::report::group_by::group_by;
use crate::report::summary::{PATH_SHARE, Statistic};

/// The lags that have columns, as far as there are such lags.
const LAGS: [usize; 5] = [1, 10, 20, 50, 100];

/// The smallest share that is given as a number.
const SMALLEST: f64 = 0.001;

/// A row per grid point and layer; none without a split of paths.
pub fn table(summary: &[Statistic]) -> Option<Captioned> {
    let shares = summary.iter().filter(|row| row.metric == PATH_SHARE);
    let blocks = group_by(shares, |row| (&row.point, row.layer));
    let ((point, _), _) = blocks.first()?;
    let settings = columns(blocks.iter().map(|((point, _), _)| *point));
    let several_layers = blocks.iter().any(|((_, layer), _)| *layer != Some(0));
    let has_lag = |lag: &usize| blocks.iter().any(|(_, rows)| norm_at(rows, *lag).is_some());
    let mut lags: Vec<usize> = LAGS.into_iter().filter(has_lag).collect();
    let last = blocks.iter().map(|(_, rows)| last_lag(rows)).max();
    lags.extend(last.filter(|last| !lags.contains(last)));
    let mut head = header(&settings);
    head.extend(several_layers.then(|| "layer".to_string()));
    head.extend(lags.iter().map(|lag| format!("share at lag {lag}, %")));
    let rows = blocks.iter().map(|((point, layer), rows)| {
        let mut row = cells(&settings, point);
        row.extend(several_layers.then(|| layer.unwrap_or(0).to_string()));
        row.extend(lags.iter().map(|lag| percentage(rows, *lag)));
        row
    });
    let table = MarkdownTable { header: head, rows: rows.collect() };
    let caption = format!(
        "cell\\_path over the sum of the norms of cell\\_path and gate\\_path; all rows: {}.",
        rest(&settings, point)
    );
    Some(Captioned { title: "Share of the path along the state".to_string(), caption, table })
}

/// A share in percent; empty if there is none.
fn percentage(rows: &[&Statistic], lag: usize) -> String {
    let share = norm_at(rows, lag).map(|row| row.estimate).unwrap_or_default();
    match share.value {
        Some(value) if value < SMALLEST => format!("< {}", 100.0 * SMALLEST),
        _ => with_interval(&share.map(|share| 100.0 * share)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::judge::Verdicts;
    use crate::report::summary::statistics;

    #[test]
    fn table_has_the_share_at_some_lags_and_the_last() {
        let of = |rows: &[Vec<_>]| {
            let results = results([run("a", 1)]);
            let gradients = Curves::of_gradients(&results, rows.concat()).groups();
            let groups = Groups { gradients, ..Groups::default() };
            table(&statistics(&results, &groups, &Verdicts::default()))
        };
        let (cell, gate) = (line("a", "cell_path", 31, 0.0, 0.0), line("a", "gate_path", 31, 0.0, 0.1));
        let found = of(&[cell.clone(), gate]).unwrap();
        let head = [1, 10, 20, 30].map(|lag| format!("share at lag {lag}, %"));
        assert!(found.table.header.ends_with(&head), "{:?}", found.table.header);
        let shares = ["44.3", "9.09", "0.990", "< 0.1"];
        assert!(found.table.rows[0].ends_with(&shares.map(String::from)), "{:?}", found.table.rows);
        assert!(of(&[cell]).is_none());
    }
}
