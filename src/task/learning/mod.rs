//! Tasks to be learned: each knows its sequences, its loss, and what chance would reach.

mod adding;
mod copy_memory;
mod images;
mod made;
mod shuffle;
mod temporal_order;
mod text;

use tch::{Device, Kind, Tensor};

use crate::config::spec::TaskSpec as Form;
use crate::config::spec::TrainingSpec;
use crate::data::{Input, Split};
use crate::device;
use crate::plan::run::Run;
use crate::settings::names::Predict;
use crate::support::error::{Error, Result};

/// What a model reads at each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// So many numbers: input `[T, B, I]`.
    Numbers(i64),
    /// One of so many symbols: input `[T, B]`, 64-bit integers.
    Symbols(i64),
}

/// A batch of sequences.
#[derive(Debug)]
pub struct Batch {
    /// As [`Read`] says.
    pub input: Tensor,
    /// What is right.
    pub target: Target,
    /// Whether the sequences go on where those of the batch before ended.
    pub continues: bool,
}

/// What is right after the last steps.
#[derive(Debug)]
pub enum Target {
    /// A number after the last step, `[B]`.
    Numbers(Tensor),
    /// A class after each of the last S steps, `[S, B]`, 64-bit integers.
    Classes(Tensor),
}

impl Target {
    /// How many of the last steps have an answer.
    pub fn answers(&self) -> i64 {
        match self {
            Target::Numbers(_) => 1,
            Target::Classes(right) => right.size()[0],
        }
    }
}

/// What chance reaches: without a look at the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance {
    /// The loss of the best constant answer, in the loss's unit.
    pub loss: f64,
    /// The accuracy of that answer, or of a draw; none where there is no telling.
    pub accuracy: Option<f64>,
}

/// Where a task's batches come from.
pub trait Source {
    /// The batch of a step of training, from 0: a function of the step alone.
    fn train(&self, step: usize) -> Batch;

    /// How many batches the held-out split has.
    fn held_out_count(&self, split: Split) -> usize;

    /// One of them.
    fn held_out(&self, split: Split, batch: usize) -> Batch;

    /// Steps of training after which all data have been seen once.
    fn steps_per_epoch(&self) -> Option<usize> {
        None
    }
}

/// A task to be learned.
pub trait Task: Source {
    /// What a model reads at each step.
    fn read(&self) -> Read;

    /// Numbers that a model answers with: 1, or one a class.
    fn outputs(&self) -> i64;

    /// Accuracy is over the last so many answers, where the others are a foregone conclusion.
    fn judged(&self) -> Option<i64> {
        None
    }

    /// The unit of the loss.
    fn unit(&self) -> &'static str {
        "nats"
    }

    /// Whether each sequence is an excerpt that is read from an empty state, and not part of a text that goes on.
    fn by_excerpts(&self) -> bool {
        false
    }

    /// What chance reaches on a split.
    fn chance(&self, split: Split) -> Chance;

    /// An answer that is a number counts as right where it is closer than this.
    fn tolerance(&self) -> f64 {
        0.0
    }
}

/// Where and how large the batches are.
#[derive(Debug, Clone, Copy)]
struct Frame {
    steps: usize,
    batch: usize,
    held_out: usize,
    /// Share of the training data that is learned from.
    share: f64,
    seed: u64,
    kind: Kind,
    on: Device,
}

impl Frame {
    /// How many of so many training items are learned from: the first.
    fn learned(&self, items: usize) -> usize {
        ((items as f64 * self.share).round() as usize).clamp(1, items)
    }

    fn requires(&self, items: usize, least: usize) -> Result<()> {
        let learned = self.learned(items);
        if learned >= least {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "training.train_fraction = {} leaves {learned} symbols to learn from; expected at least {least}",
            self.share
        )))
    }
}

/// The task of a run.
///
/// # Errors
/// The data that the task needs are not given.
pub fn task<'a>(
    run: &Run,
    training: &TrainingSpec,
    input: Option<&'a Input>,
    on: Device,
) -> Result<Box<dyn Task + 'a>> {
    let frame = Frame {
        steps: run.settings.seq_len,
        batch: run.settings.batch_size,
        held_out: training.eval_sequences,
        share: run.settings.train_fraction.unwrap_or(1.0),
        seed: run.settings.seed,
        kind: device::kind(run.settings.dtype),
        on,
    };
    match (&run.task, input) {
        (Form::Adding { variant }, _) => Ok(Box::new(adding::Adding::new(*variant, frame))),
        (Form::CopyMemory { .. }, _) => Ok(Box::new(copy_memory::CopyMemory::new(frame))),
        (Form::TemporalOrder { .. }, _) => Ok(Box::new(temporal_order::TemporalOrder::new(frame))),
        (Form::Images { permuted, .. }, Some(Input::Images(images))) => {
            Ok(Box::new(images::PixelByPixel::new(images, *permuted, frame)))
        }
        (Form::Text { corpus: settings, .. }, Some(Input::Corpus(corpus))) => match settings.predict {
            Predict::EveryStep => Ok(Box::new(text::Streams::new(corpus, frame)?)),
            Predict::LastStep => Ok(Box::new(text::Excerpts::new(corpus, settings.stride, frame)?)),
        },
        _ => {
            Err(Error::Usage(format!("the task `{}` cannot be learned without its data", run.settings.task)))
        }
    }
}

/// The mean loss of answers `[S, B, O]`: squared error of a number, cross-entropy in nats of a class.
pub fn loss(answers: &Tensor, target: &Target) -> Tensor {
    match target {
        Target::Numbers(right) => {
            (answers.select(0, -1).squeeze_dim(1) - right).square().mean(answers.kind())
        }
        Target::Classes(right) => {
            let classes = answers.size()[2];
            // tch's own cross-entropy goes through f32 whatever it is given.
            let logs = answers.reshape([-1, classes]).log_softmax(-1, answers.kind());
            logs.nll_loss(&right.reshape([-1]))
        }
    }
}

/// Whether each judged answer is right, `[S', B]`.
pub fn right(task: &dyn Task, answers: &Tensor, target: &Target) -> Tensor {
    match target {
        Target::Numbers(right) => {
            (answers.select(0, -1).squeeze_dim(1) - right).abs().lt(task.tolerance()).unsqueeze(0)
        }
        Target::Classes(right) => {
            let judged = task.judged().unwrap_or(target.answers());
            let from = target.answers() - judged;
            let found = answers.narrow(0, from, judged).argmax(-1, false);
            found.eq_tensor(&right.narrow(0, from, judged))
        }
    }
}
