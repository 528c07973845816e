//! Norms over lag in the course of training.

use std::collections::BTreeMap;

use super::curve::Curve;
use crate::settings::Settings;
use crate::support::stats;

/// One quantity of one layer at one grid point after a number of steps of training.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileGroup {
    /// The grid point.
    pub point: Settings,
    /// The quantity as in `gradients.csv`.
    pub quantity: String,
    /// The layer, from 0.
    pub layer: usize,
    /// The moment of training.
    pub moment: Moment,
    /// The number of seeds that have it.
    pub seeds: usize,
    /// The mean over these seeds.
    pub mean: Curve,
}

/// A moment of training at which the network was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// After a number of updates of the parameters.
    Step(usize),
    /// The end of a run, in an experiment whose runs end after different numbers of updates.
    End,
}

/// The mean at each lag at which every run has a norm: over fewer it would jump.
pub fn mean(curves: &[&Curve]) -> Curve {
    let mut at: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (&lag, &norm) in curves.iter().copied().flatten() {
        at.entry(lag).or_default().extend(norm);
    }
    let mean = |norms: Vec<f64>| stats::mean(&norms).filter(|_| norms.len() == curves.len());
    at.into_iter().map(|(lag, norms)| (lag, mean(norms))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::curves::Curves;
    use super::Moment;
    use crate::report::fixtures::{curve, failed, results, training};
    use crate::results::schema::GradientRow;

    fn recorded(id: &str, step: usize, norms: &[(usize, Option<f64>)]) -> Vec<GradientRow> {
        let mut rows = curve(id, "total_h", norms);
        rows.iter_mut().for_each(|row| row.step = Some(step));
        rows
    }

    #[test]
    fn profiles_steps_are_apart_and_seeds_are_averaged_where_all_have_a_norm() {
        let of = |id: &str, seed, rate| {
            let mut run = training(id, seed);
            run.settings.learning_rate = Some(rate);
            run
        };
        let runs = [of("a", 1, 0.2), of("b", 2, 0.2), of("c", 1, 0.1), failed(of("d", 3, 0.2))];
        let results = results(runs);
        let mut rows = recorded("a", 0, &[(0, Some(1.0)), (1, Some(-1.0))]);
        rows.extend(recorded("b", 0, &[(0, Some(3.0)), (1, None)]));
        // The second seed ends before step 50.
        rows.extend(recorded("b", 20, &[(0, Some(9.0))]));
        rows.extend(recorded("a", 50, &[(0, Some(4.0))]));
        rows.extend(recorded("a", 60, &[(0, Some(5.0))]));
        rows.extend(recorded("c", 0, &[(0, Some(7.0))]));
        rows.extend(recorded("c", 60, &[(0, Some(8.0))]));
        rows.extend(recorded("d", 0, &[(0, Some(100.0))]));
        rows.extend(curve("a", "total_h", &[(0, Some(200.0))]));
        let curves = Curves::of_gradients(&results, rows);
        let found: Vec<_> = curves
            .profiles()
            .into_iter()
            .map(|group| (group.point.learning_rate.unwrap(), group.moment, group.seeds, group.mean))
            .collect();
        let of = |rate, moment, seeds, mean: &[(usize, Option<f64>)]| {
            (rate, moment, seeds, mean.iter().copied().collect())
        };
        let expected = [
            of(0.2, Moment::Step(0), 2, &[(0, Some(2.0)), (1, None)]),
            of(0.2, Moment::Step(50), 1, &[(0, Some(4.0))]),
            of(0.2, Moment::End, 2, &[(0, Some(7.0))]),
            of(0.1, Moment::Step(0), 1, &[(0, Some(7.0))]),
            of(0.1, Moment::End, 1, &[(0, Some(8.0))]),
        ];
        assert_eq!(found, expected);
        let last = &curves.groups()[0];
        assert_eq!(last.curves[0][&0], Some(5.0), "the last recorded step counts");
        let first = &curves.before_training()[0];
        assert_eq!(first.curves[1][&0], Some(3.0), "step 0 counts");
    }
}
