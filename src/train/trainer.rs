//! The state of a training run, and the operations that advance it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tch::{Kind, Tensor};

use super::checkpoint::{self, Header, Snapshot};
use super::context::TrainContext;
use super::evaluate::{Score, chance, evaluate};
use super::flossing::floss;
use super::optimizer::{OptimizerState, clip};
use super::penalty::orthogonal_penalty;
use super::progress::Progress;
use super::recorder::Recorder;
use super::row_files::{Marks, OnRows, RowFiles};
use super::truncated::{Truncation, truncated_loss_and_gradient};
use super::update::loss_and_gradient;
use super::written::written;
use super::{probe, resume};
use crate::cell::State;
use crate::data::Split;
use crate::model::{ForwardArgs, ModelOutput};
use crate::random::{self, Purpose};
use crate::results::Rows;
use crate::results::schema::SampleRow;
use crate::support::error::{Error, Result};
use crate::support::progress::OnStep;
use crate::task::learning::{Batch, correct};

/// The state of a training run.
pub struct Trainer<'a> {
    pub context: TrainContext<'a>,
    dir: &'a Path,
    header: Header,
    recorder: Recorder<'a>,
    rows: RowFiles<'a>,
    /// The constant output of the task. For a text or images it is counted over the whole training split.
    constant: Tensor,
    optimizer: OptimizerState,
    /// The state that the next batch continues from.
    carry: Option<Vec<State>>,
    /// The text that the best model wrote.
    sample: Option<SampleRow>,
    /// The last finite loss since this process started, with its step.
    last_loss: Option<(usize, f64)>,
}

