//! A statement with the verdict of our runs on it.

use crate::report::estimate::Estimate;
use crate::settings::Settings;

/// A statement with the estimate and the verdict of our runs.
#[derive(Debug)]
pub struct Judged<'a, S, V> {
    /// The statement.
    pub subject: &'a S,
    /// The settings of the first run that it selects.
    pub point: Settings,
    /// The estimate over seeds.
    pub estimate: Estimate,
    /// For decades of change: log10 of what is left of the norm, with its sign, of each seed.
    pub kept: Vec<f64>,
    /// The two-sided p-value against the bound of a test, adjusted for the tests of its claim.
    pub p_value: Option<f64>,
    /// The unit of the estimate.
    pub unit: String,
    /// The level of chance.
    pub chance: Option<f64>,
    /// The largest number of training sequences that a run has seen.
    pub sequences: Option<usize>,
    /// The verdict.
    pub verdict: V,
    /// Facts that a reader needs beside the verdict.
    pub notes: Vec<String>,
}

impl<S, V> Judged<'_, S, V> {
    /// The same estimate with another verdict, for one reason.
    pub fn with_verdict(self, verdict: V, reason: &str) -> Self {
        Judged { verdict, notes: vec![reason.to_string()], ..self }
    }
}
