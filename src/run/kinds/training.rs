//! The kind `training`: loss, accuracy and gradient norms of a model over its training steps.

use crate::config::spec::TrainingSpec;
use crate::data::{Input, Inputs, UNKNOWN};
use crate::model::{Model, ModelConfig, model};
use crate::plan::run::Run;
use crate::results::schema::TrainingRow;
use crate::run::tensorboard::Events;
use crate::run::{ExecTarget, RunContext, RunOutput};
use crate::settings::names::Tokenizer;
use crate::support::error::Result;
use crate::task::learning::{Task, task};
use crate::train::{self, Outcome, TrainContext};

/// Executes a run of this kind, from its last checkpoint if there is one.
///
/// # Errors
/// The data, the model or a checkpoint cannot be used; the run was asked to stop. If training diverges or the
/// event file cannot be written, the output has the rows and the error.
pub fn execute(run: &Run, training: &TrainingSpec, context: &RunContext) -> Result<RunOutput> {
    let setup = Setup::new(run, training, context.inputs, context.target)?;
    let events = context.events.map(|dir| Events::create(dir, setup.context(run)));
    let on_rows = |rows: &[TrainingRow]| events.iter().for_each(|events| events.add(rows));
    let Outcome { rows, seconds_before, diverged } =
        train::train(setup.context(run), context.checkpoints, context.on_step, &on_rows)?;
    let parameters = Some(setup.model.weights().count());
    let errors = diverged.into_iter().chain(events.and_then(Events::error)).collect();
    Ok(RunOutput { rows, errors, seconds_before, parameters, ..RunOutput::default() })
}

/// An upper bound in seconds, from the time of the first step.
///
/// # Errors
/// The first step fails.
pub fn estimate(run: &Run, training: &TrainingSpec, inputs: &Inputs, target: ExecTarget) -> Result<f64> {
    let setup = Setup::new(run, training, inputs, target)?;
    train::estimate(setup.context(run))
}

/// The task and the model of a run.
pub(super) struct Setup<'a> {
    training: &'a TrainingSpec,
    pub task: Box<dyn Task + 'a>,
    at_lengths: Vec<(usize, Box<dyn Task + 'a>)>,
    pub config: ModelConfig,
    pub model: Box<dyn Model>,
    symbols: &'a [String],
    tokenizer: Option<Tokenizer>,
}

impl<'a> Setup<'a> {
    pub fn new(
        run: &'a Run,
        training: &'a TrainingSpec,
        inputs: &'a Inputs,
        target: ExecTarget,
    ) -> Result<Setup<'a>> {
        let input = inputs.of(true);
        let task = task(run, training, input, target.device)?;
        let of_length = |length: &usize| {
            let mut run = run.clone();
            run.settings.seq_len = *length;
            Ok((*length, self::task(&run, training, input, target.device)?))
        };
        let at_lengths = training.test_lengths.iter().map(of_length).collect::<Result<Vec<_>>>()?;
        let seq_len = training.test_lengths.iter().copied().fold(run.settings.seq_len, usize::max);
        let longest = run.task.longest(seq_len);
        let config = ModelConfig::new(run, training, task.input(), task.outputs(), longest);
        let model = model(&config, run.settings.seed, target.device);
        let (symbols, tokenizer) = match input {
            Some(Input::Corpus(corpus)) => (corpus.symbols.as_slice(), Some(corpus.tokenizer)),
            _ => (&[][..], None),
        };
        debug_assert!(symbols.is_empty() || symbols.iter().any(|symbol| symbol == UNKNOWN));
        Ok(Setup { training, task, at_lengths, config, model, symbols, tokenizer })
    }

    fn context<'b>(&'b self, run: &'b Run) -> TrainContext<'b> {
        TrainContext {
            run,
            training: self.training,
            task: self.task.as_ref(),
            at_lengths: &self.at_lengths,
            model: self.model.as_ref(),
            config: &self.config,
            symbols: self.symbols,
            tokenizer: self.tokenizer,
        }
    }
}
