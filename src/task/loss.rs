//! The losses of a gradient measurement.

use std::ops::Range;

use tch::Tensor;

use super::batch::InputBatch;
use crate::model::dense;
use crate::random::{self, Purpose};
use crate::settings::Settings;
use crate::settings::names::LossName;
use crate::support::error::{Error, Result};

/// A scalar function of the output, summed over the batch. Sequences do not share a loss, so the
/// gradient of each is that of its own loss.
pub enum Loss {
    /// A unit vector for each sequence, `[B, H]` or `[B, P]`, times the last h.
    Last(Tensor),
    /// The same vector times every state.
    Sum(Tensor),
    /// The cross-entropy of the next symbol after a dense readout, the mean over steps.
    NextSymbol {
        /// Weight and bias.
        readout: [Tensor; 2],
        /// The next symbols, `[T, B]`.
        targets: Tensor,
    },
}

impl Loss {
    /// The loss of that name, with random vectors and readout drawn from the seed.
    ///
    /// # Errors
    /// The task has no loss of its own.
    pub fn new(name: LossName, settings: &Settings, batch: &InputBatch) -> Result<Loss> {
        let (kind, device) = (batch.input.kind(), batch.input.device());
        let output = settings.state_size().output;
        let direction = || {
            let mut rng = random::stream(settings.seed, Purpose::Loss);
            let normal = random::normal(&mut rng, &[settings.batch_size as i64, output], kind, device);
            let length = normal.square().sum_dim_intlist([1].as_slice(), true, kind).sqrt();
            normal / length
        };
        match (name, &batch.targets) {
            (LossName::Last, _) => Ok(Loss::Last(direction())),
            (LossName::Sum, _) => Ok(Loss::Sum(direction())),
            (LossName::Task, Some(targets)) => Ok(Loss::NextSymbol {
                readout: dense::draw_readout(output, targets.count, settings.seed)
                    .map(|drawn| drawn.to_device(device).to_kind(kind)),
                targets: targets.classes.shallow_clone(),
            }),
            (LossName::Task, None) => {
                Err(Error::Usage(format!("the task `{}` has no loss of its own", settings.task)))
            }
        }
    }

    /// The contribution to the loss of the steps `segment` (from 0) out of `steps`, given the output at
    /// these steps. `None` if the loss does not depend on them.
    pub fn of_segment(&self, output: &Tensor, segment: Range<usize>, steps: usize) -> Option<Tensor> {
        let kind = output.kind();
        match self {
            Loss::Last(direction) => {
                (segment.end == steps).then(|| (output.select(0, -1) * direction).sum(kind))
            }
            Loss::Sum(direction) => Some((output * direction).sum(kind)),
            Loss::NextSymbol { readout, targets } => {
                let targets = targets.narrow(0, segment.start as i64, segment.len() as i64);
                let log_probability = dense::apply(readout, output).log_softmax(-1, kind);
                let of_target = log_probability.gather(1, &targets.reshape([-1, 1]), false);
                Some(-of_target.sum(kind) / steps as f64)
            }
        }
    }
}
