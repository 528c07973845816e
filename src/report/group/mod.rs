//! Rows of runs that differ in nothing but the seed, put together. Every row is read once.

mod curve;
mod curves;
mod disturbance;
mod predictions;
mod profiles;
mod samples;
mod speed;
mod training;

use super::load::Results;
use crate::results::schema::{FitRow, GateRow, JacobianRow, SampleRow, WeightRow};
use crate::settings::names::ExperimentKind;
use crate::support::error::Result;

pub use self::curve::Curve;
pub use self::curves::{CurveGroup, Curves, LARGEST_EXPONENT, LYAPUNOV};
pub use self::disturbance::MAX_STOLEN;
pub use self::predictions::{FIRST_EXPONENT, FIRST_QUARTER_EXPONENT, quarter_rank};
pub use self::predictions::{ScalarGroup, predictions};
pub use self::profiles::{Moment, ProfileGroup};
pub use self::samples::first_text;
pub use self::speed::{EngineSamples, Samples, SpeedGroup, is_reference, ratio_name, reference, speed};
pub use self::training::{
    ACCURACY_AT_LENGTH, GRADIENT_NORM, LOSS_AT_POSITION, TRAINED_EXPONENT, TrainingRows, VALID_LOG_LOSS,
    VALID_LOSS, VALID_SQUARES, all, at_length, curves, exponents, last, training_sequences,
};

/// The long CSV files of an experiment, grouped.
#[derive(Debug, Default)]
pub struct Groups {
    /// The gradients of the runs that went well; after training, those of the last recorded step.
    pub gradients: Vec<CurveGroup>,
    /// The gradients before the first update of a training.
    pub before_training: Vec<CurveGroup>,
    /// Products of Jacobians of the runs that went well; after training, those of the last recorded step.
    pub jacobian: Vec<CurveGroup>,
    /// Predictors of how fast gradients decay.
    pub predictions: Vec<ScalarGroup>,
    /// The gradients and the Lyapunov exponents in the course of training.
    pub profiles: Vec<ProfileGroup>,
    /// Losses, gradient norms and the largest Lyapunov exponent over training steps.
    pub learning: Vec<CurveGroup>,
    /// The rows of `training.csv`.
    pub training: TrainingRows,
    /// The texts that language models wrote.
    pub samples: Vec<SampleRow>,
    /// The timings.
    pub speed: Vec<SpeedGroup>,
}

impl Groups {
    /// Reads and groups the long CSV files.
    ///
    /// # Errors
    /// A row that cannot be read; no rows of a kind although runs of it went well.
    pub fn read(results: &Results) -> Result<Groups> {
        let gradients = results.rows(|rows| Curves::of_gradients(results, rows))?;
        let fits: Vec<FitRow> = results.rows(|rows| rows.collect())?;
        let has_fits = !fits.is_empty();
        let gradients = gradients.with_fits(fits.iter().cloned());
        let jacobian: Vec<JacobianRow> = results.rows(|rows| rows.collect())?;
        let gates: Vec<GateRow> = results.rows(|rows| rows.collect())?;
        let weights: Vec<WeightRow> = results.rows(|rows| rows.collect())?;
        let training = results.rows(|rows| TrainingRows::new(rows))?;
        let speed = results.rows(|rows| speed(results, rows))?;
        let products = Curves::of_jacobian(results, &jacobian).with_fits(fits.iter().cloned());
        let of_weights = Curves::of_weights(results, &weights).with_fits(fits);
        let of_probes = exponents(results, &jacobian);
        let groups = Groups {
            profiles: gradients.profiles().into_iter().chain(products.profiles()).collect(),
            before_training: gradients.before_training(),
            gradients: gradients.groups().into_iter().chain(of_weights.groups()).collect(),
            jacobian: products.groups(),
            predictions: predictions(results, jacobian, gates),
            learning: curves(results, &training).into_iter().chain(of_probes).collect(),
            training,
            samples: results.rows(|rows| rows.collect())?,
            speed: speed.map_err(|problem| results.error("speed.csv", problem))?,
        };
        let is_gradients = |group: &CurveGroup| group.point.kind == ExperimentKind::Gradients;
        for (kind, file, has_rows) in [
            (ExperimentKind::Gradients, "gradients.csv", groups.gradients.iter().any(is_gradients)),
            (ExperimentKind::Gradients, "fits.csv", has_fits),
            (ExperimentKind::Jacobian, "jacobian.csv", !groups.jacobian.is_empty()),
            (ExperimentKind::Jacobian, "fits.csv", has_fits),
            (ExperimentKind::Speed, "speed.csv", !groups.speed.is_empty()),
            (ExperimentKind::Training, "training.csv", !groups.training.is_empty()),
        ] {
            if !has_rows {
                results.missing(file, kind)?;
            }
        }
        Ok(groups)
    }
}
