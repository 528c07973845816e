//! A text continued by a trained model.

use std::collections::BTreeSet;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, no_grad};

use super::checkpoint::{Checkpoint, Header};
use crate::cell::State;
use crate::data::{END_OF_LINE, UNKNOWN, tokens};
use crate::model::{Ask, Model, model};
use crate::settings::names::ModelName;
use crate::support::error::{Error, Result};

/// A language model out of a checkpoint.
pub struct Sampler {
    header: Header,
    model: Box<dyn Model>,
    on: Device,
}

/// What is asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The text to go on from. Not empty but for a model of words: that begins a line where no word is given.
    pub prime: &'a str,
    /// So many characters or words more.
    pub length: usize,
    /// Logits are divided by this: below 1 the likely becomes likelier; 0 takes the likeliest each time.
    pub temperature: f64,
}

impl Sampler {
    /// The model of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Usage`] where it is no language model; [`Error::Data`] where a tensor is missing.
    pub fn new(checkpoint: &Checkpoint, on: Device) -> Result<Sampler> {
        let header = checkpoint.header.clone();
        if header.symbols.is_empty() {
            let problem =
                "expected the checkpoint of a language model (task `text`), found one of another task";
            return Err(Error::Usage(problem.into()));
        }
        let (symbols, outputs) = (header.symbols.len(), header.blueprint.outputs);
        if symbols as i64 != outputs {
            let problem = format!("expected a symbol for each of {outputs} outputs, found {symbols}");
            return Err(Error::Usage(format!("the checkpoint's header: {problem}")));
        }
        let model = model(&header.blueprint, header.seed, on);
        checkpoint.restore(model.weights())?;
        Ok(Sampler { header, model, on })
    }

    /// The prime and what the model makes of it.
    ///
    /// # Errors
    /// [`Error::Usage`] that names the characters or words of the prime that the model does not know.
    pub fn sample(&self, request: Request, rng: &mut ChaCha8Rng) -> Result<String> {
        let begins = self.header.by_words && tokens(request.prime).next().is_none();
        let prime = if begins { END_OF_LINE } else { request.prime };
        let mut symbols = self.encode(prime)?;
        let given = symbols.len();
        let mut state: Option<Vec<State>> = None;
        for _ in 0..request.length {
            let (logits, next) = no_grad(|| self.next(&symbols, state.take()))?;
            state = next;
            symbols.push(self.draw(&logits, request.temperature, rng));
        }
        Ok(self.text(if begins { "" } else { request.prime }, &symbols[given..]))
    }

    /// The logits of the symbol after these, `[V]`, and the state to go on from. A recurrent model that learned from a text that
    /// goes on reads what is new; the others read again as much as they were trained on.
    fn next(&self, symbols: &[i64], state: Option<Vec<State>>) -> Result<(Tensor, Option<Vec<State>>)> {
        let blueprint = &self.header.blueprint;
        let goes_on = blueprint.model == ModelName::Recurrent && !self.header.by_excerpts;
        let from = match &state {
            Some(_) => symbols.len() - 1,
            None if goes_on => 0,
            None => symbols.len().saturating_sub(blueprint.positions as usize),
        };
        let seen = &symbols[from..];
        let input = Tensor::from_slice(seen).reshape([seen.len() as i64, 1]).to_device(self.on);
        let vectors = blueprint.vectors(self.model.weights(), &input);
        let said = self.model.run(&vectors, Ask { first: state.as_deref(), answers: 1, dropout: None })?;
        Ok((said.answers.reshape([-1]), goes_on.then_some(said.last)))
    }

    /// Never the symbol for all others: it is no text.
    fn draw(&self, logits: &Tensor, temperature: f64, rng: &mut ChaCha8Rng) -> i64 {
        let logits = logits.to_kind(Kind::Double).to_device(crate::device::cpu());
        let logits: Vec<f64> = Vec::try_from(logits).expect("a vector of 64-bit floats");
        let known = |n: &usize| self.header.symbols[*n] != UNKNOWN;
        let likeliest = (0..logits.len())
            .filter(known)
            .max_by(|a, b| logits[*a].total_cmp(&logits[*b]))
            .expect("a vocabulary has a known symbol");
        if temperature == 0.0 {
            return likeliest as i64;
        }
        let weight = |n: usize| ((logits[n] - logits[likeliest]) / temperature).exp();
        let all: f64 = (0..logits.len()).filter(known).map(weight).sum();
        let mut left = rng.random::<f64>() * all;
        for n in (0..logits.len()).filter(known) {
            left -= weight(n);
            if left <= 0.0 {
                return n as i64;
            }
        }
        likeliest as i64
    }

    fn encode(&self, prime: &str) -> Result<Vec<i64>> {
        let parts: Vec<String> = match self.header.by_words {
            true => tokens(prime).map(|token| token.into_owned()).collect(),
            false => prime.chars().map(String::from).collect(),
        };
        let number =
            |part: &String| self.header.symbols.iter().position(|symbol| symbol == part && symbol != UNKNOWN);
        let mut unknown: Vec<String> =
            parts.iter().filter(|part| number(part).is_none()).map(|part| format!("{part:?}")).collect();
        let mut seen = BTreeSet::new();
        unknown.retain(|part| seen.insert(part.clone()));
        let what = if self.header.by_words { "words" } else { "characters" };
        if !unknown.is_empty() {
            return Err(Error::Usage(format!(
                "--prime: expected {what} of the model's vocabulary (it has {}), found {}",
                self.header.symbols.len() - 1,
                unknown.join(", ")
            )));
        }
        if parts.is_empty() {
            return Err(Error::Usage(format!("--prime: expected {what} to go on from, found none")));
        }
        Ok(parts.iter().filter_map(number).map(|number| number as i64).collect())
    }

    fn text(&self, prime: &str, symbols: &[i64]) -> String {
        let mut text = prime.to_string();
        for symbol in symbols {
            let symbol = &self.header.symbols[*symbol as usize];
            match self.header.by_words {
                true if symbol == END_OF_LINE => text.push('\n'),
                true if text.is_empty() || text.ends_with('\n') => text.push_str(symbol),
                true if symbol.chars().all(|c| ",.;:!?)".contains(c)) => text.push_str(symbol),
                true => text.extend([" ", symbol]),
                false => text.push_str(symbol),
            }
        }
        text
    }
}
