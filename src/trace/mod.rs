//! One sequence through given layers: outputs, every gradient, per-step norms, so that anyone can hold this program
//! against another.

use std::collections::BTreeSet;
use std::path::Path;

use tch::{Device, Tensor};

use crate::cell::{CellName, LayerParameters, Parameters, State, cell};
use crate::diagnostics::{self, DiagnosticOptions, Profile};
use crate::engine::{self, Engine, EngineName, forward};
use crate::error::Error as LibraryError;
use crate::safetensors_io::Tensors;
use crate::support::error::{Error, Result};
use crate::support::text::nearest;

/// What a file gives: parameters, a sequence, and what flows into its output's gradient.
pub struct Given {
    /// The layers.
    pub parameters: Parameters,
    /// `[T, B, I]`.
    pub input: Tensor,
    /// The states before the first step, one a layer; zeros where the file has none.
    pub first: Vec<State>,
    /// ∂L/∂output, `[T, B, H]`; ones on the last step where the file has none.
    pub grad_output: Tensor,
}

/// What comes out.
pub struct Traced {
    /// `output`, `h_n`, `c_n` (LSTM) and `grad.<name>` of every tensor given and of the first states.
    pub tensors: Tensors,
    /// The gradient's norm at each step, of each layer.
    pub profiles: Vec<Profile>,
}

impl Given {
    /// Sorts out the tensors of a file.
    ///
    /// # Errors
    /// A tensor is missing, has the wrong shape or a number that is not finite, or has a name that means nothing; the message names the file.
    pub fn new(name: CellName, mut tensors: Tensors, path: &Path, on: Device) -> Result<Given> {
        tensors.iter().try_for_each(|(name, tensor)| finite(name, tensor, path))?;
        tensors.values_mut().for_each(|tensor| *tensor = tensor.to_device(on));
        let given = tensors.keys().cloned().collect();
        let mut take = Take { tensors, given, path };
        let gates = cell(name).gates().len() as i64;
        let input = take.any("input", "[T, B, I]", 3)?;
        let (steps, batch) = (input.size()[0], input.size()[1]);
        if steps < 1 || batch < 1 || input.size()[2] < 1 {
            return Err(take.shape("input", "[T, B, I] with nothing empty", &input));
        }
        let hidden = take.peek("weight_hh_l0", "[gates·H, H]", 2)?[1];
        let mut below = input.size()[2];
        let mut layers = Vec::new();
        while layers.is_empty() || take.has_layer(layers.len()) {
            let k = layers.len();
            layers.push(LayerParameters {
                w_ih: take.exactly(&format!("weight_ih_l{k}"), &[gates * hidden, below])?,
                w_hh: take.exactly(&format!("weight_hh_l{k}"), &[gates * hidden, hidden])?,
                b_ih: take.exactly(&format!("bias_ih_l{k}"), &[gates * hidden])?,
                b_hh: take.exactly(&format!("bias_hh_l{k}"), &[gates * hidden])?,
            });
            below = hidden;
        }
        let state = [layers.len() as i64, batch, hidden];
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (input.kind(), on));
        let h0 = take.optional("h0", &state)?.unwrap_or_else(|| zeros(&state));
        let c0 = match cell(name).has_c() {
            true => Some(take.optional("c0", &state)?.unwrap_or_else(|| zeros(&state))),
            false => None,
        };
        let of = |states: &Tensor, layer: i64| states.get(layer).copy();
        let first = (0..state[0])
            .map(|layer| State { h: of(&h0, layer), c: c0.as_ref().map(|c0| of(c0, layer)) })
            .collect();
        let shape = [steps, batch, hidden];
        let grad_output = take.optional("grad_output", &shape)?.unwrap_or_else(|| {
            let zeros = zeros(&shape);
            let _ = zeros.get(steps - 1).fill_(1.0);
            zeros
        });
        take.nothing_left(name)?;
        Ok(Given { parameters: Parameters { cell: name, layers }, input, first, grad_output })
    }

    /// Runs the sequence forward and backward through an engine.
    ///
    /// # Errors
    /// A shape does not fit.
    pub fn trace(&self, name: EngineName) -> Result<Traced> {
        let engine = engine::engine(name);
        Ok(Traced { tensors: self.gradients(engine)?, profiles: self.profiles(engine)? })
    }

    fn gradients(&self, engine: &dyn Engine) -> Result<Tensors> {
        let leaf = |tensor: &Tensor| tensor.detach().copy().set_requires_grad(true);
        let p = self.parameters.leaves();
        let input = leaf(&self.input);
        let h0 = leaf(&stack_h(&self.first));
        let c0 = stack_c(&self.first).map(|c0| leaf(&c0));
        let first: Vec<State> = (0..p.layers.len() as i64)
            .map(|layer| State { h: h0.get(layer), c: c0.as_ref().map(|c0| c0.get(layer)) })
            .collect();
        let run = forward(engine, &p, &input, Some(&first))?;
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
        Ok(found)
    }

    fn profiles(&self, engine: &dyn Engine) -> Result<Vec<Profile>> {
        let options = DiagnosticOptions::default();
        let profiles = diagnostics::profiles(
            engine,
            &self.parameters,
            &self.input,
            Some(&self.first),
            options,
            &|output, piece| {
                let part = self.grad_output.narrow(0, piece.start as i64, piece.len() as i64);
                Some((output * part).sum(output.kind()))
            },
        )?;
        Ok(profiles)
    }
}

