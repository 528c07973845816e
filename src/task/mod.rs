//! Where sequences come from, and the loss that a task has of its own.

pub mod learning;
mod noise;
mod text;

use std::ops::Range;

use tch::{Device, Kind, Tensor};

use crate::data::EncodedText;
use crate::device;
use crate::plan::run::Run;
use crate::random::{self, Purpose};
use crate::settings::Settings;
use crate::settings::names::LossName;
use crate::support::error::{Error, Result};

/// A batch of sequences.
pub struct Batch {
    /// `[T, B, I]`.
    pub input: Tensor,
    /// For a task with classes: which is right at each step, and how many there are.
    pub targets: Option<Targets>,
}

/// The right class at each step.
pub struct Targets {
    /// `[T, B]`, 64-bit integers below `classes`.
    pub classes: Tensor,
    /// The number of classes.
    pub count: i64,
}

/// Draws the batch of a run from its seed; `text` is the text that the task names.
///
/// # Errors
/// The task needs a text and none is given.
pub fn batch(run: &Run, text: Option<&EncodedText>, on: Device) -> Result<Batch> {
    let settings = &run.settings;
    let kind = device::kind(settings.dtype);
    match (run.task.encoding(), text) {
        (None, _) => Ok(noise::batch(settings, kind, on)),
        (Some(encoding), Some(text)) => Ok(text::batch(settings, text, encoding, kind, on)),
        (Some(_), None) => Err(Error::Usage(format!("the task `{}` needs its text", settings.task))),
    }
}

/// A scalar made of the output, summed over the batch: the sequences do not share a loss, so each one's gradient
/// is that of its own.
pub struct Loss {
    form: Form,
    kind: Kind,
}

enum Form {
    /// A unit vector a sequence, `[B, H]`, times the last state.
    Last(Tensor),
    /// The same vector times every state.
    Sum(Tensor),
    /// A readout and the cross-entropy of the right class, mean over steps.
    Classes { readout: text::Readout, targets: Tensor },
}

impl Loss {
    /// The loss of that name, with what it needs drawn from the seed.
    ///
    /// # Errors
    /// The task's own loss is asked for and it has none.
    pub fn new(name: LossName, settings: &Settings, batch: &Batch) -> Result<Loss> {
        let (kind, on) = (batch.input.kind(), batch.input.device());
        let hidden = settings.hidden_size as i64;
        let direction = || {
            let mut rng = random::stream(settings.seed, Purpose::Loss);
            let normal = random::normal(&mut rng, &[settings.batch_size as i64, hidden], kind, on);
            let length = normal.square().sum_dim_intlist([1].as_slice(), true, kind).sqrt();
            normal / length
        };
        let form = match (name, &batch.targets) {
            (LossName::Last, _) => Form::Last(direction()),
            (LossName::Sum, _) => Form::Sum(direction()),
            (LossName::Task, Some(targets)) => Form::Classes {
                readout: text::Readout::new(hidden, targets.count, settings.seed, kind, on),
                targets: targets.classes.shallow_clone(),
            },
            (LossName::Task, None) => {
                return Err(Error::Usage(format!("the task `{}` has no loss of its own", settings.task)));
            }
        };
        Ok(Loss { form, kind })
    }

    /// What the steps `segment` (from 0) of `steps` in all add to the loss, given the output at these steps; `None` where
    /// the loss does not depend on them.
    pub fn of_segment(&self, output: &Tensor, segment: Range<usize>, steps: usize) -> Option<Tensor> {
        match &self.form {
            Form::Last(direction) => {
                (segment.end == steps).then(|| (output.select(0, -1) * direction).sum(self.kind))
            }
            Form::Sum(direction) => Some((output * direction).sum(self.kind)),
            Form::Classes { readout, targets } => {
                let targets = targets.narrow(0, segment.start as i64, segment.len() as i64);
                Some(readout.cross_entropy(output, &targets) / steps as f64)
            }
        }
    }
}
