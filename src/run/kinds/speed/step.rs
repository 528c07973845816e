//! The pass `step`: updates of a model on one batch.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use tch::{Device, Kind, Tensor, no_grad};

use super::step_spec::StepSpec;
use super::workload::Workload;
use crate::cell::cell;
use crate::config::spec::TrainingSpec;
use crate::device;
use crate::engine::{EngineName, reference_engine};
use crate::model::{ForwardArgs, Model, ModelConfig, model};
use crate::plan::run::Run;
use crate::random::{self, Purpose};
use crate::run::RunContext;
use crate::run::frameworks::Framework;
use crate::run::kinds::training::Setup;
use crate::safetensors_io::Tensors;
use crate::settings::names::PassName;
use crate::support::error::{Error, Result};
use crate::task::learning::{Batch, Target};
use crate::train::{OptimizerState, clip, loss_and_gradient};

/// The updates whose losses and gradient norms are compared. The last ones depend on the optimizer.
const COMPARED: usize = 5;

/// The largest relative difference of a loss or norm. Each update enlarges the rounding errors of the
/// updates before it.
const TOLERANCE: f64 = 1e-3;

/// A model with its first parameters, and a batch.
pub struct TrainingStep {
    spec: StepSpec,
    /// The first parameters, by name.
    parameters: Tensors,
    batch: Batch,
    device: Device,
    /// The model of each engine that is timed. It goes on learning from sample to sample.
    models: RefCell<BTreeMap<EngineName, Learner>>,
}

/// A model in training.
struct Learner {
    config: ModelConfig,
    model: Box<dyn Model>,
    optimizer: OptimizerState,
}

impl TrainingStep {
    /// The workload of a run: the first batch of its training.
    ///
    /// # Errors
    /// The task's data is missing.
    pub fn new(run: &Run, training: &TrainingSpec, context: &RunContext) -> Result<TrainingStep> {
        let setup = Setup::new(run, training, context.inputs, context.target)?;
        let settings = &run.settings;
        let batch = setup.task.train(0);
        let spec = StepSpec {
            model: setup.config.clone(),
            classes: matches!(batch.target, Target::Classes(_)),
            optimizer: training.optimizer,
            learning_rate: settings.learning_rate.unwrap_or(0.0),
            clip_norm: settings.clip_norm.unwrap_or(0.0),
            seed: settings.seed,
        };
        let named = setup.model.weights().named().iter();
        Ok(TrainingStep {
            spec,
            parameters: named.map(|(name, tensor)| (name.clone(), tensor.detach().copy())).collect(),
            batch,
            device: context.target.device,
            models: RefCell::default(),
        })
    }

    /// The workload with the tensors of the file `path`, on a device.
    ///
    /// # Errors
    /// A tensor is missing.
    pub fn load(spec: StepSpec, mut given: Tensors, device: Device, path: &Path) -> Result<TrainingStep> {
        let mut take = |name: &str| {
            let tensor = given.remove(name).map(|tensor| tensor.to_device(device));
            tensor.ok_or_else(|| Error::data(path, format!("expected a tensor `{name}`, found none")))
        };
        let (input, target) = (take("input")?, take("target")?);
        let indices = |tensor: Tensor| tensor.to_kind(Kind::Int64);
        let input = if spec.model.symbols.is_some() { indices(input) } else { input };
        let target = if spec.classes { Target::Classes(indices(target)) } else { Target::Numbers(target) };
        let batch = Batch { input, target, continues: false };
        Ok(TrainingStep { spec, parameters: given, batch, device, models: RefCell::default() })
    }

    /// A model of an engine with the first parameters.
    fn learner(&self, name: EngineName) -> Learner {
        let config = ModelConfig { engine: Some(name), ..self.spec.model.clone() };
        let model = model(&config, self.spec.seed, self.device);
        for (name, tensor) in model.weights().named() {
            no_grad(|| tensor.detach().copy_(&self.parameters[name]));
        }
        let optimizer = OptimizerState::new(model.weights().flat());
        Learner { config, model, optimizer }
    }

    /// One update. Returns the loss and the norm of the gradient before it.
    fn update(&self, learner: &mut Learner, has_dropout: bool) -> Result<[f64; 2]> {
        let Learner { config, model, optimizer } = learner;
        let rng = || random::at_step(self.spec.seed, Purpose::Dropout, optimizer.steps);
        let args = ForwardArgs {
            initial: None,
            output_steps: self.batch.target.steps(),
            dropout: has_dropout.then(rng),
        };
        let (_, loss, mut gradient) = loss_and_gradient(model.as_ref(), config, &self.batch, args)?;
        let norm = clip(&mut gradient, self.spec.clip_norm);
        let StepSpec { optimizer: settings, learning_rate, .. } = self.spec;
        optimizer.step(settings, learning_rate, model.weights().flat(), &gradient);
        Ok([loss, norm])
    }
}

impl Workload for TrainingStep {
    /// Symbols and classes are numbers too, since a file has one dtype.
    fn tensors(&self) -> Tensors {
        let kind = self.spec.model.kind();
        let target = match &self.batch.target {
            Target::Numbers(target) | Target::Classes(target) => target,
        };
        let batch = [("input", &self.batch.input), ("target", target)];
        let batch = batch.map(|(name, tensor)| (name.to_string(), tensor.to_kind(kind).contiguous()));
        let parameters = self.parameters.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone()));
        parameters.chain(batch).collect()
    }

    fn reference(&self) -> EngineName {
        self.spec.model.cell.map_or(EngineName::Builtin, |name| reference_engine(cell(name)))
    }

    fn step(&self) -> Option<&StepSpec> {
        Some(&self.spec)
    }

    /// The losses and gradient norms of the first updates. There is no dropout, whose masks differ between
    /// frameworks.
    fn results(&self, name: EngineName) -> Result<Tensors> {
        let mut learner = self.learner(name);
        let rows = (0..COMPARED).map(|_| self.update(&mut learner, false));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let column = |n: usize| Tensor::from_slice(&rows.iter().map(|row| row[n]).collect::<Vec<_>>());
        Ok(["losses", "norms"].map(String::from).into_iter().zip([column(0), column(1)]).collect())
    }

    fn expects(&self, _framework: &Framework, _result: &str) -> bool {
        true
    }

    fn tolerance(&self) -> f64 {
        TOLERANCE
    }

    fn seconds(&self, name: EngineName, _pass: PassName) -> Result<f64> {
        let mut models = self.models.borrow_mut();
        let learner = models.entry(name).or_insert_with(|| self.learner(name));
        device::synchronize(self.device);
        let start = Instant::now();
        self.update(learner, true)?;
        device::synchronize(self.device);
        Ok(start.elapsed().as_secs_f64())
    }
}
