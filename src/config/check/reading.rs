//! The number that a claim or a published result reads from each run.

use crate::config::source::ConfigFile;
use crate::config::spec::{ClaimMetric, Reading};
use crate::settings::names::{ExperimentKind, Quantity};
use crate::support::error::ConfigError;

/// Checks metric, quantity and lag of the table at `place`.
///
/// # Errors
/// A quantity or lag that does not belong to the metric; a metric of one lag without it.
pub fn reading(
    file: &ConfigFile,
    place: &str,
    metric: ClaimMetric,
    quantity: Option<Quantity>,
    lag: Option<i64>,
) -> Result<Reading, ConfigError> {
    let wrong = |name: &str, problem: String| Err(file.error(&format!("{place}.{name}"), problem));
    let of_gradients = metric.kind() == ExperimentKind::Gradients;
    if quantity.is_some() && !of_gradients {
        return wrong("quantity", format!("belongs to a metric of gradients, but the metric is `{metric}`"));
    }
    let lag = match (metric.is_at_one_lag(), lag) {
        (true, Some(lag)) => match usize::try_from(lag) {
            Ok(lag) => Some(lag),
            Err(_) => return wrong("lag", format!("expected a whole number of at least 0, found {lag}")),
        },
        (true, None) => {
            return wrong("metric", "the norm is that at one lag; expected the key `lag`".to_string());
        }
        (false, Some(_)) => {
            return wrong("lag", format!("belongs to a norm at one lag, but the metric is `{metric}`"));
        }
        (false, None) => None,
    };
    let quantity = of_gradients.then(|| quantity.unwrap_or(Quantity::TotalH));
    Ok(Reading { metric, quantity, lag, length: None })
}
