//! The kind `training`: what is learned, and how fast.

use std::path::Path;

use super::{Measured, Place};
use crate::config::spec::TrainingSpec;
use crate::data::{Input, UNKNOWN};
use crate::model::{Blueprint, Model, model};
use crate::plan::run::Run;
use crate::results::schema::{GradientRow, TrainingRow};
use crate::results::{GradientCurve, Rows};
use crate::settings::names::Lags;
use crate::support::error::Result;
use crate::task::learning::{Task, task};
use crate::train::{self, Outcome, ProfileRecord, Progress, Setting};

/// Executes a run of this kind, on from the checkpoint in `dir` if there is one.
///
/// # Errors
/// Nothing of the run could be done. One that diverged is no error: its rows are there, and the reason.
pub fn execute(
    run: &Run,
    training: &TrainingSpec,
    input: Option<&Input>,
    place: Place,
    dir: &Path,
    tell: &mut dyn FnMut(usize, usize),
) -> Result<Measured> {
    let made = Made::new(run, training, input, place)?;
    let Outcome { progress, seconds_before, diverged } = train::train(&made.setting(run), dir, tell)?;
    let rows = Rows {
        training: training_rows(run, &progress, made.model.weights().count()),
        gradients: gradient_curves(run, &progress),
        ..Rows::default()
    };
    Ok(Measured { rows, refused: diverged.into_iter().collect(), seconds_before })
}

/// Seconds that a run takes at most.
///
/// # Errors
/// What its first step runs into.
pub fn estimate(run: &Run, training: &TrainingSpec, input: Option<&Input>, place: Place) -> Result<f64> {
    let made = Made::new(run, training, input, place)?;
    train::estimate(&made.setting(run))
}

/// What a run's settings make.
struct Made<'a> {
    training: &'a TrainingSpec,
    task: Box<dyn Task + 'a>,
    blueprint: Blueprint,
    model: Box<dyn Model>,
    symbols: &'a [String],
    by_words: bool,
}

impl<'a> Made<'a> {
    fn new(
        run: &'a Run,
        training: &'a TrainingSpec,
        input: Option<&'a Input>,
        place: Place,
    ) -> Result<Made<'a>> {
        let task = task(run, training, input, place.device)?;
        let longest = run.task.longest(run.settings.seq_len) as i64;
        let blueprint = Blueprint::new(run, training, task.as_ref(), longest);
        let model = model(&blueprint, run.settings.seed, place.device);
        let (symbols, by_words) = match input {
            Some(Input::Corpus(corpus)) => (corpus.symbols.as_slice(), corpus.by_words),
            _ => (&[][..], false),
        };
        debug_assert!(symbols.is_empty() || symbols.iter().any(|symbol| symbol == UNKNOWN));
        Ok(Made { training, task, blueprint, model, symbols, by_words })
    }

    fn setting<'b>(&'b self, run: &'b Run) -> Setting<'b> {
        Setting {
            run,
            training: self.training,
            task: self.task.as_ref(),
            model: self.model.as_ref(),
            blueprint: &self.blueprint,
            symbols: self.symbols,
            by_words: self.by_words,
        }
    }
}

fn training_rows(run: &Run, progress: &Progress, parameters: usize) -> Vec<TrainingRow> {
    let row = |record: &train::Record| TrainingRow {
        run_id: run.id.clone(),
        model: run.word("model"),
        cell: run.word("cell"),
        engine: run.word("engine"),
        init: run.word("init"),
        task: run.settings.task.clone(),
        hidden_size: run.settings.hidden_size,
        seq_len: run.settings.seq_len,
        batch_size: run.settings.batch_size,
        seed: run.settings.seed,
        step: record.step,
        sequences: record.sequences,
        split: record.split.to_string(),
        metric: record.metric.clone(),
        value: record.value,
        unit: record.unit.clone(),
        chance: record.chance,
        parameters,
    };
    progress.records.iter().map(row).collect()
}

/// What was recorded at each step, at about fifty lags a decade.
fn gradient_curves(run: &Run, progress: &Progress) -> Vec<GradientCurve> {
    let curve = |(step, quantity, layer, norms): &ProfileRecord| {
        // Some tasks make longer sequences than their T.
        let last = norms.last().map_or(0, |(t, _)| *t);
        GradientCurve {
            common: GradientRow {
                run_id: run.id.clone(),
                cell: run.word("cell"),
                engine: run.word("engine"),
                init: run.word("init"),
                task: run.settings.task.clone(),
                hidden_size: run.settings.hidden_size,
                seq_len: run.settings.seq_len,
                batch_size: run.settings.batch_size,
                seed: run.settings.seed,
                quantity: quantity.clone(),
                layer: *layer,
                step: Some(*step),
                ..GradientRow::default()
            },
            last,
            norms: norms.iter().filter(|(t, _)| Lags::Log.writes(last - t, last)).copied().collect(),
        }
    };
    progress.profiles.iter().map(curve).collect()
}
