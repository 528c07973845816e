//! The expected duration of a run over one sequence, from shorter sequences.

use crate::support::error::Result;

/// The steps of the shortest sequence.
const FIRST: usize = 32;

/// Seconds after which a sequence is long enough to tell the time of a step from that of the rest.
const ENOUGH: f64 = 0.3;

/// The seconds of `steps` steps, given those of fewer steps. The sequence is doubled until it takes long
/// enough. The time of the steps that it lacks is that of the steps of the last doubling.
///
/// # Errors
/// The error of `time`.
pub fn extrapolated(steps: usize, time: impl Fn(usize) -> Result<f64>) -> Result<f64> {
    let mut length = FIRST.min(steps);
    let mut seconds = time(length)?;
    while length < steps {
        let longer = (2 * length).min(steps);
        let now = time(longer)?;
        let per_step = (now - seconds).max(0.0) / (longer - length) as f64;
        (length, seconds) = (longer, now);
        if now >= ENOUGH {
            return Ok(now + per_step * (steps - length) as f64);
        }
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn extrapolated_time_of_a_line_is_exact_and_costs_little() {
        for (fixed, per_step) in [(0.0, 1e-3), (0.2, 1e-4), (0.5, 1e-6)] {
            let spent = Cell::new(0.0);
            let time = |steps: usize| {
                let seconds = fixed + per_step * steps as f64;
                spent.set(spent.get() + seconds);
                Ok(seconds)
            };
            let expected = fixed + per_step * 1e6;
            let found = extrapolated(1_000_000, time).unwrap();
            assert!((found / expected - 1.0).abs() < 1e-9, "{found} for {expected}");
            assert!(spent.get() < 3.0, "{spent:?}");
        }
    }

    #[test]
    fn extrapolated_short_run_is_executed_as_a_whole() {
        let longest = Cell::new(0);
        let time = |steps: usize| {
            longest.set(steps);
            Ok(1e-4 * steps as f64)
        };
        assert!((extrapolated(100, time).unwrap() - 1e-2).abs() < 1e-12);
        assert_eq!(longest.get(), 100);
    }
}
