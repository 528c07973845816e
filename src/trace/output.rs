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
        let h0 = leaf(&stack_h(&self.initial_states));
        let c0 = stack_c(&self.initial_states).map(|c0| leaf(&c0));
        let initial_states: Vec<State> = (0..p.layers.len() as i64)
            .map(|layer| State { h: h0.get(layer), c: c0.as_ref().map(|c0| c0.get(layer)) })
            .collect();
        let run = forward(engine, &p, &input, Some(&initial_states))?;
        let loss = (&run.output * &self.grad_output).sum(run.output.kind());

        let mut nodes = p.named();
        nodes.extend([("input".to_string(), &input), ("h0".to_string(), &h0)]);
        nodes.extend(c0.as_ref().map(|c0| ("c0".to_string(), c0)));
        let leaves: Vec<&Tensor> = nodes.iter().map(|(_, tensor)| *tensor).collect();
        let gradients = Tensor::run_backward(&[loss], &leaves, false, false);
        let mut found: Tensors = nodes
            .iter()
            .zip(gradients)
            .map(|((name, _), gradient)| (format!("grad.{name}"), gradient))
            .collect();
        found.insert("output".into(), run.output.shallow_clone());
        found.insert("h_n".into(), stack_h(&run.final_states));
        found.extend(stack_c(&run.final_states).map(|c_n| ("c_n".to_string(), c_n)));
        let in_layout_of_file = |(name, result): (String, Tensor)| {
            let result = self.layout.result(&name, result);
            (name, result)
        };
        Ok(found.into_iter().map(in_layout_of_file).collect())
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

/// Returns the h of all layers, `[layers, B, H]`.
fn stack_h(states: &[State]) -> Tensor {
    Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0)
}

/// Returns the c of all layers, `[layers, B, H]`, for a cell that has one.
fn stack_c(states: &[State]) -> Option<Tensor> {
    let c = states.iter().map(|state| state.c.as_ref()).collect::<Option<Vec<_>>>()?;
    Some(Tensor::stack(&c, 0))
}
