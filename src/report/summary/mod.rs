//! The numbers of `summary.csv`: one row a grid point and metric.

mod norms;
mod speed;
mod training;

use super::group::{LARGEST_EXPONENT, LYAPUNOV, ScalarGroup};
use super::load::Experiment;
use super::point::Point;
use super::{claim, published};
use crate::results::schema::SummaryRow;
use crate::support::stats::{self, Interval};
pub use speed::REFERENCE;

/// The summary of all of an experiment's rows, in the order of the groups.
pub fn rows(experiment: &Experiment) -> Vec<SummaryRow> {
    let gradients = experiment.gradients.iter().flat_map(|group| norms::rows("gradients", group));
    let of_jacobian = experiment
        .jacobian
        .iter()
        .filter(|group| ![LYAPUNOV, LARGEST_EXPONENT].contains(&group.quantity.as_str()));
    let jacobian = of_jacobian.flat_map(|group| norms::rows("jacobian", group));
    let predictions = experiment.predictions.iter().map(of_prediction);
    let training = training::rows(&experiment.runs, &experiment.training);
    let speed = experiment.speed.iter().flat_map(speed::rows);
    let claim = experiment.claim.iter().flat_map(|claim| claim::judge(claim, experiment)).map(of_claim);
    let publications = experiment.publications.iter();
    let published =
        publications.flat_map(|publication| published::judge(publication, experiment)).map(of_published);
    let measured = gradients.chain(jacobian).chain(predictions).chain(training).chain(speed);
    measured.chain(claim).chain(published).collect()
}

/// As CSV; with a header also where there are no rows.
///
/// # Errors
/// None that is known: the rows are written to memory.
pub fn to_csv(rows: &[SummaryRow]) -> csv::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    if rows.is_empty() {
        writer.serialize(Metric::default().row(&Point::default()))?;
    }
    let mut bytes = writer.into_inner().map_err(|error| error.into_error())?;
    if rows.is_empty() {
        let header = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(header);
    }
    Ok(bytes)
}

/// What a row says beside its grid point.
#[derive(Default, Clone)]
struct Metric<'a> {
    kind: &'a str,
    name: &'a str,
    quantity: &'a str,
    layer: Option<usize>,
    lag: Option<usize>,
    estimate: Option<f64>,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    n: usize,
    unit: &'a str,
    against: Option<String>,
    verdict: Option<String>,
}

impl<'a> Metric<'a> {
    fn within(self, interval: Option<Interval>) -> Metric<'a> {
        Metric { ci_low: interval.map(|ends| ends.low), ci_high: interval.map(|ends| ends.high), ..self }
    }

    fn row(self, point: &Point) -> SummaryRow {
        let point = point.clone();
        SummaryRow {
            kind: self.kind.to_string(),
            metric: self.name.to_string(),
            quantity: self.quantity.to_string(),
            layer: self.layer,
            lag: self.lag,
            cell: point.cell,
            engine: point.engine,
            init: point.init,
            task: point.task,
            layers: point.layers,
            input_size: point.input_size,
            hidden_size: point.hidden_size,
            seq_len: point.seq_len,
            batch_size: point.batch_size,
            dtype: point.dtype,
            device: point.device,
            threads: point.threads,
            loss: point.loss,
            estimate: self.estimate,
            ci_low: self.ci_low,
            ci_high: self.ci_high,
            n: self.n,
            unit: self.unit.to_string(),
            against: self.against,
            verdict: self.verdict,
            model: None,
            learning_rate: None,
            clip_norm: None,
            train_fraction: None,
            parameters: None,
        }
    }
}

/// A number that each seed has one of.
fn of_prediction(group: &ScalarGroup) -> SummaryRow {
    let metric = Metric {
        kind: &group.kind,
        name: group.metric,
        estimate: stats::mean(&group.values),
        n: group.values.len(),
        unit: "log10 per step",
        ..Metric::default()
    };
    metric.within(stats::t_interval(&group.values)).row(&group.point)
}

/// A test of the claim.
fn of_claim(judged: claim::Judged) -> SummaryRow {
    let metric = Metric {
        kind: "claim",
        name: judged.test.reading.metric.as_str(),
        quantity: &judged.test.name,
        lag: judged.test.reading.lag,
        estimate: judged.estimate,
        n: judged.n,
        unit: &judged.unit,
        against: Some(judged.held_against()),
        verdict: Some(judged.verdict.to_string()),
        ..Metric::default()
    };
    metric.within(judged.interval).row(&judged.point)
}

/// A published result and ours.
fn of_published(judged: published::Judged) -> SummaryRow {
    let settings = judged.published.selected.to_string();
    let metric = Metric {
        kind: "published",
        name: judged.published.reading.metric.as_str(),
        quantity: &settings,
        lag: judged.published.reading.lag,
        estimate: judged.estimate,
        n: judged.evidence.values.len(),
        unit: &judged.evidence.unit,
        against: Some(judged.published.value.to_string()),
        verdict: Some(judged.verdict.to_string()),
        ..Metric::default()
    };
    metric.within(judged.interval).row(&judged.evidence.point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{fake, group};

    #[test]
    fn a_summary_of_nothing_is_a_header() {
        let text = String::from_utf8(to_csv(&[]).unwrap()).unwrap();
        assert!(text.starts_with("kind,metric,quantity,") && text.lines().count() == 1, "{text}");
        let rows = {
            let gradients = group::gradients(&[fake::run("a", 1)], fake::line("a", "total_h", 3, 0.0, -0.1));
            rows(&Experiment { gradients, ..Experiment::default() })
        };
        let full = String::from_utf8(to_csv(&rows).unwrap()).unwrap();
        assert_eq!(full.lines().next(), text.lines().next());
        assert_eq!(full.lines().count(), 1 + rows.len());
    }
}
