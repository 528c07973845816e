//! The passes `forward` and `train`: recurrent layers with an input and a gradient of their output.

use std::path::Path;
use std::time::Instant;

use tch::{Device, Tensor, no_grad};

use super::step_spec::StepSpec;
use super::workload::Workload;
use crate::cell::{CellName, Parameters, State, cell};
use crate::device;
use crate::engine::EngineName;
use crate::engine::{Engine, engine, parity, reference_engine, zero_states};
use crate::plan::run::Run;
use crate::run::RunContext;
use crate::run::frameworks::Framework;
use crate::run::kinds::tensors::{output_gradient, run_parameters};
use crate::safetensors_io::Tensors;
use crate::settings::names::PassName;
use crate::support::error::{Error, Result};
use crate::task::batch;
use tch_autograd::{Saved, custom_function};

/// Parameters, input `[T, B, I]` and a gradient of the output `[T, B, H]`.
pub struct Layers {
    parameters: Parameters,
    input: Tensor,
    initial: Vec<State>,
    output_gradient: Tensor,
    device: Device,
}

impl Layers {
    /// The workload of a run.
    ///
    /// # Errors
    /// The task's text is missing.
    pub fn new(run: &Run, context: &RunContext) -> Result<Layers> {
        let device = context.target.device;
        let input = batch(run, context.text(), device)?.input;
        let output_gradient = output_gradient(&run.settings, input.size()[0], &input);
        Ok(Layers::of(&run_parameters(run, device)?, input, output_gradient))
    }

    fn of(parameters: &Parameters, input: Tensor, output_gradient: Tensor) -> Layers {
        let (parameters, device) = (parameters.leaves(), input.device());
        let input = input.set_requires_grad(true);
        let initial = zero_states(&parameters, &input);
        Layers { parameters, input, initial, output_gradient, device }
    }

    /// The workload with the tensors of the file `path`, on a device.
    ///
    /// # Errors
    /// A tensor is missing.
    pub fn load(name: CellName, mut tensors: Tensors, device: Device, path: &Path) -> Result<Layers> {
        let parameters = Parameters::from_named(cell(name), |name| tensors.remove(name));
        let [input, output_gradient] = ["input", "grad_output"].map(|name| tensors.remove(name));
        let given = input.zip(output_gradient).filter(|_| !parameters.layers.is_empty());
        let (input, output_gradient) =
            given.ok_or_else(|| Error::data(path, "expected a workload, found a tensor missing"))?;
        let parameters = parameters.to(input.kind(), device);
        Ok(Layers::of(&parameters, input.to_device(device), output_gradient.to_device(device)))
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

impl Workload for Layers {
    /// The tensors under the names that `lstm-lab trace` gives them.
    fn tensors(&self) -> Tensors {
        let named = self.parameters.named();
        let mut tensors: Tensors =
            named.into_iter().map(|(name, tensor)| (name, tensor.shallow_clone())).collect();
        tensors.insert("input".into(), self.input.shallow_clone());
        tensors.insert("grad_output".into(), self.output_gradient.shallow_clone());
        tensors
    }

    fn reference(&self) -> EngineName {
        reference_engine(self.parameters.cell)
    }

    fn step(&self) -> Option<&StepSpec> {
        None
    }

    fn results(&self, name: EngineName) -> Result<Tensors> {
        let results = parity::results(engine(name), &self.parameters, &self.input, &self.output_gradient)?;
        Ok(results.into_iter().collect())
    }

    fn expects(&self, framework: &Framework, result: &str) -> bool {
        result == "output" || (framework.has(PassName::Train) && result.starts_with("grad."))
    }

    fn tolerance(&self) -> f64 {
        parity::tolerance(self.input.kind())
    }

    fn seconds(&self, name: EngineName, pass: PassName) -> Result<f64> {
        let engine = engine(name);
        device::synchronize(self.device);
        let start = Instant::now();
        let results = match pass {
            PassName::Forward => self.forward(engine),
            PassName::Train => self.train(engine),
            PassName::Step => unreachable!("the config has `step` alone"),
        };
        device::synchronize(self.device);
        let seconds = start.elapsed().as_secs_f64();
        drop(results);
        Ok(seconds)
    }
}
