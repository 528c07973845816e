//! The output of a trace: one forward and backward pass.

use tch::Tensor;

use super::input::TraceInput;
use crate::cell::State;
use crate::diagnostics::{self, DiagnosticOptions, Profile};
use crate::engine::{Engine, EngineName, engine, forward};
use crate::safetensors_io::Tensors;
use crate::support::error::Result;

/// The results of a trace.
pub struct TraceOutput {
    /// `output`, `h_n`, `c_n` (LSTM), and `grad.<name>` of every parameter, of the input and of the initial
    /// states, in the layout of the file.
    pub tensors: Tensors,
    /// The norms of the gradients at each step, for each layer.
    pub profiles: Vec<Profile>,
}

impl TraceInput {
    /// Runs the sequence forward and backward through an engine.
    ///
    /// # Errors
    /// The engine cannot work with the dtype or device.
    pub fn trace(&self, name: EngineName) -> Result<TraceOutput> {
        let engine = engine(name);
        Ok(TraceOutput { tensors: self.gradients(engine)?, profiles: self.profiles(engine)? })
    }

    fn gradients(&self, engine: &dyn Engine) -> Result<Tensors> {
        let leaf = |tensor: &Tensor| tensor.detach().copy().set_requires_grad(true);
        let p = self.parameters.leaves();
        let input = leaf(&self.input);
        let first = stacked(&self.initial_states).map(leaf);
        let of_layer = |layer| first.map(|tensor| tensor.get(layer));
        let initial_states: Vec<State> = (0..p.layers.len() as i64).map(of_layer).collect();
        let run = forward(engine, &p, &input, Some(&initial_states))?;
        let loss = (&run.output * &self.grad_output).sum(run.output.kind());

        let mut nodes = p.named();
        nodes.push(("input".to_string(), &input));
        let names = p.cell.carried();
        nodes.extend(first.named(names).into_iter().map(|(name, tensor)| (format!("{name}0"), tensor)));
        let leaves: Vec<&Tensor> = nodes.iter().map(|(_, tensor)| *tensor).collect();
        let gradients = Tensor::run_backward(&[loss], &leaves, false, false);
        let mut found: Tensors = nodes
            .iter()
            .zip(gradients)
            .map(|((name, _), gradient)| (format!("grad.{name}"), gradient))
            .collect();
        found.insert("output".into(), run.output.shallow_clone());
        let last = stacked(&run.final_states);
        let last = last.named(names).into_iter();
        found.extend(last.map(|(name, tensor)| (format!("{name}_n"), tensor.shallow_clone())));
        Ok(self.layout.results(found))
    }

    fn profiles(&self, engine: &dyn Engine) -> Result<Vec<Profile>> {
        let profiles = diagnostics::profiles(
            engine,
            &self.parameters,
            &self.input,
            Some(&self.initial_states),
            DiagnosticOptions::default(),
            &|output, segment| {
                let part = self.grad_output.narrow(0, segment.start as i64, segment.len() as i64);
                Some((output * part).sum(output.kind()))
            },
        )?;
        Ok(profiles)
    }
}

/// Returns the states of all layers as one, `[layers, B, H]` each.
fn stacked(states: &[State]) -> State {
    let all: Vec<Vec<&Tensor>> = states.iter().map(State::tensors).collect();
    let every = |n: usize| Tensor::stack(&all.iter().map(|state| state[n]).collect::<Vec<_>>(), 0);
    State::from_tensors((0..all[0].len()).map(every))
}
