//! The loop: batch, loss, gradient, update; now and then a row, an evaluation, a checkpoint.

mod resume;
mod rows;

use std::path::Path;
use std::time::Instant;

use tch::Kind;

use super::checkpoint::{self, Header};
use super::evaluate::evaluate;
use super::optimizer::{State as OptimizerState, clip};
use super::progress::Progress;
use super::{profile, schedule};
use crate::cell::State;
use crate::config::spec::Length;
use crate::config::spec::TrainingSpec;
use crate::data::Split;
use crate::model::{Ask, Blueprint, Model};
use crate::plan::run::Run;
use crate::random::{self, Purpose};
use crate::support::error::{Error, Result};
use crate::support::file::remove_stale_temp_files;
use crate::task::learning::{Batch, Chance, Task, loss, right};

/// What is trained, on what.
pub struct Setting<'a> {
    /// The run.
    pub run: &'a Run,
    /// What it learns with.
    pub training: &'a TrainingSpec,
    /// What it learns.
    pub task: &'a dyn Task,
    /// The model.
    pub model: &'a dyn Model,
    /// What the model is.
    pub blueprint: &'a Blueprint,
    /// What each symbol stands for, for a text.
    pub symbols: &'a [String],
    /// Whether a symbol is a word.
    pub by_words: bool,
}

/// How a run ended.
pub struct Outcome {
    /// How far it came.
    pub progress: Progress,
    /// Seconds that went into it before it was taken up again here.
    pub seconds_before: f64,
    /// Why no further: it diverged.
    pub diverged: Option<Error>,
}

/// Updates that a run makes at most.
fn length(setting: &Setting) -> usize {
    match setting.training.length {
        Length::Steps(steps) => steps,
        Length::Epochs(epochs) => epochs * setting.task.steps_per_epoch().unwrap_or(1),
    }
}

/// Trains to the end, from the checkpoint in `dir` if there is one. `tell` is told the step and the last.
///
/// # Errors
/// A checkpoint cannot be written, or is not of this run. A run that diverges is no error here: its rows are kept.
pub fn train(setting: &Setting, dir: &Path, tell: &mut dyn FnMut(usize, usize)) -> Result<Outcome> {
    std::fs::create_dir_all(dir).map_err(Error::io("make", dir))?;
    remove_stale_temp_files(dir)?;
    let mut learner = Learner::new(setting, dir)?;
    let seconds_before = learner.header.progress.seconds;
    let diverged = match learner.learn(tell).and_then(|()| learner.finish()) {
        Ok(()) => None,
        Err(error @ Error::Diverged { .. }) => Some(error),
        Err(error) => return Err(error),
    };
    learner.say_whether_solved(diverged.is_none());
    Ok(Outcome { progress: learner.header.progress, seconds_before, diverged })
}

/// Seconds that a run takes at most: a few steps and a gradient profile, timed.
///
/// # Errors
/// What the first step runs into.
pub fn estimate(setting: &Setting) -> Result<f64> {
    const STEPS: usize = 3;
    let dir = tempfile::tempdir().map_err(Error::io("make", &std::env::temp_dir()))?;
    let mut learner = Learner::new(setting, dir.path())?;
    learner.step()?;
    let start = Instant::now();
    for _ in 0..STEPS {
        learner.step()?;
    }
    let step = start.elapsed().as_secs_f64() / STEPS as f64;
    let evaluations = (learner.steps / learner.evaluate_every + 2) as f64;
    let batches = setting.task.held_out_count(Split::Valid) as f64;
    let start = Instant::now();
    let profiles = match setting.training.gradient_profile_every {
        Some(every) => (learner.steps / every + 2) as f64,
        None => 0.0,
    };
    learner.profile()?;
    let profiles = profiles * start.elapsed().as_secs_f64();
    // No gradient: about a third of a step.
    Ok(step * (learner.steps as f64 + evaluations * batches / 3.0) + profiles)
}