impl<'a> Trainer<'a> {
    /// A run at its start, or at its last checkpoint in `dir`.
    pub fn new(context: TrainContext<'a>, dir: &'a Path, on_rows: OnRows<'a>) -> Result<Trainer<'a>> {
        let header = Header {
            run_id: context.run.id.clone(),
            seed: context.run.settings.seed,
            model: context.config.clone(),
            symbols: context.symbols.to_vec(),
            tokenizer: context.tokenizer,
            by_excerpts: context.task.by_excerpts(),
            threads: context.run.settings.threads,
            progress: Progress::default(),
            rows: Marks::default(),
        };
        let weights = context.model.weights();
        let last = resume::last(dir, &header)?;
        let marks = last.as_ref().map_or(Marks::default(), |last| last.header.rows.clone());
        let mut trainer = Trainer {
            context,
            dir,
            header,
            recorder: Recorder::new(context),
            rows: RowFiles::open(dir, &marks, on_rows)?,
            constant: context.task.constant_output(),
            optimizer: OptimizerState::new(weights.flat()),
            carry: None,
            sample: None,
            last_loss: None,
        };
        if let Some(last) = last {
            last.restore(weights)?;
            trainer.optimizer = last.optimizer(weights.flat())?;
            trainer.carry = last.carry(weights.flat());
            trainer.header = last.header;
            if resume::best_is_later(dir, &trainer.header)? {
                trainer.header.progress.best = None;
            }
        }
        Ok(trainer)
    }

    pub fn progress(&self) -> &Progress {
        &self.header.progress
    }

    /// Returns true before the first evaluation.
    pub fn is_at_start(&self) -> bool {
        self.header.progress.step == 0 && self.rows.is_empty()
    }

    pub fn add_seconds(&mut self, seconds: f64) {
        self.header.progress.seconds += seconds;
    }

    /// Flosses the recurrent layers, if the settings ask for it.
    pub fn floss(&mut self, on_step: OnStep) -> Result<()> {
        let start = Instant::now();
        if let Some(flossed) = floss(&self.context, on_step)? {
            self.rows.add(&self.recorder.flossed(flossed))?;
            self.add_seconds(start.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// One update of the parameters.
    pub fn step(&mut self) -> Result<()> {
        let TrainContext { training, task, model, .. } = self.context;
        let step = self.header.progress.step;
        let batch = task.train(step);
        let without_noise = self.add_weight_noise(step);
        let pass = self.forward_backward(step, &batch);
        if let Some(weights) = without_noise {
            model.weights().flat().shallow_clone().copy_(&weights);
        }
        let (output, loss, mut gradient) = pass?;
        let value = self.finite(step + 1, "the loss", loss)?;
        self.last_loss = Some((step + 1, value));
        let norm = clip(&mut gradient, self.context.clip_norm());
        let norm = self.finite(step + 1, "the gradient's norm", norm)?;
        let rate = self.context.learning_rate(step);
        self.optimizer.step(training.optimizer, rate, model.weights().flat(), &gradient);
        let detached = |state: &State| state.map(Tensor::detach);
        self.carry = (!output.state.is_empty()).then(|| output.state.iter().map(detached).collect());
        let correct = correct(task, &output.outputs, &batch.target).to_kind(Kind::Double);
        self.count(value, norm, &correct, chance(task, &self.constant, &batch.target));
        Ok(())
    }

    /// The output for a batch, its loss, and the gradient of all parameters, with that of the penalty.
    fn forward_backward(&mut self, step: usize, batch: &Batch) -> Result<(ModelOutput, f64, Tensor)> {
        let TrainContext { run, model, config, .. } = self.context;
        let initial = self.carry.take().filter(|_| batch.continues);
        if let Some(truncation) = self.truncation() {
            let initial = initial.as_deref();
            let (output, loss, gradient) =
                truncated_loss_and_gradient(model, config, batch, initial, truncation)?;
            return Ok((output, loss, self.with_penalty(gradient)));
        }
        let args = ForwardArgs {
            initial: initial.as_deref(),
            output_steps: batch.target.steps(),
            dropout: Some(random::at_step(run.settings.seed, Purpose::Dropout, step)),
        };
        let (output, loss, gradient) = loss_and_gradient(model, config, batch, args)?;
        Ok((output, loss, self.with_penalty(gradient)))
    }

    /// The part of the sequence that a gradient goes back through, if the run truncates it.
    fn truncation(&self) -> Option<Truncation> {
        let settings = &self.context.run.settings;
        let every = settings.tbptt_every.filter(|every| *every > 0)?;
        Some(Truncation { every, back: settings.tbptt_back.unwrap_or(every) })
    }

    /// Adds the gradient of the penalty, if the run has one.
    fn with_penalty(&self, gradient: Tensor) -> Tensor {
        let TrainContext { run, model, .. } = self.context;
        let factor = run.settings.orthogonal_penalty.filter(|factor| *factor > 0.0);
        let penalty = factor.zip(model.layers().and_then(orthogonal_penalty));
        match penalty {
            Some((factor, penalty)) => gradient + model.weights().gradient(&(penalty * factor)),
            None => gradient,
        }
    }

    /// Adds noise to the weights and returns the weights without it, if the run trains with noise.
    fn add_weight_noise(&self, step: usize) -> Option<Tensor> {
        let settings = &self.context.run.settings;
        let deviation = settings.weight_noise.filter(|deviation| *deviation > 0.0)?;
        let flat = self.context.model.weights().flat();
        let mut rng = random::at_step(settings.seed, Purpose::WeightNoise, step);
        let noise = random::normal(&mut rng, &flat.size(), flat.kind(), flat.device());
        let without_noise = flat.copy();
        let _ = flat.shallow_clone().g_add_(&(noise * deviation));
        Some(without_noise)
    }

    fn finite(&self, step: usize, what: &'static str, value: f64) -> Result<f64> {
        if value.is_finite() {
            return Ok(value);
        }
        let progress = &self.header.progress;
        let last = self.last_loss.or(progress.last_loss.map(|loss| (progress.step, loss)));
        Err(Error::Diverged { step, what, value, last, advice: self.advice() })
    }

    /// The settings that may keep a run from diverging.
    fn advice(&self) -> &'static str {
        if self.header.progress.step == 0 {
            "no update was made before, so another init or a shorter sequence may help"
        } else if self.context.clip_norm() > 0.0 {
            "a smaller learning rate may help"
        } else {
            "a smaller learning rate or training.clip_norm may help"
        }
    }

    /// Adds a step to the progress, given which outputs are correct, `[S, B]`, and the score of chance.
    fn count(&mut self, loss: f64, norm: f64, correct: &Tensor, chance: Score) {
        let clip_norm = self.context.clip_norm();
        let progress = &mut self.header.progress;
        let sequences = correct.size()[1] as usize;
        progress.step += 1;
        progress.sequences += sequences;
        progress.last_loss = Some(loss);
        let sums = &mut progress.sums;
        sums.steps += 1;
        sums.loss += loss;
        sums.accuracy += correct.mean(Kind::Double).double_value(&[]);
        sums.chance_loss += chance.loss;
        sums.chance_accuracy += chance.accuracy;
        sums.norm += norm;
        sums.max_norm = sums.max_norm.max(norm);
        sums.clipped += usize::from(clip_norm > 0.0 && norm > clip_norm);
        if let Some((solved, required)) =
            self.context.training.solved.and_then(|solved| Some((solved, solved.sequences?)))
        {
            let hits = correct.amin([0], false).sum(Kind::Double).double_value(&[]) as usize;
            progress.solved = progress
                .add_to_window(loss, hits, sequences, required)
                .is_some_and(|mean| solved.loss.is_none_or(|limit| mean < limit));
        }
    }

    /// Rows of the split `train`.
    pub fn log(&mut self) -> Result<()> {
        self.rows.add(&self.recorder.training_means(&mut self.header.progress))
    }

    /// Evaluates the split `valid` and keeps the best parameters.
    pub fn evaluate(&mut self) -> Result<()> {
        let TrainContext { training, task, model, config, .. } = self.context;
        let found = evaluate(model, config, task, &self.constant, Split::Valid)?;
        let score = found.model;
        self.finite(self.header.progress.step, "the loss on the split `valid`", score.loss)?;
        let progress = &mut self.header.progress;
        self.rows.add(&self.recorder.score(progress.position(), Split::Valid, found))?;
        if progress.best.is_none_or(|(_, best)| score.loss < best) {
            progress.best = Some((progress.step, score.loss));
            self.save(&checkpoint::best)?;
        }
        if let Some(solved) = training.solved.filter(|solved| solved.sequences.is_none()) {
            let by_loss = solved.loss.is_none_or(|limit| score.loss < limit);
            let by_accuracy = solved.accuracy.is_none_or(|limit| score.accuracy >= limit);
            self.header.progress.solved |= by_loss && by_accuracy;
        }
        Ok(())
    }

    /// Probes the network, if the config asks for it.
    pub fn probe(&mut self) -> Result<()> {
        if let Some(probe) = &self.context.training.probe {
            let step = self.header.progress.step;
            self.rows.add_probe(&self.context.run.id, &probe::probe(&self.context, probe, step)?)?;
            self.header.progress.last_probe = Some(step);
        }
        Ok(())
    }

    /// Evaluates the split `test` with the parameters of the best evaluation, then sequences of the further
    /// lengths.
    pub fn test(&mut self) -> Result<()> {
        let TrainContext { task, model, config, .. } = self.context;
        self.save(&checkpoint::last)?;
        let best = resume::best(self.dir, &self.header)?;
        best.restore(model.weights())?;
        let found = evaluate(model, config, task, &self.constant, Split::Test)?;
        self.finite(best.header.progress.step, "the loss on the split `test`", found.model.loss)?;
        let at = best.header.progress.position();
        let seq_len = self.context.run.settings.seq_len;
        self.rows.add(&self.recorder.by_position(at, seq_len, &found))?;
        self.rows.add(&self.recorder.score(at, Split::Test, found))?;
        for (length, task) in self.context.at_lengths {
            let task = task.as_ref();
            let found = evaluate(model, config, task, &task.constant_output(), Split::Test)?;
            self.rows.add(&self.recorder.by_position(at, *length, &found))?;
            self.rows.add(&self.recorder.score_at_length(at, *length, found))?;
        }
        self.sample = written(&self.context, &best, self.constant.device())?;
        Ok(())
    }

    /// Writes a checkpoint to its path in the directory of the run.
    pub fn save(&mut self, path: &dyn Fn(&Path) -> PathBuf) -> Result<()> {
        self.header.rows = self.rows.marks()?;
        let snapshot = Snapshot {
            header: &self.header,
            weights: self.context.model.weights(),
            optimizer: &self.optimizer,
            carry: self.carry.as_deref(),
        };
        snapshot.write(&path(self.dir))
    }

    /// The rows at the end of the run.
    pub fn finish(mut self, diverged: bool) -> Result<Rows> {
        let solved = self.recorder.solved(&self.header.progress, diverged);
        self.rows.add(solved.as_slice())?;
        Ok(Rows { samples: self.sample.into_iter().collect(), ..self.rows.rows()? })
    }
}
