//! The numbers of `summary.csv`: one row per grid point and metric.

mod exponents;
mod flops;
mod norms;
mod over_processes;
mod paths;
mod predictions;
mod roofline;
mod speed;
mod statistic;
mod training;

use std::path::Path;

use super::estimate::Estimate;
use super::group::{Groups, LARGEST_EXPONENT, LYAPUNOV, ScalarGroup};
use super::judge::{JudgedTest, PublishedResult, Verdicts};
use super::load::Results;
use crate::results::schema::SummaryRow;
use crate::results::table;
use crate::support::error::Result;

pub use self::exponents::{QUARTER_EXPONENT, SMALLEST_EXPONENT};
pub use self::norms::{
    GROWS, HARDLY_CHANGES, LAG_SMALL_ERROR, LOG10_KEPT, LOG10_KEPT_BEFORE, NOT_EXPONENTIAL, is_relative,
    middle_lag,
};
pub use self::paths::{PATH_SHARE, path_share};
pub use self::predictions::{PREDICTED, PREDICTORS, Prediction, predictions};
pub use self::roofline::LIMITS;
pub use self::statistic::{DISTURBED, Sample, Section, Statistic};

/// The summary of an experiment, in the order of the groups.
pub fn statistics(results: &Results, groups: &Groups, verdicts: &Verdicts) -> Vec<Statistic> {
    let gradients = groups.gradients.iter().flat_map(|group| norms::statistics(Section::Gradients, group));
    let is_norm = |quantity: &str| ![LYAPUNOV, LARGEST_EXPONENT].contains(&quantity);
    let jacobian = groups.jacobian.iter().filter(|group| is_norm(&group.quantity));
    let jacobian = jacobian.flat_map(|group| norms::statistics(Section::Jacobian, group));
    let spectra = groups.jacobian.iter().filter(|group| group.quantity == LYAPUNOV);
    let spectra = spectra.flat_map(exponents::statistics);
    let training = training::statistics(results, &groups.training);
    let published = verdicts.published.iter().flatten().map(of_published);
    let before = groups.before_training.iter().flat_map(|group| norms::kept(group, LOG10_KEPT_BEFORE));
    gradients
        .chain(before)
        .chain(paths::statistics(&groups.gradients))
        .chain(jacobian)
        .chain(spectra)
        .chain(groups.predictions.iter().map(|group| of_prediction(group, groups)))
        .chain(training)
        .chain(groups.speed.iter().flat_map(speed::statistics))
        .chain(verdicts.expectations.iter().map(of_expectation))
        .chain(verdicts.claim.iter().map(of_claim))
        .chain(published)
        .collect()
}

/// The statistic of a predictor, in the section of the numbers that it predicts.
fn of_prediction(group: &ScalarGroup, groups: &Groups) -> Statistic {
    let has_products = groups.jacobian.iter().any(|products| products.point == group.point);
    let section = if has_products { Section::Jacobian } else { Section::Gradients };
    Statistic::new(section, group.metric, &group.point, Estimate::default(), "log10 per step")
        .over_seeds(group.values.clone())
}

fn of_expectation(test: &JudgedTest) -> Statistic {
    of_test(Section::Expectation, test, test.verdict.on_expectation())
}

fn of_claim(test: &JudgedTest) -> Statistic {
    of_test(Section::Claim, test, test.verdict.on_claim())
}

fn of_test(section: Section, test: &JudgedTest, verdict: &str) -> Statistic {
    let reading = &test.subject.reading;
    let metric = reading.metric.as_str();
    Statistic {
        quantity: test.subject.name.clone(),
        lag: reading.lag,
        against: Some(test.subject.condition()),
        verdict: Some(verdict.to_string()),
        ..Statistic::new(section, metric, &test.point, test.estimate, &test.unit)
    }
}

fn of_published(result: &PublishedResult) -> Statistic {
    let reading = &result.subject.reading;
    let metric = reading.metric.as_str();
    Statistic {
        quantity: result.subject.selected.to_string(),
        lag: reading.lag,
        against: Some(result.subject.value.to_string()),
        verdict: Some(result.verdict.to_string()),
        ..Statistic::new(Section::Published, metric, &result.point, result.estimate, &result.unit)
    }
}

/// Writes `summary.csv`.
///
/// # Errors
/// The disk is full or gone.
pub fn write(path: &Path, statistics: &[Statistic]) -> Result<()> {
    table::write(path, statistics.iter().map(|statistic| (&statistic.point, [Ok(row(statistic))])))
}

fn row(statistic: &Statistic) -> SummaryRow {
    let estimate = statistic.estimate;
    SummaryRow {
        section: statistic.section.to_string(),
        metric: statistic.metric.to_string(),
        quantity: statistic.quantity.clone(),
        layer: statistic.layer,
        lag: statistic.lag,
        estimate: estimate.value,
        ci_low: estimate.low,
        ci_high: estimate.high,
        n: estimate.n,
        unit: statistic.unit.clone(),
        against: statistic.against.clone(),
        verdict: statistic.verdict.clone(),
        parameters: statistic.parameters,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::fixtures::{line, results, run};
    use crate::report::group::Curves;

    #[test]
    fn write_has_a_header_and_a_line_per_statistic() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.csv");
        let results = results([run("a", 1)]);
        let gradients = Curves::of_gradients(&results, line("a", "total_h", 3, 0.0, -0.1)).groups();
        let groups = Groups { gradients, ..Groups::default() };
        let statistics = statistics(&results, &groups, &Verdicts::default());
        for statistics in [&[], statistics.as_slice()] {
            write(&path, statistics).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("section,metric,quantity,") && !text.contains("seed"), "{text}");
            assert_eq!(text.lines().count(), 1 + statistics.len());
        }
    }
}
