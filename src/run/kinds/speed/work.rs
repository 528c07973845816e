//! What everyone who is timed is given, and what they should make of it.

use std::time::Instant;

use tch::{Tensor, no_grad};

use super::REFERENCE;
use crate::autograd::{Saved, attach};
use crate::cell::{Parameters, State};
use crate::data::EncodedText;
use crate::device;
use crate::engine::EngineName;
use crate::engine::{Engine, agreement, engine, zero_states};
use crate::plan::run::Run;
use crate::run::frameworks::Peer;
use crate::run::kinds::{Place, agree, cotangent, run_parameters};
use crate::settings::names::PassName;
use crate::support::error::{Error, Result};
use crate::support::safetensors_io::Tensors;
use crate::task::batch;

/// What every engine is given.
pub struct Work {
    parameters: Parameters,
    input: Tensor,
    first: Vec<State>,
    cotangent: Tensor,
    place: Place,
}

impl Work {
    pub fn new(run: &Run, text: Option<&EncodedText>, place: Place) -> Result<Work> {
        let parameters = run_parameters(&run.settings, place.device).leaves();
        let input = batch(run, text, place.device)?.input;
        let cotangent = cotangent(&run.settings, input.size()[0], &input);
        let input = input.set_requires_grad(true);
        let first = zero_states(&parameters, &input);
        Ok(Work { parameters, input, first, cotangent, place })
    }

    /// Holds an engine against the reference.
    pub fn agrees(&self, name: EngineName) -> Result<()> {
        if name == REFERENCE {
            return Ok(());
        }
        agree(engine(name), engine(REFERENCE), &self.parameters, &self.input, &self.cotangent)
    }

    /// What a peer is given: the tensors of `lstm-lab trace`.
    pub fn given(&self) -> Tensors {
        let named = self.parameters.named();
        let mut given: Tensors =
            named.into_iter().map(|(name, tensor)| (name, tensor.shallow_clone())).collect();
        given.insert("input".into(), self.input.shallow_clone());
        given.insert("grad_output".into(), self.cotangent.shallow_clone());
        given
    }

    /// Holds a peer against the reference: its output, and every gradient where it trains.
    pub fn agrees_with(&self, peer: &mut Peer) -> Result<()> {
        let found = peer.results()?;
        let names = (peer.name().as_str(), REFERENCE.as_str());
        let tolerance = agreement::tolerance(self.input.kind());
        let expected = agreement::results(engine(REFERENCE), &self.parameters, &self.input, &self.cotangent)?;
        for (what, expected) in &expected {
            let is_told = what == "output" || (peer.has(PassName::Train) && what.starts_with("grad."));
            match found.get(what) {
                Some(found) if is_told => agreement::compare(names, what, found, expected, tolerance)?,
                None if is_told => {
                    let problem = format!("expected `{what}` among its results, found none");
                    return Err(Error::Peer { peer: names.0.to_string(), problem });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The wall-clock time of one pass, up to the moment when the device has done all of it.
    pub fn seconds(&self, name: EngineName, pass: PassName) -> f64 {
        let engine = engine(name);
        device::synchronize(self.place.device);
        let start = Instant::now();
        let results = match pass {
            PassName::Forward => self.forward(engine),
            PassName::Train => self.train(engine),
        };
        device::synchronize(self.place.device);
        let seconds = start.elapsed().as_secs_f64();
        drop(results);
        seconds
    }

    fn forward(&self, engine: &dyn Engine) -> Vec<Tensor> {
        vec![no_grad(|| engine.stack(&self.parameters, &self.input, &self.first).output)]
    }

    /// Forward, and backward to the input and every parameter.
    fn train(&self, engine: &dyn Engine) -> Vec<Tensor> {
        let output = engine.stack(&self.parameters, &self.input, &self.first).output;
        // A number whose gradient is the cotangent as it stands: a product and its sum would be timed with the engine.
        let number = Tensor::zeros([], (output.kind(), output.device()));
        let cotangent = Saved::new(&self.cotangent);
        let loss =
            attach(&[&output], vec![number], move |_| Some(vec![Some(cotangent.get().shallow_clone())]))
                .expect("a new tensor, computed without gradients")
                .remove(0);
        let mut inputs = self.parameters.tensors();
        inputs.push(&self.input);
        Tensor::run_backward(&[loss], &inputs, false, false)
    }
}
