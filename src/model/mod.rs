//! Models: embedding, recurrent layers with or without attention, or a Transformer; dropout, readout.

mod attention;
mod config;
pub mod dense;
mod dropout;
mod forward;
mod interventions;
mod recurrent;
mod transformer;
mod weights;

use tch::Device;

pub use config::{InputSpec, ModelConfig};
pub use forward::{ForwardArgs, Model, ModelOutput};
pub use interventions::Interventions;
pub use weights::Weights;

use crate::settings::names::ModelName;

/// A model with parameters drawn from the seed.
pub fn model(config: &ModelConfig, seed: u64, device: Device) -> Box<dyn Model> {
    match config.model {
        ModelName::Recurrent | ModelName::Attention => {
            Box::new(recurrent::Recurrent::new(config, seed, device))
        }
        ModelName::Transformer => Box::new(transformer::Transformer::new(config, seed, device)),
    }
}
