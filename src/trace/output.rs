//! The output of a trace: one forward and backward pass.

use tch::Tensor;

use super::input::TraceInput;
use crate::cell::State;
use crate::diagnostics::{self, DiagnosticOptions, Profile, network};
use crate::engine::{Engine, EngineName, engine};
use crate::safetensors_io::Tensors;
use crate::support::error::{Error, Result};

/// The results of a trace.
pub struct TraceOutput {
    /// `output`, `h_n`, `c_n` (LSTM), and `grad.<name>` of every parameter, of the input and of the initial
    /// states, in the layout of the file.
    pub tensors: Tensors,
    /// The norms of the gradients at each step, for each layer and direction.
    pub profiles: Vec<Profile>,
}

impl TraceInput {
    /// Runs the sequences forward and backward through an engine.
    ///
    /// # Errors
    /// The engine cannot work with the dtype or device. It has no exact norms, and the network has a reverse
    /// direction or the sequences have lengths.
    pub fn trace(&self, name: EngineName) -> Result<TraceOutput> {
        let engine = engine(name);
        self.check_engine(name)?;
        Ok(TraceOutput { tensors: self.gradients(engine)?, profiles: self.profiles(engine)? })
    }

    /// Returns true if all layers run forward over all steps.
    fn is_plain(&self) -> bool {
        self.network.reverse.is_none()
            && self.lengths.are_equal()
            && self.lengths.longest() == self.input.size()[0]
    }

    fn check_engine(&self, name: EngineName) -> Result<()> {
        if self.is_plain() || diagnostics::is_exact(name, &self.input) {
            return Ok(());
        }
        let found = match self.network.reverse {
            Some(_) => "a reverse direction",
            None => "sequences with `lengths`",
        };
        let problem = format!(
            "--engine {name}: expected an engine with exact norms for {found}: analytic, recompute, or simd \
             in f64"
        );
        Err(Error::Usage(problem))
    }

    fn gradients(&self, engine: &dyn Engine) -> Result<Tensors> {
        let leaf = |tensor: &Tensor| tensor.detach().copy().set_requires_grad(true);
        let network = self.network.leaves();
        let input = leaf(&self.input);
        let first = stacked(&self.initial_states).map(leaf);
        let state = |n| first.map(|tensor| tensor.get(n));
        let initial_states: Vec<State> = (0..self.initial_states.len() as i64).map(state).collect();
        let mut run = network.run(engine, &input, &initial_states, &self.lengths)?;
        let padding = self.input.size()[0] - run.output.size()[0];
        if padding > 0 {
            run.output = run.output.constant_pad_nd([0, 0, 0, 0, 0, padding]);
        }
        let loss = (&run.output * &self.grad_output).sum(run.output.kind());

        let mut nodes = network.named();
        nodes.push(("input".to_string(), &input));
        let names = network.forward.cell.carried();
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
        let Self { network, input, initial_states, grad_output, lengths, .. } = self;
        if !self.is_plain() {
            let name = engine.name();
            return Ok(network::profiles(name, network, input, initial_states, grad_output, lengths)?);
        }
        let profiles = diagnostics::profiles(
            engine,
            &network.forward,
            input,
            Some(initial_states),
            DiagnosticOptions::default(),
            &|output, segment| {
                let part = grad_output.narrow(0, segment.start as i64, segment.len() as i64);
                Some((output * part).sum(output.kind()))
            },
        )?;
        Ok(profiles)
    }
}

/// Returns the states of all layers and directions as one, `[L, B, H]` each, or `[2·L, B, H]`.
fn stacked(states: &[State]) -> State {
    let all: Vec<Vec<&Tensor>> = states.iter().map(State::tensors).collect();
    let every = |n: usize| Tensor::stack(&all.iter().map(|state| state[n]).collect::<Vec<_>>(), 0);
    State::from_tensors((0..all[0].len()).map(every))
}
