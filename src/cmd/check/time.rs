//! The expected time of a plan.

use crate::plan::run::Run;
use crate::run::ExecTarget;
use crate::run::estimate::estimates;
use crate::run::experiment::Experiment;
use crate::run::kinds;
use crate::settings::names::ExperimentKind;
use crate::support::signal::Stop;
use crate::support::text::duration;

/// The expected time of the runs of one kind.
pub struct KindTime {
    /// The kind.
    pub kind: ExperimentKind,
    /// Seconds; `None` if a run of the kind fails or its data is missing.
    pub seconds: Option<f64>,
}

/// Estimates the time of each kind. Training executes a few updates of each setting, gradients and
/// Jacobians a short sequence.
pub fn measure(experiment: &Experiment, runs: &[&Run], target: ExecTarget) -> Vec<KindTime> {
    let of_kind = |kind: ExperimentKind| -> Vec<&Run> {
        runs.iter().filter(|run| run.settings.kind == kind).copied().collect()
    };
    let kinds = experiment.spec.parts.iter().map(|part| part.measure.kind());
    let duration = |run: &Run| kinds::duration(run, &experiment.inputs, target).map(Some);
    let time = |(kind, runs): (ExperimentKind, Vec<&Run>)| {
        let times = estimates(&runs, duration, &Stop::default(), |_| Some(()));
        KindTime { kind, seconds: times.into_iter().sum() }
    };
    kinds.map(|kind| (kind, of_kind(kind))).filter(|(_, runs)| !runs.is_empty()).map(time).collect()
}

/// The times in words: `at most 2.5 min for training, about 40 s for speed; no estimate for gradients`.
pub fn in_words(times: &[KindTime]) -> String {
    let known = times.iter().filter_map(|time| Some((time.kind, time.seconds?)));
    let known: Vec<String> = known
        .map(|(kind, seconds)| {
            let bound = if kind == ExperimentKind::Training { "at most" } else { "about" };
            format!("{bound} {} for {kind}", duration(seconds))
        })
        .collect();
    let unknown: Vec<&str> =
        times.iter().filter(|time| time.seconds.is_none()).map(|time| time.kind.as_str()).collect();
    match (known.is_empty(), unknown.is_empty()) {
        (true, _) => format!("no estimate for {}", unknown.join(" and ")),
        (false, true) => known.join(", "),
        (false, false) => format!("{}; no estimate for {}", known.join(", "), unknown.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_words_names_bounds_and_kinds_without_an_estimate() {
        use ExperimentKind::{Gradients, Speed, Training};
        let said = |times: &[(ExperimentKind, Option<f64>)]| {
            in_words(
                &times
                    .iter()
                    .map(|(kind, seconds)| KindTime { kind: *kind, seconds: *seconds })
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(said(&[(Gradients, None)]), "no estimate for gradients");
        assert_eq!(
            said(&[(Training, Some(80.0)), (Speed, Some(40.0))]),
            "at most 80 s for training, about 40 s for speed"
        );
        assert_eq!(
            said(&[(Speed, Some(40.0)), (Gradients, None)]),
            "about 40 s for speed; no estimate for gradients"
        );
    }
}
