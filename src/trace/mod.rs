//! One sequence through given layers: outputs, every gradient, per-step norms, so that anyone can hold this program
//! against another.

pub mod file;

use std::path::Path;

use tch::{Device, Kind, Tensor};

use crate::cell::{CellName, LayerParameters, Parameters, State, cell};
use crate::engine::{self, Engine, EngineName, forward};
use crate::error::{Error, Result};
use crate::probe::adjoint::{self, Profile};
use crate::probe::exact;
use crate::words::nearest;
use file::Tensors;

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
    /// A tensor is missing, has the wrong shape, or has a name that means nothing; the message names the file.
    pub fn new(name: CellName, mut tensors: Tensors, path: &Path, on: Device) -> Result<Given> {
        tensors.values_mut().for_each(|tensor| *tensor = tensor.to_device(on));
        let mut take = Take { tensors, path };
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
        let first: Vec<State> =
            self.first.iter().map(|s| State { h: leaf(&s.h), c: s.c.as_ref().map(leaf) }).collect();
        let run = forward(engine, &p, &input, Some(&first))?;
        let loss = (&run.output * &self.grad_output).sum(run.output.kind());

        let mut nodes: Vec<(String, &Tensor)> = p.named();
        nodes.push(("input".to_string(), &input));
        let states = |c: bool| {
            move |s: &'_ State| {
                if c { s.c.as_ref().map(Tensor::shallow_clone) } else { Some(s.h.shallow_clone()) }
            }
        };
        let (h0, c0): (Vec<Tensor>, Vec<Tensor>) = (
            first.iter().filter_map(states(false)).collect(),
            first.iter().filter_map(states(true)).collect(),
        );
        let leaves: Vec<&Tensor> = nodes.iter().map(|(_, tensor)| *tensor).chain(&h0).chain(&c0).collect();
        let mut gradients = Tensor::run_backward(&[loss], &leaves, false, false).into_iter();

        let mut found = Tensors::new();
        for (name, tensor) in &nodes {
            let gradient = gradients.next().filter(Tensor::defined).unwrap_or_else(|| tensor.zeros_like());
            found.insert(format!("grad.{name}"), gradient);
        }
        let mut stacked = |name: &str, states: &[Tensor]| {
            let of_layers: Vec<Tensor> = gradients.by_ref().take(states.len()).collect();
            found.insert(format!("grad.{name}"), Tensor::stack(&of_layers, 0));
        };
        stacked("h0", &h0);
        if !c0.is_empty() {
            stacked("c0", &c0);
        }
        let last = |of: Vec<&Tensor>| Tensor::stack(&of, 0);
        found.insert("output".into(), run.output.shallow_clone());
        found.insert("h_n".into(), last(run.last.iter().map(|s| &s.h).collect()));
        if !c0.is_empty() {
            found.insert("c_n".into(), last(run.last.iter().filter_map(|s| s.c.as_ref()).collect()));
        }
        Ok(found)
    }

    fn profiles(&self, engine: &dyn Engine) -> Result<Vec<Profile>> {
        let (p, first) = (&self.parameters, Some(self.first.as_slice()));
        if engine.name() == EngineName::Analytic {
            return exact::profiles(p, &self.input, first, &|output, piece| {
                let part = self.grad_output.narrow(0, piece.start as i64, piece.len() as i64);
                Some((output * part).sum(output.kind()))
            });
        }
        let loss = |output: &Tensor| (output * &self.grad_output).sum(Kind::Double);
        adjoint::profiles(engine, &p.leaves(), &self.input, first, 1, loss)
    }
}

/// Takes tensors out of a file by name, checking shapes.
struct Take<'a> {
    tensors: Tensors,
    path: &'a Path,
}

impl Take<'_> {
    fn missing(&self, name: &str) -> Error {
        let there: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        Error::data(
            self.path,
            format!("expected a tensor `{name}`, found none (there are: {})", there.join(", ")),
        )
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
        let hint = match nearest(name, known.into_iter().filter(|known| *known != name)) {
            Some(word) => format!("; did you mean `{word}`?"),
            None => String::new(),
        };
        Err(Error::data(self.path, format!("`{name}` means nothing for the cell `{cell}`{hint}")))
    }
}
