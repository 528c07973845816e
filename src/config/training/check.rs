//! The checks between `[training]` as it is written and as it is used.

use super::wire::TrainingWire;
use super::{Length, Optimizer, Schedule, Solved, TrainingAxes, TrainingSpec};
use crate::config::check::{Check, resolved};
use crate::config::spec::Grid;
use crate::config::task::TaskSpec;
use crate::settings::names::ExperimentKind;
use crate::settings::names::{ModelName, OptimizerName};
use crate::support::error::ConfigError;
use crate::support::text::number;

impl Check<'_> {
    /// `[training]`.
    pub(in crate::config) fn training(
        &self,
        own: &TrainingWire,
        task: &TaskSpec,
    ) -> Result<(TrainingAxes, TrainingSpec), ConfigError> {
        let axes = TrainingAxes {
            model: self.words("training.model", &own.model)?,
            learning_rate: self
                .positive_list("training.learning_rate", &resolved(own.learning_rate.clone()).0)?,
            clip_norm: self.numbers("training.clip_norm", &resolved(own.clip_norm.clone()).0, 0.0)?,
            dropout: vec![self.dropout(own)?],
            train_fraction: self.data_shares(own, task)?,
        };
        if axes.model.contains(&ModelName::Transformer) && own.layer_sizes.is_some() {
            let problem = "a Transformer's layers are of one size; expected grid.hidden_size and grid.layers";
            return Err(self.source.error("training.layer_sizes", problem));
        }
        if own.parameters.is_some() && own.layer_sizes.is_some() {
            let problem = "training.layer_sizes says how large each layer is; leave one of them out";
            return Err(self.source.error("training.parameters", problem));
        }
        let size = |key: &str, value: Option<i64>| value.map(|value| self.size(key, value)).transpose();
        let every = |key: &str, value: Option<i64>| size(&format!("training.{key}"), value);
        let checkpoint_seconds = resolved(own.checkpoint_seconds);
        self.at_least("training.checkpoint_seconds", checkpoint_seconds, 0.0)?;
        let settings = TrainingSpec {
            layer_sizes: self.layer_sizes(own)?,
            parameters: size("training.parameters", own.parameters)?,
            heads: self.size("training.heads", own.heads.unwrap_or(4))?,
            optimizer: self.optimizer(own)?,
            schedule: Schedule {
                name: self.word("training.schedule", resolved(own.schedule.as_deref()))?,
                warmup_steps: self.count("training.warmup_steps", resolved(own.warmup_steps))?,
            },
            length: self.length(own, task)?,
            log_every: every("log_every", own.log_every)?,
            evaluate_every: every("evaluate_every", own.evaluate_every)?,
            held_out_sequences: self.size("training.held_out_sequences", resolved(own.held_out_sequences))?,
            solved: self.solved(own)?,
            gradient_profile_every: every("gradient_profile_every", own.gradient_profile_every)?,
            checkpoint_seconds,
        };
        Ok((axes, settings))
    }

    /// What a grid of training needs beyond any grid.
    pub(in crate::config) fn training_grid(
        &self,
        own: &TrainingWire,
        axes: &TrainingAxes,
        settings: &TrainingSpec,
        grid: &Grid,
    ) -> Result<(), ConfigError> {
        if let Some(sizes) = &settings.layer_sizes {
            let says = |key: &str, found: bool| {
                let problem =
                    format!("training.layer_sizes = {sizes:?} says something else; leave one of them out");
                if found {
                    Err(self.source.error(&self.grid_key(ExperimentKind::Training, key), problem))
                } else {
                    Ok(())
                }
            };
            says("hidden_size", grid.shapes.iter().any(|shape| shape.hidden_size != Some(sizes[0])))?;
            says("layers", grid.layers != [sizes.len()])?;
        }
        if axes.model.contains(&ModelName::Transformer) {
            let heads = settings.heads;
            let sizes = || grid.shapes.iter().filter_map(|shape| shape.hidden_size);
            if let Some(size) = sizes().find(|size| size % heads != 0) {
                let key = if own.heads.is_some() { "training.heads" } else { "training.model" };
                let problem = format!(
                    "expected a number of heads that divides grid.hidden_size = {size}, found {heads}"
                );
                return Err(self.source.error(key, problem));
            }
        }
        Ok(())
    }

    /// Shorter sequences have no room for what the task puts at a tenth or a half of them.
    pub(in crate::config) fn long_enough(&self, task: &TaskSpec, grid: &Grid) -> Result<(), ConfigError> {
        let least = task.least_steps();
        match grid.shapes.iter().map(|shape| shape.seq_len).find(|steps| *steps < least) {
            Some(steps) => {
                let problem =
                    format!("the task `{}` needs at least {least} steps, found {steps}", task.name());
                Err(self.source.error(&self.size_key(ExperimentKind::Training, "seq_len"), problem))
            }
            None => Ok(()),
        }
    }

    fn dropout(&self, own: &TrainingWire) -> Result<f64, ConfigError> {
        let dropout = resolved(own.dropout);
        if (0.0..1.0).contains(&dropout) {
            return Ok(dropout);
        }
        let problem = format!("expected a share from 0 up to but not 1, found {dropout}");
        Err(self.source.error("training.dropout", problem))
    }

    fn data_shares(&self, own: &TrainingWire, task: &TaskSpec) -> Result<Vec<f64>, ConfigError> {
        let key = "training.data_share";
        let shares = self.positive_list(key, &resolved(own.data_share.clone()).0)?;
        if let Some(share) = shares.iter().find(|share| **share > 1.0) {
            return Err(self
                .source
                .error(key, format!("expected a share above 0 and up to 1, found {share}")));
        }
        if shares != [1.0] && !task.has_epochs() {
            let problem = "the task makes new sequences without end; leave it out";
            return Err(self.source.error(key, problem));
        }
        Ok(shares)
    }

    fn layer_sizes(&self, own: &TrainingWire) -> Result<Option<Vec<usize>>, ConfigError> {
        let key = "training.layer_sizes";
        let Some(sizes) = &own.layer_sizes else { return Ok(None) };
        if sizes.is_empty() {
            return Err(self
                .source
                .error(key, "expected the size of at least one layer, found an empty list"));
        }
        sizes.iter().map(|size| self.size(key, *size)).collect::<Result<Vec<_>, _>>().map(Some)
    }

    fn optimizer(&self, own: &TrainingWire) -> Result<Optimizer, ConfigError> {
        let name: OptimizerName = self.word("training.optimizer", resolved(own.optimizer.as_deref()))?;
        for (key, set, of) in [
            ("training.momentum", own.momentum.is_some(), name == OptimizerName::Sgd),
            ("training.betas", own.betas.is_some(), name != OptimizerName::Sgd),
            ("training.epsilon", own.epsilon.is_some(), name != OptimizerName::Sgd),
        ] {
            if set && !of {
                return Err(self.source.error(key, format!("the optimizer `{name}` has none; leave it out")));
            }
        }
        let share = |key: &str, value: f64| {
            if (0.0..1.0).contains(&value) {
                return Ok(value);
            }
            Err(self.source.error(key, format!("expected a number from 0 up to but not 1, found {value}")))
        };
        let betas = own.betas.unwrap_or([0.0; 2]);
        if name == OptimizerName::Rmsprop && betas[0] != 0.0 {
            let problem = format!("`rmsprop` has no mean of gradients: expected 0 first, found {}", betas[0]);
            return Err(self.source.error("training.betas", problem));
        }
        let epsilon = own.epsilon.unwrap_or(0.0);
        let weight_decay = resolved(own.weight_decay);
        self.at_least("training.epsilon", epsilon, 0.0)?;
        self.at_least("training.weight_decay", weight_decay, 0.0)?;
        Ok(Optimizer {
            name,
            momentum: share("training.momentum", own.momentum.unwrap_or(0.0))?,
            betas: [share("training.betas", betas[0])?, share("training.betas", betas[1])?],
            epsilon,
            weight_decay,
        })
    }

    fn length(&self, own: &TrainingWire, task: &TaskSpec) -> Result<Length, ConfigError> {
        match (own.steps, own.epochs) {
            (Some(_), Some(_)) => {
                Err(self.source.error("training.epochs", "expected `steps` or `epochs`, found both"))
            }
            (None, Some(_)) if !task.has_epochs() => {
                let problem = "the task makes new sequences without end; expected `steps`";
                Err(self.source.error("training.epochs", problem))
            }
            (None, Some(epochs)) => Ok(Length::Epochs(self.size("training.epochs", epochs)?)),
            (steps, None) => Ok(Length::Steps(self.size("training.steps", resolved(steps))?)),
        }
    }

    fn solved(&self, own: &TrainingWire) -> Result<Option<Solved>, ConfigError> {
        let (loss, accuracy) = (own.solved_loss, own.solved_accuracy);
        let sequences =
            own.solved_sequences.map(|n| self.size("training.solved_sequences", n)).transpose()?;
        if let Some(loss) = loss {
            self.at_least("training.solved_loss", loss, f64::MIN_POSITIVE)?;
        }
        if let Some(share) = accuracy.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
            let problem = format!("expected a share above 0 and up to 1, found {share}");
            return Err(self.source.error("training.solved_accuracy", problem));
        }
        let any = loss.is_some() || accuracy.is_some() || sequences.is_some();
        Ok(any.then_some(Solved { loss, accuracy, sequences }))
    }

    fn at_least(&self, key: &str, value: f64, least: f64) -> Result<(), ConfigError> {
        if value.is_finite() && value >= least {
            return Ok(());
        }
        let expected = if least > 0.0 {
            "a number above 0".to_string()
        } else {
            format!("a number of at least {least}")
        };
        Err(self.source.error(key, format!("expected {expected}, found {}", number(value))))
    }

    fn positive_list(&self, key: &str, values: &[f64]) -> Result<Vec<f64>, ConfigError> {
        self.numbers(key, values, f64::MIN_POSITIVE)
    }

    fn numbers(&self, key: &str, values: &[f64], least: f64) -> Result<Vec<f64>, ConfigError> {
        if values.is_empty() {
            return Err(self.source.error(key, "expected at least one value, found an empty list"));
        }
        for (n, value) in values.iter().enumerate() {
            self.at_least(key, *value, least)?;
            if values[..n].contains(value) {
                return Err(self
                    .source
                    .error(key, format!("expected each value once, found {} again", number(*value))));
            }
        }
        Ok(values.to_vec())
    }
}
