//! The number in the init at which decay with the lag turns into growth.

use super::norms::last_layer;
use super::words::{Labels, listed};
use crate::report::group_by::group_by;
use crate::report::summary::{LOG10_KEPT, Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// The lag within which a gradient falls at once, on its way through the output gate.
const AT_ONCE: usize = 10;

/// The numbers at which the slope is below 0 and above 0 with its whole interval.
struct Signs {
    name: String,
    count: usize,
    falling: Vec<f64>,
    growing: Vec<f64>,
}

impl Signs {
    /// Returns true if the norm decays at smaller numbers and grows at larger ones.
    fn turns(&self) -> bool {
        let most = self.falling.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = self.growing.iter().copied().fold(f64::INFINITY, f64::min);
        !self.falling.is_empty() && !self.growing.is_empty() && most < least
    }

    fn in_words(&self) -> String {
        let place = if self.name.is_empty() { String::new() } else { format!(" in the {}", self.name) };
        let most = self.falling.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = self.growing.iter().copied().fold(f64::INFINITY, f64::min);
        match self {
            _ if self.turns() => format!(
                "turns from decay with the lag (up to x = {most}) to growth with the lag (from x = {least} \
                 on){place}"
            ),
            _ if self.falling.len() == self.count => format!("decays at every x{place}"),
            _ => format!("shows no such turn{place}"),
        }
    }
}

/// A sentence on the turn from decay to growth as the number in the init rises; none if no cell has one.
pub fn sentence(summary: &[Statistic], (quantity, words): (&str, &str)) -> Option<String> {
    let is_slope = |row: &&Statistic| {
        (row.section, row.point.kind) == (Section::Gradients, ExperimentKind::Gradients)
            && (row.metric, row.quantity.as_str()) == ("slope", quantity)
    };
    let blocks = group_by(summary.iter().filter(is_slope), |row| &row.point);
    let labels = Labels::of(&blocks.iter().map(|(point, _)| *point).collect::<Vec<&Settings>>());
    let dim = labels.dim("init").filter(|dim| dim.is_ordered())?;
    let others = labels.without("init");
    let rows = blocks.iter().flat_map(|(_, rows)| last_layer(rows));
    let rows: Vec<(f64, &Statistic)> = rows.filter_map(|row| Some((dim.number(&row.point)?, row))).collect();
    let groups = group_by(rows.iter(), |(_, row)| others.label(&row.point));
    let signs = |(name, rows): &(String, Vec<&(f64, &Statistic)>)| {
        let those = |is_it: fn(&Statistic) -> bool| {
            rows.iter().filter(|(_, row)| is_it(row)).map(|(number, _)| *number).collect()
        };
        Signs {
            name: name.clone(),
            count: rows.len(),
            falling: those(|row| row.estimate.high.is_some_and(|high| high < 0.0)),
            growing: those(grows),
        }
    };
    let mut found: Vec<Signs> = groups.iter().map(signs).collect();
    found.sort_by_key(|signs| !signs.turns());
    let each: Vec<String> = found.iter().map(Signs::in_words).collect();
    let first_falls = rows.iter().any(|(_, row)| grows(row) && falls_at_once(summary, row));
    let at_once =
        if first_falls { " Where it grows, it first falls in the steps next to the loss." } else { "" };
    let is_turn = found.iter().any(Signs::turns);
    is_turn.then(|| format!("As {} rises, the norm of {words} {}.{at_once}", dim.axis, listed(&each)))
}

fn grows(slope: &Statistic) -> bool {
    slope.estimate.low.is_some_and(|low| low > 0.0)
}

/// Returns true if less of the norm is left after the first steps.
fn falls_at_once(summary: &[Statistic], slope: &Statistic) -> bool {
    let is_it = |row: &&Statistic| {
        (row.metric, row.lag, row.layer) == (LOG10_KEPT, Some(AT_ONCE), slope.layer)
            && row.quantity == slope.quantity
            && row.point == slope.point
    };
    summary.iter().find(is_it).is_some_and(|row| row.estimate.high.is_some_and(|high| high < 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Gru, Lstm};
    use crate::report::estimate::Estimate;
    use crate::report::fixtures::run;

    fn row(cell: crate::cell::CellName, bias: u32, metric: &'static str, value: f64) -> Statistic {
        let mut point = run("a", 1).settings;
        (point.cell, point.init) =
            (Some(cell), Some(format!("pytorch+forget_bias({bias})").parse().unwrap()));
        let estimate = Estimate::mean(&[value, 1.01 * value, 0.99 * value]);
        Statistic {
            quantity: "total_h".into(),
            layer: Some(0),
            ..Statistic::new(Section::Gradients, metric, &point, estimate, "1")
        }
    }

    #[test]
    fn sentence_names_the_numbers_between_which_decay_turns_into_growth() {
        let slopes = |lstm: [f64; 3]| {
            let of = |cell, slopes: [f64; 3]| (1..).zip(slopes).map(move |(n, of)| row(cell, n, "slope", of));
            of(Gru, [-0.2, -0.1, -0.05]).chain(of(Lstm, lstm)).collect::<Vec<_>>()
        };
        let of = |rows: &[Statistic]| sentence(rows, ("total_h", "∂L/∂h"));
        let mut turning = slopes([-0.2, -0.1, 0.01]);
        let expected = "As x in pytorch+forget_bias(x) rises, the norm of ∂L/∂h turns from decay with the \
                        lag (up to x = 2) to growth with the lag (from x = 3 on) in the lstm and decays at \
                        every x in the gru.";
        assert_eq!(of(&turning).as_deref(), Some(expected));
        turning.push(Statistic { lag: Some(AT_ONCE), ..row(Lstm, 3, LOG10_KEPT, -1.0) });
        let at_once = " Where it grows, it first falls in the steps next to the loss.";
        assert_eq!(of(&turning), Some(format!("{expected}{at_once}")));
        assert_eq!(of(&slopes([-0.2, -0.1, -0.01])), None, "no growth");
        assert_eq!(of(&slopes([0.2, -0.1, 0.01])), None, "no single turn");
    }
}
