//! Learning-rate schedules.

use crate::config::spec::Schedule;
use crate::settings::names::ScheduleName;

/// The learning rate of a step (from 0) out of `steps`: linear up to `peak` over the warm-up, then by the
/// schedule.
pub fn rate(schedule: Schedule, peak: f64, step: usize, steps: usize) -> f64 {
    let warmup = schedule.warmup_steps;
    if step < warmup {
        return peak * (step + 1) as f64 / warmup as f64;
    }
    let share = (step - warmup) as f64 / (steps.saturating_sub(warmup)).max(1) as f64;
    match schedule.name {
        ScheduleName::Constant => peak,
        ScheduleName::Linear => peak * (1.0 - share),
        ScheduleName::Cosine => peak * 0.5 * (1.0 + (std::f64::consts::PI * share).cos()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rate_warms_up_linearly_and_decays_by_schedule() {
        let schedule = |name| Schedule { name, warmup_steps: 10 };
        for name in ScheduleName::ALL {
            assert!((rate(schedule(*name), 2.0, 4, 110) - 1.0).abs() < 1e-12);
            assert!((rate(schedule(*name), 2.0, 10, 110) - 2.0).abs() < 1e-12);
        }
        let half = |name| rate(schedule(name), 2.0, 60, 110);
        assert!((half(ScheduleName::Constant) - 2.0).abs() < 1e-12);
        assert!((half(ScheduleName::Linear) - 1.0).abs() < 1e-12);
        assert!((half(ScheduleName::Cosine) - 1.0).abs() < 1e-12);
        assert!(rate(schedule(ScheduleName::Cosine), 2.0, 35, 110) > 1.5);
    }

    proptest! {
        #[test]
        fn rate_stays_between_0_and_peak_and_never_rises_after_warmup(
            name in prop::sample::select(ScheduleName::ALL),
            peak in 1e-6f64..10.0,
            warmup_steps in 0usize..50,
            steps in 1usize..200,
        ) {
            let schedule = Schedule { name, warmup_steps };
            let rates: Vec<f64> = (0..steps).map(|step| rate(schedule, peak, step, steps)).collect();
            prop_assert!(rates.iter().all(|rate| (0.0..=peak * (1.0 + 1e-12)).contains(rate)), "{rates:?}");
            let after = rates.get(warmup_steps..).unwrap_or_default();
            prop_assert!(after.windows(2).all(|pair| pair[1] <= pair[0]), "{rates:?}");
        }
    }
}
