//! The workload that every contender is timed on, and the reference results for it.

use std::path::Path;
use std::time::Instant;

use tch::{Device, Tensor, no_grad};

use crate::cell::{CellName, Parameters, State, cell};
use crate::device;
use crate::engine::EngineName;
use crate::engine::{Engine, engine, parity, zero_states};
use crate::plan::run::Run;
use crate::run::RunContext;
use crate::run::frameworks::Framework;
use crate::run::kinds::tensors::{output_gradient, run_parameters};
use crate::safetensors_io::{self, Tensors};
use crate::settings::names::PassName;
use crate::support::error::{Error, Result};
use crate::task::batch;
use tch_autograd::{Saved, custom_function};

/// The engine whose results all contenders must reproduce.
pub const REFERENCE: EngineName = EngineName::Builtin;

/// The file of the parameters, the input and the output's gradient.
const GIVEN: &str = "given.safetensors";

/// The file of the reference's results.
const EXPECTED: &str = "expected.safetensors";

/// Parameters, input `[T, B, I]` and a gradient of the output `[T, B, H]`.
pub struct Workload {
    parameters: Parameters,
    input: Tensor,
    initial: Vec<State>,
    output_gradient: Tensor,
    device: Device,
}

impl Workload {
    /// The workload of a run.
    ///
    /// # Errors
    /// The task's text is missing.
    pub fn new(run: &Run, context: &RunContext) -> Result<Workload> {
        let device = context.target.device;
        let input = batch(run, context.text(), device)?.input;
        let output_gradient = output_gradient(&run.settings, input.size()[0], &input);
        Ok(Workload::of(&run_parameters(&run.settings, device), input, output_gradient))
    }

    fn of(parameters: &Parameters, input: Tensor, output_gradient: Tensor) -> Workload {
        let (parameters, device) = (parameters.leaves(), input.device());
        let input = input.set_requires_grad(true);
        let initial = zero_states(&parameters, &input);
        Workload { parameters, input, initial, output_gradient, device }
    }

    /// Writes the workload into a directory, and the results that frameworks must reproduce if there are any.
    ///
    /// # Errors
    /// The disk is full; a shape does not fit.
    pub fn save(&self, dir: &Path, has_frameworks: bool) -> Result<()> {
        safetensors_io::write(&dir.join(GIVEN), &self.tensors())?;
        if has_frameworks {
            let expected =
                parity::results(engine(REFERENCE), &self.parameters, &self.input, &self.output_gradient)?;
            safetensors_io::write(&dir.join(EXPECTED), &expected.into_iter().collect())?;
        }
        Ok(())
    }

    /// Reads the workload that [`Workload::save`] wrote, onto a device.
    ///
    /// # Errors
    /// The file cannot be read or lacks a tensor.
    pub fn load(dir: &Path, name: CellName, device: Device) -> Result<Workload> {
        let path = dir.join(GIVEN);
        let mut tensors = safetensors_io::read(&path)?;
        let parameters = Parameters::from_named(cell(name), |name| tensors.remove(name));
        let [input, output_gradient] = ["input", "grad_output"].map(|name| tensors.remove(name));
        let given = input.zip(output_gradient).filter(|_| !parameters.layers.is_empty());
        let (input, output_gradient) =
            given.ok_or_else(|| Error::data(&path, "expected a workload, found a tensor missing"))?;
        let parameters = parameters.to(input.kind(), device);
        Ok(Workload::of(&parameters, input.to_device(device), output_gradient.to_device(device)))
    }

    /// Checks an engine's output and gradients against the reference.
    ///
    /// # Errors
    /// They differ; a shape does not fit.
    pub fn check_engine(&self, name: EngineName) -> Result<()> {
        if name != REFERENCE {
            let (p, input, tolerance) = (&self.parameters, &self.input, self.tolerance());
            let engines = (engine(name), engine(REFERENCE));
            parity::check(engines.0, engines.1, p, input, &self.output_gradient, tolerance)?;
        }
        Ok(())
    }

    /// The tensors that a framework loads, named as `lstm-lab trace` names them.
    pub fn tensors(&self) -> Tensors {
        let named = self.parameters.named();
        let mut tensors: Tensors =
            named.into_iter().map(|(name, tensor)| (name, tensor.shallow_clone())).collect();
        tensors.insert("input".into(), self.input.shallow_clone());
        tensors.insert("grad_output".into(), self.output_gradient.shallow_clone());
        tensors
    }

    /// Checks a framework's output against the reference's results, and every gradient if it trains.
    ///
    /// # Errors
    /// A result is missing or differs; the framework fails; the reference's results cannot be read.
    pub fn check_framework(&self, framework: &mut Framework, dir: &Path) -> Result<()> {
        let found = framework.results()?;
        let names = (framework.name().as_str(), REFERENCE.as_str());
        for (result, expected) in &safetensors_io::read(&dir.join(EXPECTED))? {
            let is_gradient = framework.has(PassName::Train) && result.starts_with("grad.");
            if result != "output" && !is_gradient {
                continue;
            }
            let Some(found) = found.get(result) else {
                let problem = format!("expected `{result}` among its results, found none");
                return Err(Error::Framework { framework: names.0.to_string(), problem });
            };
            parity::compare(names, result, found, expected, self.tolerance())?;
        }
        Ok(())
    }

    fn tolerance(&self) -> f64 {
        parity::tolerance(self.input.kind())
    }

    /// The wall-clock time of one pass, until the device has finished.
    pub fn seconds(&self, name: EngineName, pass: PassName) -> f64 {
        let engine = engine(name);
        device::synchronize(self.device);
        let start = Instant::now();
        let results = match pass {
            PassName::Forward => self.forward(engine),
            PassName::Train => self.train(engine),
        };
        device::synchronize(self.device);
        let seconds = start.elapsed().as_secs_f64();
        drop(results);
        seconds
    }

    fn forward(&self, engine: &dyn Engine) -> Vec<Tensor> {
        vec![no_grad(|| engine.forward_layers(&self.parameters, &self.input, &self.initial).output)]
    }

    /// Forward, then backward to the input and every parameter.
    fn train(&self, engine: &dyn Engine) -> Vec<Tensor> {
        let output = engine.forward_layers(&self.parameters, &self.input, &self.initial).output;
        // The backward of this scalar returns the output gradient. With a product and a sum instead,
        // their time would count for the engine.
        let scalar = Tensor::zeros([], (output.kind(), output.device()));
        let gradient = Saved::new(&self.output_gradient);
        let loss = custom_function(&[&output], vec![scalar], move |_| {
            Some(vec![Some(gradient.get().shallow_clone())])
        })
        .expect("a new tensor, computed without gradients")
        .remove(0);
        let mut inputs = self.parameters.tensors();
        inputs.push(&self.input);
        Tensor::run_backward(&[loss], &inputs, false, false)
    }
}
