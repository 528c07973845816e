//! Predictors of how fast gradients decay.

use std::collections::BTreeMap;

use super::curves::{LARGEST_EXPONENT, LYAPUNOV, is_largest_exponent, log10_per_step};
use crate::cell::Retention;
use crate::report::load::Results;
use crate::results::schema::{GateRow, JacobianRow};
use crate::settings::Settings;

/// One number of every run of a grid point.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalarGroup {
    /// The grid point.
    pub point: Settings,
    /// The name of the number in `summary.csv`.
    pub metric: &'static str,
    /// The values by seed.
    pub values: Vec<(u64, f64)>,
}

/// The metric of the largest Lyapunov exponent at the first of several recorded steps of training.
pub const FIRST_EXPONENT: &str = "first_exponent";

/// The metric of the exponent that a quarter of the directions reach, at that step.
pub const FIRST_QUARTER_EXPONENT: &str = "first_quarter_exponent";

/// Keeps the rows of the last step of each run, given the run and the step of a row.
fn keep_last<R>(rows: &mut Vec<R>, place: fn(&R) -> (&String, Option<usize>)) {
    let mut last: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for (run, step) in rows.iter().map(place) {
        match last.get_mut(run) {
            Some(known) => *known = step.max(*known),
            None => drop(last.insert(run.clone(), step)),
        }
    }
    rows.retain(|row| {
        let (run, step) = place(row);
        last[run] == step
    });
}

/// The exponents at the first recorded step of each run that has several steps.
fn first_spectra(rows: &[JacobianRow]) -> Vec<Vec<&JacobianRow>> {
    let mut of_run: BTreeMap<&str, BTreeMap<Option<usize>, Vec<&JacobianRow>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.quantity == LYAPUNOV && row.t == 1) {
        of_run.entry(&row.run_id).or_default().entry(row.step).or_default().push(row);
    }
    let several = of_run.into_values().filter(|steps| steps.len() > 1);
    several.filter_map(|steps| steps.into_values().next()).collect()
}

/// The largest exponent of a spectrum, and that of a quarter of its directions.
fn of_spectrum(spectrum: &[&JacobianRow]) -> Vec<(&'static str, JacobianRow)> {
    let ranks = [(FIRST_EXPONENT, 1), (FIRST_QUARTER_EXPONENT, quarter_rank(spectrum.len()))];
    let of = |(metric, rank)| {
        let row = spectrum.iter().find(|row| row.index == Some(rank))?;
        Some((metric, (*row).clone()))
    };
    ranks.into_iter().filter_map(of).collect()
}

/// A logarithm near 0 as 0: the spectral radius of an orthogonal matrix is 1 up to rounding.
fn without_rounding(log10: f64) -> f64 {
    const ROUNDING: f64 = 1e-12;
    if log10.abs() < ROUNDING { 0.0 } else { log10 }
}

/// The rank of the exponent that a quarter of the directions of a state reach, from 1.
pub fn quarter_rank(directions: usize) -> usize {
    (directions / 4).max(1)
}

/// The largest Lyapunov exponent in log10, the spectral radius of the recurrent matrix of a cell without
/// gates, and the mean log10 of the gate that keeps the state (f of the LSTM, z of the GRU), averaged
/// over layers. Of a run that was probed at several steps of training the last counts. The exponents of
/// the first are numbers of their own.
pub fn predictions(
    results: &Results,
    mut jacobian: Vec<JacobianRow>,
    mut gates: Vec<GateRow>,
) -> Vec<ScalarGroup> {
    let first: Vec<(&'static str, JacobianRow)> =
        first_spectra(&jacobian).iter().flat_map(|spectrum| of_spectrum(spectrum)).collect();
    keep_last(&mut jacobian, |row| (&row.run_id, row.step));
    keep_last(&mut gates, |row| (&row.run_id, row.step));
    let places = results.places(|run| run.is_ok());
    // Grid point, metric and run → sum and count over layers.
    let mut found: BTreeMap<(usize, &str, usize), (f64, usize)> = BTreeMap::new();
    let mut add = |run_id: &str, metric: &'static str, value: Option<f64>| {
        if let (Some(&(point, run)), Some(value)) = (places.get(run_id), value) {
            let (sum, count) = found.entry((point, metric, run)).or_default();
            *sum += value;
            *count += 1;
        }
    };
    for row in &jacobian {
        if is_largest_exponent(row) {
            add(&row.run_id, LARGEST_EXPONENT, row.value.map(log10_per_step));
        }
    }
    for (metric, row) in first {
        add(&row.run_id, metric, row.value.map(log10_per_step));
    }
    for row in &gates {
        let cell =
            places.get(row.run_id.as_str()).and_then(|&(point, _)| results.points[point].settings.cell);
        let Some(cell) = cell.map(crate::cell::cell) else { continue };
        match (cell.retention(), row.statistic.as_str()) {
            (None, "w_h_spectral_radius") => {
                add(&row.run_id, "log10_spectral_radius", row.value.map(without_rounding));
            }
            (Some(Retention::Keeps(gate)), "mean_log10") if cell.gates()[gate] == row.gate => {
                add(&row.run_id, "mean_log10_gate", row.value);
            }
            _ => {}
        }
    }
    let mut groups: Vec<ScalarGroup> = Vec::new();
    let mut known = None;
    for ((point, metric, run), (sum, count)) in found {
        if known.replace((point, metric)) != Some((point, metric)) {
            let point = results.points[point].settings.clone();
            groups.push(ScalarGroup { point, metric, values: vec![] });
        }
        let value = (results.points[point].runs[run].settings.seed, sum / count as f64);
        groups.last_mut().into_iter().for_each(|group| group.values.push(value));
    }
    groups
}
