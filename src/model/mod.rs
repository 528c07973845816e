//! What stands between a task's input and its answer: layers, dropout, readout.

mod attention;
mod blueprint;
mod recurrent;
mod transformer;
mod weights;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};

pub use blueprint::Blueprint;
pub use recurrent::read_out;
pub use weights::Weights;

use crate::cell::{Parameters, State};
use crate::error::Result;
use crate::settings::names::ModelName;

/// What a model is asked for.
pub struct Ask<'a> {
    /// The state to go on from, one entry a layer; zeros where there is none.
    pub first: Option<&'a [State]>,
    /// Answers after the last so many steps.
    pub answers: i64,
    /// Where dropout's random numbers come from; none outside training.
    pub dropout: Option<ChaCha8Rng>,
}

/// What a model says.
pub struct Said {
    /// `[S, B, O]`: numbers, or the logits of the classes.
    pub answers: Tensor,
    /// The state after the last step, one entry a recurrent layer.
    pub last: Vec<State>,
}

/// A model, from vectors to answers.
pub trait Model {
    /// Its parameters.
    fn weights(&self) -> &Weights;

    /// Runs vectors `[T, B, I]`.
    ///
    /// # Errors
    /// A shape, a type or a device that the engine cannot work with.
    fn run(&self, vectors: &Tensor, ask: Ask) -> Result<Said>;

    /// The recurrent layers, for a probe to look into; none in a model without.
    fn layers(&self) -> Option<&Parameters> {
        None
    }
}

/// A model as the blueprint has it, its parameters drawn from the seed.
pub fn model(blueprint: &Blueprint, seed: u64, on: Device) -> Box<dyn Model> {
    match blueprint.model {
        ModelName::Recurrent => Box::new(recurrent::Recurrent::new(blueprint, seed, on)),
        ModelName::Attention => Box::new(attention::Attention::new(blueprint, seed, on)),
        ModelName::Transformer => Box::new(transformer::Transformer::new(blueprint, seed, on)),
    }
}

/// Sets a share of the values to 0 and scales the others so that the mean stays (Srivastava et al. 2014).
fn dropped(values: Tensor, share: f64, rng: &mut Option<ChaCha8Rng>) -> Tensor {
    let Some(rng) = rng.as_mut().filter(|_| share > 0.0) else { return values };
    let threshold = (share * 2f64.powi(32)) as u32;
    let mask: Vec<bool> = (0..values.numel()).map(|_| rng.random::<u32>() >= threshold).collect();
    let mask = Tensor::from_slice(&mask).reshape(values.size()).to_device(values.device());
    values * mask / (1.0 - share)
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::device::cpu;
    use crate::random::{Purpose, stream};

    fn ones() -> Tensor {
        Tensor::ones([100, 100], (Kind::Double, cpu()))
    }

    #[test]
    fn what_dropout_leaves_is_scaled_so_that_the_mean_stays() {
        let mut rng = Some(stream(1, Purpose::Dropout));
        for (share, scale) in [(0.5, 2.0), (0.75, 4.0)] {
            let found = dropped(ones(), share, &mut rng);
            let values = Vec::<f64>::try_from(found.reshape([-1])).unwrap();
            assert!(values.iter().all(|value| *value == 0.0 || *value == scale), "{share}");
            // The mean of 10 000 has a standard deviation below 0.02.
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((mean - 1.0).abs() < 0.08, "{share}: {mean}");
            assert_ne!(dropped(ones(), share, &mut rng), found, "drawn anew each time");
        }
    }

    #[test]
    fn nothing_is_dropped_outside_training_or_at_a_share_of_0() {
        assert_eq!(dropped(ones(), 0.5, &mut None), ones());
        assert_eq!(dropped(ones(), 0.0, &mut Some(stream(1, Purpose::Dropout))), ones());
    }
}
