//! The numbers of `summary.csv`: one row per grid point and metric.

mod flops;
mod norms;
mod speed;
mod statistic;
mod training;

use super::estimate::Estimate;
use super::group::{Groups, LARGEST_EXPONENT, LYAPUNOV, ScalarGroup};
use super::judge::{ClaimTest, PublishedResult, Verdicts, expectation};
use super::load::Results;
use crate::results::schema::SummaryRow;
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

pub use self::statistic::{Section, Statistic};

/// The summary of an experiment, in the order of the groups.
pub fn statistics(results: &Results, groups: &Groups, verdicts: &Verdicts) -> Vec<Statistic> {
    let gradients = groups.gradients.iter().flat_map(|group| norms::statistics(Section::Gradients, group));
    let is_norm = |quantity: &str| ![LYAPUNOV, LARGEST_EXPONENT].contains(&quantity);
    let jacobian = groups.jacobian.iter().filter(|group| is_norm(&group.quantity));
    let jacobian = jacobian.flat_map(|group| norms::statistics(Section::Jacobian, group));
    let training = training::statistics(results, &groups.training);
    let published = verdicts.published.iter().flatten().map(of_published);
    gradients
        .chain(jacobian)
        .chain(groups.predictions.iter().map(of_prediction))
        .chain(training)
        .chain(groups.speed.iter().flat_map(speed::statistics))
        .chain(verdicts.claim.iter().map(of_claim))
        .chain(published)
        .collect()
}

fn of_prediction(group: &ScalarGroup) -> Statistic {
    let is_jacobian = group.point.kind == ExperimentKind::Jacobian;
    let section = if is_jacobian { Section::Jacobian } else { Section::Gradients };
    Statistic::new(section, group.metric, &group.point, Estimate::mean(&group.values), "log10 per step")
}

fn of_claim(test: &ClaimTest) -> Statistic {
    let reading = &test.subject.reading;
    let metric = reading.metric.as_str();
    Statistic {
        quantity: test.subject.name.clone(),
        lag: reading.lag,
        against: Some(expectation(test.subject)),
        verdict: Some(test.verdict.to_string()),
        ..Statistic::new(Section::Claim, metric, &test.point, test.estimate, &test.unit)
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

/// As CSV; with a header also if there are no rows.
///
/// # Errors
/// None that is known: the rows are written to memory.
pub fn to_csv(statistics: &[Statistic]) -> csv::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for statistic in statistics {
        writer.serialize(row(statistic))?;
    }
    if statistics.is_empty() {
        let blank = Settings::blank(ExperimentKind::Gradients);
        writer.serialize(row(&Statistic::new(Section::Gradients, "", &blank, Estimate::default(), "")))?;
    }
    let mut bytes = writer.into_inner().map_err(|error| error.into_error())?;
    if statistics.is_empty() {
        let header = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(header);
    }
    Ok(bytes)
}

fn row(statistic: &Statistic) -> SummaryRow {
    let Statistic { point, estimate, .. } = statistic.clone();
    let text = |name| point.value(name).unwrap_or_default();
    SummaryRow {
        kind: statistic.section.to_string(),
        metric: statistic.metric.to_string(),
        quantity: statistic.quantity.clone(),
        layer: statistic.layer,
        lag: statistic.lag,
        cell: text("cell"),
        engine: text("engine"),
        init: text("init"),
        task: text("task"),
        layers: point.layers,
        input_size: point.input_size,
        hidden_size: point.hidden_size,
        seq_len: point.seq_len,
        batch_size: point.batch_size,
        dtype: text("dtype"),
        device: text("device"),
        threads: point.threads,
        loss: point.value("loss"),
        estimate: estimate.value,
        ci_low: estimate.low,
        ci_high: estimate.high,
        n: estimate.n,
        unit: statistic.unit.clone(),
        against: statistic.against.clone(),
        verdict: statistic.verdict.clone(),
        model: point.value("model"),
        learning_rate: point.learning_rate,
        clip_norm: point.clip_norm,
        train_fraction: point.train_fraction,
        parameters: statistic.parameters,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{line, results, run};
    use crate::report::group::Curves;

    #[test]
    fn to_csv_nothing_is_a_header() {
        let text = String::from_utf8(to_csv(&[]).unwrap()).unwrap();
        assert!(text.starts_with("kind,metric,quantity,") && text.lines().count() == 1, "{text}");
        let results = results([run("a", 1)]);
        let gradients = Curves::of_gradients(&results, line("a", "total_h", 3, 0.0, -0.1)).groups();
        let groups = Groups { gradients, ..Groups::default() };
        let rows = statistics(&results, &groups, &Verdicts::default());
        let full = String::from_utf8(to_csv(&rows).unwrap()).unwrap();
        assert_eq!(full.lines().next(), text.lines().next());
        assert_eq!(full.lines().count(), 1 + rows.len());
    }
}
