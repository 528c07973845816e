//! Tasks to learn: sequences, targets, loss, and a chance baseline.

mod adding;
mod copy_memory;
mod excerpts;
#[cfg(test)]
mod fixtures;
mod images;
mod modular_sum;
mod options;
mod score;
mod selective_copy;
mod shuffle;
mod streams;
mod synthetic;
mod task;
mod temporal_order;
mod unigram;
mod xor;

use tch::Device;

pub use score::{correct, loss, sequence_losses, step_losses};
pub use task::{Batch, BatchSource, Target, Task};

use crate::config::spec::{TaskSpec, TrainingSpec};
use crate::data::Input;
use crate::device;
use crate::plan::run::Run;
use crate::settings::names::Predict;
use crate::support::error::{Error, Result};
use options::BatchOptions;

/// The task of a run.
///
/// # Errors
/// The task needs data, and there is none.
pub fn task<'a>(
    run: &Run,
    training: &TrainingSpec,
    input: Option<&'a Input>,
    device: Device,
) -> Result<Box<dyn Task + 'a>> {
    let settings = &run.settings;
    let options = BatchOptions {
        steps: settings.seq_len,
        batch: settings.batch_size,
        held_out: training.eval_sequences,
        train_share: settings.train_fraction.unwrap_or(1.0),
        seed: settings.seed,
        kind: device::kind(settings.dtype),
        device,
    };
    match (&run.task, input) {
        (TaskSpec::Adding { variant }, _) => Ok(Box::new(adding::Adding { variant: *variant, options })),
        (TaskSpec::CopyMemory { .. }, _) => Ok(Box::new(copy_memory::CopyMemory { options })),
        (TaskSpec::TemporalOrder { .. }, _) => Ok(Box::new(temporal_order::TemporalOrder { options })),
        (TaskSpec::ModularSum { modulus, .. }, _) => {
            Ok(Box::new(modular_sum::ModularSum { modulus: *modulus as i64, options }))
        }
        (TaskSpec::Xor, _) => Ok(Box::new(xor::Xor { options })),
        (TaskSpec::SelectiveCopy { .. }, _) => Ok(Box::new(selective_copy::SelectiveCopy { options })),
        (TaskSpec::Images { permuted, .. }, Some(Input::Images(images))) => {
            Ok(Box::new(images::PixelByPixel::new(images, *permuted, options)))
        }
        (TaskSpec::Text { corpus: text, .. }, Some(Input::Corpus(corpus))) => match text.predict {
            Predict::EveryStep => Ok(Box::new(streams::Streams::new(corpus, options)?)),
            Predict::LastStep => Ok(Box::new(excerpts::Excerpts::new(corpus, text.stride, options)?)),
        },
        _ => Err(Error::Usage(format!("the task `{}` cannot be learned without its data", settings.task))),
    }
}
