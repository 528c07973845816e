//! The checks between the wire and the spec: each says which key is at fault.

use std::str::FromStr;

use super::measure::{Gradients, Jacobian, Timing};
use super::setting::Selector;
use super::source::Source;
use super::spec::{Grid, Measure, Part};
use super::task::TaskSpec;
use super::training::TrainingAxes;
use super::wire::{OneOrMany, Wire};
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::settings::names::{ExperimentKind, LossName};
use crate::support::error::{ConfigError, Result};

/// No size is larger: two of them can be multiplied in 128 bits, and no machine has room for one.
const LARGEST: usize = 1 << 40;

/// Checks values and says which key is at fault.
pub(crate) struct Check<'a> {
    pub source: &'a Source,
}

impl Check<'_> {
    pub(crate) fn name(&self, wire: &Wire) -> Result<String, ConfigError> {
        let name = resolved(wire.name.clone());
        let fine = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        if name.trim().is_empty() || name.starts_with('.') || !name.chars().all(fine) {
            return Err(self.source.error(
                "name",
                format!("expected a directory name of letters, digits, `-`, `_`, `.`, found `{name}`"),
            ));
        }
        Ok(name)
    }

    pub(crate) fn word<T: FromStr<Err = String>>(&self, key: &str, word: &str) -> Result<T, ConfigError> {
        word.parse().map_err(|problem: String| self.source.error(key, problem))
    }

    pub(crate) fn words<T: FromStr<Err = String> + PartialEq>(
        &self,
        key: &str,
        words: &Option<OneOrMany<String>>,
    ) -> Result<Vec<T>, ConfigError> {
        let mut values = Vec::new();
        for word in words.iter().flat_map(|words| &words.0) {
            let value = self.word(key, word)?;
            if values.contains(&value) {
                return Err(self
                    .source
                    .error(key, format!("expected each value once, found `{word}` again")));
            }
            values.push(value);
        }
        if values.is_empty() {
            return Err(self.source.error(key, "expected at least one value, found an empty list"));
        }
        Ok(values)
    }

    pub(crate) fn size(&self, key: &str, value: i64) -> Result<usize, ConfigError> {
        self.size_up_to(LARGEST, key, value)
    }

    /// Too large a size of one tensor fails the run where memory is asked for; what is held in pieces would take all there
    /// is before any of them fails.
    pub(crate) fn size_up_to(&self, most: usize, key: &str, value: i64) -> Result<usize, ConfigError> {
        usize::try_from(value).ok().filter(|size| (1..=most).contains(size)).ok_or_else(|| {
            let bound = if value < 1 { "at least 1".to_string() } else { format!("at most {most}") };
            self.source.error(key, format!("expected a whole number of {bound}, found {value}"))
        })
    }

    pub(crate) fn count(&self, key: &str, value: i64) -> Result<usize, ConfigError> {
        usize::try_from(value).map_err(|_| {
            self.source.error(key, format!("expected a whole number of at least 0, found {value}"))
        })
    }

    pub(crate) fn sizes(
        &self,
        key: &str,
        values: &Option<OneOrMany<i64>>,
    ) -> Result<Vec<usize>, ConfigError> {
        self.sizes_up_to(LARGEST, key, values)
    }

    pub(crate) fn sizes_up_to(
        &self,
        most: usize,
        key: &str,
        values: &Option<OneOrMany<i64>>,
    ) -> Result<Vec<usize>, ConfigError> {
        let values = values.as_ref().map(|values| values.0.as_slice()).unwrap_or_default();
        let sizes = values.iter().map(|value| self.size_up_to(most, key, *value));
        let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
        if sizes.is_empty() {
            return Err(self.source.error(key, "expected at least one value, found an empty list"));
        }
        match sizes.iter().enumerate().find(|(n, size)| sizes[..*n].contains(size)) {
            Some((_, twice)) => {
                Err(self.source.error(key, format!("expected each value once, found {twice} again")))
            }
            None => Ok(sizes),
        }
    }

    pub(crate) fn seeds(&self, wire: &Wire) -> Result<Vec<u64>, ConfigError> {
        let seeds = wire.seeds.as_ref().map(|seeds| seeds.0.as_slice()).unwrap_or_default();
        if seeds.is_empty() {
            return Err(self.source.error("seeds", "expected at least one seed, found an empty list"));
        }
        let mut checked = Vec::new();
        for seed in seeds {
            let seed = u64::try_from(*seed).map_err(|_| {
                self.source.error("seeds", format!("expected whole numbers of at least 0, found {seed}"))
            })?;
            if checked.contains(&seed) {
                return Err(self
                    .source
                    .error("seeds", format!("expected each seed once, found {seed} again")));
            }
            checked.push(seed);
        }
        Ok(checked)
    }

    pub(crate) fn parts(&self, wire: &Wire, task: &TaskSpec) -> Result<Vec<Part>, ConfigError> {
        let kinds: Vec<ExperimentKind> = self.words("kind", &Some(wire.kind.clone()))?;
        for (key, kind, set) in [
            ("gradients", ExperimentKind::Gradients, wire.gradients.is_some()),
            ("jacobian", ExperimentKind::Jacobian, wire.jacobian.is_some()),
            ("speed", ExperimentKind::Speed, wire.speed.is_some()),
            ("training", ExperimentKind::Training, wire.training.is_some()),
        ] {
            if set && !kinds.contains(&kind) {
                return Err(self
                    .source
                    .error(key, format!("has settings, but `kind` does not name `{key}`")));
            }
        }
        for &kind in &kinds {
            self.task_fits(kind, task)?;
        }
        kinds.into_iter().map(|kind| self.part(kind, wire, task)).collect()
    }

    /// Noise cannot be learned; what is measured without training takes its input from noise or text.
    fn task_fits(&self, kind: ExperimentKind, task: &TaskSpec) -> Result<(), ConfigError> {
        let measured = matches!(task, TaskSpec::Noise | TaskSpec::Text { .. });
        match (kind, task) {
            (ExperimentKind::Training, TaskSpec::Noise) => {
                let problem = "the task `noise` cannot be learned; expected `text`, `adding`, `copy_memory`, \
                               `temporal_order` or `images`";
                Err(self.source.error("task.name", problem))
            }
            (ExperimentKind::Training, _) => Ok(()),
            (_, task) if !measured => {
                let name = task.name();
                let problem = format!(
                    "expected `noise` or `text` for kind `{kind}`, found `{name}`, which is for `training`"
                );
                Err(self.source.error("task.name", problem))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn part(
        &self,
        kind: ExperimentKind,
        wire: &Wire,
        task: &TaskSpec,
    ) -> Result<Part, ConfigError> {
        let mut axes = TrainingAxes::default();
        let (mut losses, mut frameworks) = (Vec::new(), Vec::new());
        let (measure, grid) = match kind {
            ExperimentKind::Gradients => {
                let own = resolved(wire.gradients.clone());
                let loss = self.word("gradients.loss", resolved(own.loss.as_deref()))?;
                if loss == LossName::Task && *task == TaskSpec::Noise {
                    return Err(self.source.error(
                        "gradients.loss",
                        "expected `last` or `sum`, found `task`: the task `noise` has no loss of its own",
                    ));
                }
                let split_every =
                    own.split_every.map(|every| self.size("gradients.split_every", every)).transpose()?;
                let lags = self.word("gradients.lags", resolved(own.lags.as_deref()))?;
                let (path_split, gates) = (resolved(own.path_split), resolved(own.gates));
                losses.push(loss);
                (Measure::Gradients(Gradients { split_every, lags, path_split, gates }), own.grid)
            }
            ExperimentKind::Jacobian => {
                let own = resolved(wire.jacobian.clone());
                let lags = self.word("jacobian.lags", resolved(own.lags.as_deref()))?;
                let qr_every = self.size("jacobian.qr_every", resolved(own.qr_every))?;
                let burn_in = own.burn_in.map(|steps| self.count("jacobian.burn_in", steps)).transpose()?;
                (Measure::Jacobian(Jacobian { lags, qr_every, burn_in }), own.grid)
            }
            ExperimentKind::Speed => {
                let own = resolved(wire.speed.clone());
                let budget_seconds = resolved(own.budget_seconds);
                if !(budget_seconds > 0.0 && budget_seconds.is_finite()) {
                    return Err(self.source.error(
                        "speed.budget_seconds",
                        format!("expected a number of seconds above 0, found {budget_seconds}"),
                    ));
                }
                let timing = Timing {
                    passes: self.words("speed.pass", &own.pass)?,
                    samples: self.size("speed.samples", resolved(own.samples))?,
                    warmup: self.size("speed.warmup", resolved(own.warmup))?,
                    budget_seconds,
                };
                frameworks = match &own.peers {
                    Some(peers) if !peers.0.is_empty() => self.words("speed.peers", &own.peers)?,
                    _ => Vec::new(),
                };
                (Measure::Speed(timing), own.grid)
            }
            ExperimentKind::Training => {
                let own = resolved(wire.training.clone());
                let (own_axes, settings) = self.training(&own, task)?;
                axes = own_axes;
                (Measure::Training(Box::new(settings)), own.grid)
            }
        };
        let sized = matches!(&measure, Measure::Training(settings) if settings.parameters.is_some());
        let grid = self.grid(kind, &resolved(grid), task, sized)?;
        if matches!(measure, Measure::Gradients(Gradients { path_split: true, .. }))
            && grid.engine.iter().any(|engine| *engine != EngineName::Analytic)
        {
            let problem = "only the engine `analytic` can split paths; expected grid.engine = \"analytic\"";
            return Err(self.source.error("gradients.path_split", problem));
        }
        if let Measure::Jacobian(Jacobian { burn_in, .. }) = measure {
            self.jacobian_grid(burn_in, &grid)?;
        }
        if let Measure::Training(settings) = &measure {
            self.training_grid(resolved(wire.training.as_ref()), &axes, settings, &grid)?;
            self.long_enough(task, &grid)?;
        }
        if grid.engine.contains(&EngineName::Simd) && grid.dtype.contains(&Dtype::F64) {
            let problem = "the engine `simd` works with f32 only; expected `f32`, or the engine `analytic`";
            return Err(self.source.error(&self.grid_key(kind, "dtype"), problem));
        }
        if !frameworks.is_empty() && grid.dtype.contains(&Dtype::F64) {
            let problem = "peers (speed.peers) work with f32 only; expected `f32`, or no peers";
            return Err(self.source.error(&self.grid_key(kind, "dtype"), problem));
        }
        let named = !grid.engine.is_empty();
        if kind == ExperimentKind::Speed && named && !grid.engine.contains(&EngineName::Builtin) {
            let key = self.grid_key(kind, "engine");
            return Err(self
                .source
                .error(&key, "expected `builtin` among the engines: speed is measured against it"));
        }
        Ok(Part { measure, grid, axes, losses, frameworks })
    }

    /// What products of Jacobians need: the hand-derived steps, digits enough, a single sequence.
    fn jacobian_grid(&self, burn_in: Option<usize>, grid: &Grid) -> Result<(), ConfigError> {
        let kind = ExperimentKind::Jacobian;
        if let Some(other) = grid.engine.iter().find(|engine| **engine != EngineName::Analytic) {
            let problem =
                format!("expected `analytic`, the only engine that steps back by hand, found `{other}`");
            return Err(self.source.error(&self.grid_key(kind, "engine"), problem));
        }
        if grid.dtype.iter().any(|dtype| *dtype != Dtype::F64) {
            let problem = "expected `f64` for products of many matrices, found `f32`";
            return Err(self.source.error(&self.grid_key(kind, "dtype"), problem));
        }
        if let Some(shape) = grid.shapes.iter().find(|shape| shape.batch_size != 1) {
            let problem = format!(
                "expected 1, since each sequence has a Jacobian of its own (more seeds give more of them), found {}",
                shape.batch_size
            );
            return Err(self.source.error(&self.size_key(kind, "batch_size"), problem));
        }
        let shortest = grid.shapes.iter().map(|shape| shape.seq_len).min().unwrap_or(0);
        if shortest < 2 {
            let problem = format!("expected at least 2, a step and one to step back to, found {shortest}");
            return Err(self.source.error(&self.size_key(kind, "seq_len"), problem));
        }
        if let Some(steps) = burn_in.filter(|steps| steps + 1 >= shortest) {
            let lags = shortest - 1;
            let problem =
                format!("expected fewer steps than the lags of the sequence ({lags}), found {steps}");
            return Err(self.source.error("jacobian.burn_in", problem));
        }
        Ok(())
    }

    /// The same for a size, which may stand in `shapes` instead.
    pub(crate) fn size_key(&self, kind: ExperimentKind, key: &str) -> String {
        let (own, shapes) = (self.grid_key(kind, key), self.grid_key(kind, "shapes"));
        if !self.source.sets(&own) && self.source.sets(&shapes) { shapes } else { own }
    }

    /// Where the user wrote a grid key that counts for `kind`: in the kind's own grid or in the shared one.
    pub(crate) fn grid_key(&self, kind: ExperimentKind, key: &str) -> String {
        let own = format!("{kind}.grid.{key}");
        if self.source.sets(&own) { own } else { format!("grid.{key}") }
    }

    pub(crate) fn exclude(&self, wire: &Wire) -> Result<Vec<Selector>, ConfigError> {
        wire.exclude
            .iter()
            .flatten()
            .enumerate()
            .map(|(n, rule)| self.selector(&format!("exclude[{n}]"), rule))
            .collect()
    }
}

/// What `Wire::resolve` has filled in where the user left it out.
pub(crate) fn resolved<T>(value: Option<T>) -> T {
    value.expect("`Wire::resolve` has filled it in")
}