/// A run under way.
struct Learner<'a> {
    setting: &'a Setting<'a>,
    dir: &'a Path,
    header: Header,
    optimizer: OptimizerState,
    carry: Option<Vec<State>>,
    /// By split.
    chance: [Chance; 3],
    steps: usize,
    log_every: usize,
    evaluate_every: usize,
}

impl<'a> Learner<'a> {
    fn new(setting: &'a Setting<'a>, dir: &'a Path) -> Result<Learner<'a>> {
        let settings = setting.training;
        let steps = length(setting);
        let weights = setting.model.weights();
        let mut learner = Learner {
            setting,
            dir,
            header: Header {
                run_id: setting.run.id.clone(),
                seed: setting.run.settings.seed,
                blueprint: setting.blueprint.clone(),
                symbols: setting.symbols.to_vec(),
                by_words: setting.by_words,
                by_excerpts: setting.task.by_excerpts(),
                progress: Progress::default(),
            },
            optimizer: OptimizerState::new(weights.flat()),
            carry: None,
            chance: Split::ALL.map(|split| setting.task.chance(split)),
            steps,
            log_every: settings.log_every.unwrap_or(steps.div_ceil(100)),
            evaluate_every: settings.evaluate_every.unwrap_or(steps.div_ceil(20)),
        };
        let path = checkpoint::last(dir);
        if path.exists() {
            learner.resume(&path)?;
        }
        Ok(learner)
    }

    fn learn(&mut self, tell: &mut dyn FnMut(usize, usize)) -> Result<()> {
        let every = self.setting.training.gradient_profile_every;
        let due = |step: usize, every: usize| step.is_multiple_of(every);
        if self.header.progress.step == 0 && self.header.progress.records.is_empty() {
            self.judge()?;
            self.profile()?;
        }
        let (mut since, mut saved) = (Instant::now(), Instant::now());
        while self.header.progress.step < self.steps && !self.header.progress.solved {
            self.step()?;
            let step = self.header.progress.step;
            let last = step == self.steps;
            if due(step, self.log_every) || last || self.header.progress.solved {
                self.log();
            }
            if due(step, self.evaluate_every) || last || self.header.progress.solved {
                self.judge()?;
            }
            if every.is_some_and(|every| due(step, every)) {
                self.profile()?;
            }
            tell(step, self.steps);
            if saved.elapsed().as_secs_f64() >= self.setting.training.checkpoint_seconds {
                self.header.progress.seconds += since.elapsed().as_secs_f64();
                since = Instant::now();
                self.save(&checkpoint::last(self.dir))?;
                saved = Instant::now();
            }
        }
        // What a report shows is the gradient after training.
        let step = self.header.progress.step;
        if self.header.progress.profiles.last().is_some_and(|(last, ..)| *last != step) {
            self.profile()?;
        }
        self.header.progress.seconds += since.elapsed().as_secs_f64();
        Ok(())
    }

    /// The norm to which gradients are clipped; 0 for never.
    fn clip_norm(&self) -> f64 {
        self.setting.run.settings.clip_norm.unwrap_or(0.0)
    }

    /// One update.
    fn step(&mut self) -> Result<()> {
        let Setting { run, training, task, model, blueprint, .. } = *self.setting;
        let step = self.header.progress.step;
        let batch = task.train(step);
        let first = self.carry.take().filter(|_| batch.continues);
        let rng = random::at_step(run.settings.seed, Purpose::Dropout, step);
        let vectors = blueprint.vectors(model.weights(), &batch.input);
        let ask = Ask { first: first.as_deref(), answers: batch.target.answers(), dropout: Some(rng) };
        let said = model.run(&vectors, ask)?;
        let loss = loss(&said.answers, &batch.target);
        let value = self.finite(step + 1, "the loss", loss.double_value(&[]))?;
        let mut gradient = model.weights().gradient(&loss);
        let norm = clip(&mut gradient, self.clip_norm());
        let norm = self.finite(step + 1, "the gradient's norm", norm)?;
        let rate =
            schedule::rate(training.schedule, run.settings.learning_rate.unwrap_or(0.0), step, self.steps);
        self.optimizer.step(training.optimizer, rate, model.weights().flat(), &gradient);
        self.carry = (!said.last.is_empty()).then(|| said.last.iter().map(detached).collect());
        let right = right(task, &said.answers, &batch.target).to_kind(Kind::Double);
        self.count(value, norm, &right, &batch);
        Ok(())
    }

    fn finite(&self, step: usize, what: &'static str, value: f64) -> Result<f64> {
        if value.is_finite() {
            return Ok(value);
        }
        Err(Error::Diverged { step, what, value, last: self.header.progress.last_loss })
    }

    /// Adds a step up.
    fn count(&mut self, loss: f64, norm: f64, right: &tch::Tensor, batch: &Batch) {
        let training = self.setting.training;
        let clip_norm = self.clip_norm();
        let progress = &mut self.header.progress;
        let sequences = batch.input.size()[1] as usize;
        progress.step += 1;
        progress.sequences += sequences;
        progress.last_loss = Some(loss);
        let sums = &mut progress.since;
        sums.steps += 1;
        sums.loss += loss;
        sums.accuracy += right.mean(Kind::Double).double_value(&[]);
        sums.norm += norm;
        sums.largest = sums.largest.max(norm);
        sums.clipped += usize::from(clip_norm > 0.0 && norm > clip_norm);
        let Some((solved, wanted)) = training.solved.and_then(|solved| Some((solved, solved.sequences?)))
        else {
            return;
        };
        let whole = right.amin([0], false).sum(Kind::Double).double_value(&[]) as usize;
        progress.window.push_back((loss, whole));
        while (progress.window.len() - 1) * sequences >= wanted {
            progress.window.pop_front();
        }
        let seen = progress.window.len() * sequences;
        let hits: usize = progress.window.iter().map(|(_, hits)| hits).sum();
        let mean = progress.window.iter().map(|(loss, _)| loss).sum::<f64>() / progress.window.len() as f64;
        progress.solved = seen >= wanted && hits == seen && solved.loss.is_none_or(|most| mean < most);
    }

    /// An evaluation; the best so far is kept.
    fn judge(&mut self) -> Result<()> {
        let Setting { training, task, model, blueprint, .. } = *self.setting;
        let score = evaluate(model, blueprint, task, Split::Valid)?;
        self.finite(self.header.progress.step, "the loss on the split `valid`", score.loss)?;
        self.score_rows(self.now(), Split::Valid, score);
        let progress = &mut self.header.progress;
        if progress.best.is_none_or(|(_, best)| score.loss < best) {
            progress.best = Some((progress.step, score.loss));
            self.save(&checkpoint::best(self.dir))?;
        }
        if let Some(solved) = training.solved.filter(|solved| solved.sequences.is_none()) {
            let by_loss = solved.loss.is_none_or(|most| score.loss < most);
            let by_accuracy = solved.accuracy.is_none_or(|least| score.accuracy >= least);
            self.header.progress.solved |= by_loss && by_accuracy;
        }
        Ok(())
    }

    /// Gradient norms over lag, where the config asks for them.
    fn profile(&mut self) -> Result<()> {
        let Setting { training, task, model, blueprint, .. } = *self.setting;
        if training.gradient_profile_every.is_some() {
            let found = profile::profile(model, blueprint, task, self.header.progress.step)?;
            self.header.progress.profiles.extend(found);
        }
        Ok(())
    }

    /// The split `test`, by the parameters of the best evaluation.
    fn finish(&mut self) -> Result<()> {
        let Setting { task, model, blueprint, .. } = *self.setting;
        self.save(&checkpoint::last(self.dir))?;
        let best = self.best()?;
        best.restore(model.weights())?;
        let score = evaluate(model, blueprint, task, Split::Test)?;
        let Progress { step, sequences, .. } = best.header.progress;
        self.finite(step, "the loss on the split `test`", score.loss)?;
        self.score_rows((step, sequences), Split::Test, score);
        Ok(())
    }
}

fn detached(state: &State) -> State {
    State { h: state.h.detach(), c: state.c.as_ref().map(tch::Tensor::detach) }
}