/// Whether all numbers are: one that is not would be in everything that comes out.
fn finite(name: &str, tensor: &Tensor, path: &Path) -> Result<()> {
    let others = tensor.isfinite().logical_not().nonzero();
    if others.size()[0] == 0 {
        return Ok(());
    }
    let index = Vec::<i64>::try_from(others.get(0)).map_err(|e| LibraryError::Torch(e.to_string()))?;
    let found = tensor.double_value(&index);
    Err(Error::data(path, format!("expected finite numbers in `{name}`, found {found} at {index:?}")))
}

/// The h of all layers, `[layers, B, H]`.
fn stack_h(states: &[State]) -> Tensor {
    Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0)
}

/// The c of all layers, for a cell that has one.
fn stack_c(states: &[State]) -> Option<Tensor> {
    let of_layers = states.iter().map(|state| state.c.as_ref()).collect::<Option<Vec<_>>>()?;
    Some(Tensor::stack(&of_layers, 0))
}

/// Takes tensors out of a file by name, checking shapes.
struct Take<'a> {
    tensors: Tensors,
    /// The names of all that was there.
    given: BTreeSet<String>,
    path: &'a Path,
}

impl Take<'_> {
    fn missing(&self, name: &str) -> Error {
        let there: Vec<&str> = self.given.iter().map(String::as_str).collect();
        let there = if there.is_empty() { "no tensor".to_string() } else { there.join(", ") };
        Error::data(self.path, format!("expected a tensor `{name}`, found none (the file has: {there})"))
    }

    fn shape(&self, name: &str, expected: &str, found: &Tensor) -> Error {
        Error::data(self.path, format!("expected `{name}` of shape {expected}, found {:?}", found.size()))
    }

    fn peek(&self, name: &str, expected: &str, dimensions: usize) -> Result<Vec<i64>> {
        let tensor = self.tensors.get(name).ok_or_else(|| self.missing(name))?;
        match tensor.size() {
            size if size.len() == dimensions && size.iter().all(|size| *size > 0) => Ok(size),
            _ => Err(self.shape(name, expected, tensor)),
        }
    }

    fn any(&mut self, name: &str, expected: &str, dimensions: usize) -> Result<Tensor> {
        let tensor = self.tensors.remove(name).ok_or_else(|| self.missing(name))?;
        if tensor.dim() == dimensions { Ok(tensor) } else { Err(self.shape(name, expected, &tensor)) }
    }

    fn optional(&mut self, name: &str, shape: &[i64]) -> Result<Option<Tensor>> {
        match self.tensors.remove(name) {
            Some(tensor) if tensor.size() != shape => Err(self.shape(name, &format!("{shape:?}"), &tensor)),
            found => Ok(found),
        }
    }

    fn exactly(&mut self, name: &str, shape: &[i64]) -> Result<Tensor> {
        self.optional(name, shape)?.ok_or_else(|| self.missing(name))
    }

    /// Whether any parameter of layer `k` is there: then all must be.
    fn has_layer(&self, k: usize) -> bool {
        let suffix = format!("_l{k}");
        self.tensors
            .keys()
            .any(|name| (name.starts_with("weight_") || name.starts_with("bias_")) && name.ends_with(&suffix))
    }

    /// What is left was not understood.
    fn nothing_left(&self, cell: CellName) -> Result<()> {
        let Some(name) = self.tensors.keys().next() else { return Ok(()) };
        let known =
            ["input", "h0", "c0", "grad_output", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"];
        let absent = known.into_iter().filter(|known| !self.given.contains(*known));
        let hint = match nearest(name, absent) {
            _ if name.ends_with("_reverse") => "; layers run forward only".to_string(),
            _ if name.starts_with("weight_hr_") => "; layers have no projection (proj_size)".to_string(),
            Some(word) => format!("; did you mean `{word}`?"),
            None => String::new(),
        };
        Err(Error::data(self.path, format!("`{name}` means nothing for the cell `{cell}`{hint}")))
    }
}
