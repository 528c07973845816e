//! The comparison as CSV and as JSON: every result, also those that did not move.

use serde::Serialize;

use super::outcome::{Judged, Outcome};
use super::scale::By;
use super::{Comparison, Difference};
use crate::report::estimate::Estimate;
use crate::support::error::{Error, Result};

/// One result of two experiments.
#[derive(Debug, Serialize)]
pub struct CompareRow {
    /// The section, as in `summary.csv`.
    pub section: String,
    /// The metric, as in `summary.csv`.
    pub metric: String,
    /// The quantity or the pass, as in `summary.csv`.
    pub quantity: String,
    /// The layer, for gradients.
    pub layer: Option<usize>,
    /// The lag, for a norm at one lag.
    pub lag: Option<usize>,
    /// The settings that vary, such as `cell=lstm seq_len=100`.
    pub settings: String,
    /// The unit of the estimates.
    pub unit: String,
    /// The estimate in A; empty if only B has the result.
    pub a: Option<f64>,
    /// Lower end of the 95 % interval in A.
    pub a_low: Option<f64>,
    /// Upper end of the 95 % interval in A.
    pub a_high: Option<f64>,
    /// Number of seeds or samples in A.
    pub a_n: Option<usize>,
    /// The estimate in B; empty if only A has the result.
    pub b: Option<f64>,
    /// Lower end of the 95 % interval in B.
    pub b_low: Option<f64>,
    /// Upper end of the 95 % interval in B.
    pub b_high: Option<f64>,
    /// Number of seeds or samples in B.
    pub b_n: Option<usize>,
    /// The scale of the change: `difference` for B − A, `ratio` for B / A.
    pub scale: Option<&'static str>,
    /// The comparison: `by seed`, `two samples`, `processes` or `shares`.
    pub method: Option<&'static str>,
    /// The change.
    pub change: Option<f64>,
    /// Lower end of the change's own 95 % interval.
    pub change_low: Option<f64>,
    /// Upper end of the change's own 95 % interval.
    pub change_high: Option<f64>,
    /// Two-sided p-value against no change.
    pub p: Option<f64>,
    /// The p-value with Holm's correction for all comparisons of the command.
    pub p_holm: Option<f64>,
    /// The smallest change that 80 of 100 such comparisons find: a difference, or a ratio less 1.
    pub smallest: Option<f64>,
    /// The verdict: `moved`, `perhaps`, `no difference`, `equal`, `no interval`, `only in A` or `only in B`.
    pub outcome: &'static str,
    /// True for a change to the worse, false for one to the better; empty if it did not move, or if the
    /// metric has no direction.
    pub worse: Option<bool>,
    /// True for a result that is worse by more than the limit; empty without `--fail-on-regression`.
    pub regression: Option<bool>,
}

/// The comparison as JSON.
#[derive(Serialize)]
struct Json<'a> {
    a: &'a str,
    b: &'a str,
    answer: Vec<String>,
    notes: Vec<String>,
    settings: &'a [Difference],
    environment: &'a [Difference],
    verdicts: &'a [Difference],
    results: Vec<CompareRow>,
}

impl Comparison {
    /// Every result as CSV.
    ///
    /// # Errors
    /// A row cannot be written as CSV.
    pub fn csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in self.rows() {
            writer.serialize(row).map_err(|error| Error::Usage(format!("cannot write CSV: {error}")))?;
        }
        let bytes =
            writer.into_inner().map_err(|error| Error::Usage(format!("cannot write CSV: {error}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Everything as JSON.
    ///
    /// # Errors
    /// A value cannot be written as JSON.
    pub fn json(&self) -> Result<String> {
        let json = Json {
            a: &self.a.dir,
            b: &self.b.dir,
            answer: self.answer(),
            notes: self.notes(),
            settings: &self.settings,
            environment: &self.environment,
            verdicts: &self.verdicts,
            results: self.rows().collect(),
        };
        let text = serde_json::to_string_pretty(&json);
        text.map(|text| text + "\n").map_err(|error| Error::Usage(format!("cannot write JSON: {error}")))
    }

    fn rows(&self) -> impl Iterator<Item = CompareRow> {
        self.results.iter().map(|judged| self.row(judged))
    }

    fn row(&self, judged: &Judged) -> CompareRow {
        let row = judged.pair.either();
        let change = judged.pair.change.as_ref();
        let of_change = change.map(|change| change.estimate).unwrap_or_default();
        let [a, b] = [&judged.pair.a, &judged.pair.b].map(|row| row.as_ref().map(|row| row.estimate));
        let n = |side: Option<Estimate>| side.map(|side| side.n);
        let ([a_n, b_n], [a, b]) = ([n(a), n(b)], [a, b].map(Option::unwrap_or_default));
        CompareRow {
            section: row.section.to_string(),
            metric: row.metric.to_string(),
            quantity: row.quantity.clone(),
            layer: row.layer,
            lag: row.lag,
            settings: judged.pair.settings.clone(),
            unit: row.unit.clone(),
            a: a.value,
            a_low: a.low,
            a_high: a.high,
            a_n,
            b: b.value,
            b_low: b.low,
            b_high: b.high,
            b_n,
            scale: change.map(|_| if judged.pair.scale.by == By::Ratio { "ratio" } else { "difference" }),
            method: change.map(|change| change.method),
            change: of_change.value,
            change_low: of_change.low,
            change_high: of_change.high,
            p: change.and_then(|change| change.p_value),
            p_holm: judged.p_holm,
            smallest: change.and_then(|change| change.smallest),
            outcome: judged.outcome.as_str(),
            worse: judged.is_worse(),
            regression: self.limit.filter(|_| is_common(judged)).map(|limit| judged.is_regression(limit)),
        }
    }
}

fn is_common(judged: &Judged) -> bool {
    ![Outcome::OnlyInA, Outcome::OnlyInB].contains(&judged.outcome)
}
