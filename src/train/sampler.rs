//! Sampling from a trained language model.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor, no_grad};

use super::checkpoint::{Checkpoint, Header};
use crate::cell::State;
use crate::data::{END_OF_LINE, Vocabulary, bytes_of_text, text_of_bytes, vocabulary_of_symbols};
use crate::model::{ForwardArgs, Model, model};
use crate::settings::names::{ModelName, Tokenizer};
use crate::support::error::{Error, Result};

/// A language model from a checkpoint.
pub struct Sampler {
    header: Header,
    tokenizer: Tokenizer,
    vocabulary: Box<dyn Vocabulary>,
    model: Box<dyn Model>,
    device: Device,
}

/// The arguments of [`Sampler::sample`].
#[derive(Debug, Clone, Copy)]
pub struct SamplingRequest<'a> {
    /// The text to continue. If it is empty, a model of words begins a line; other models need at least one
    /// character.
    pub prime: &'a str,
    /// The number of characters, words or bytes to generate.
    pub length: usize,
    /// The temperature, by which logits are divided; 0 for greedy sampling.
    pub temperature: f64,
}

impl Sampler {
    /// The model of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Usage`] for a checkpoint of another task; [`Error::Data`] for a missing tensor and
    /// for parameters that are not finite.
    pub fn new(checkpoint: &Checkpoint, device: Device) -> Result<Sampler> {
        let header = checkpoint.header.clone();
        let Some(tokenizer) = header.tokenizer.filter(|_| !header.symbols.is_empty()) else {
            let problem =
                "expected the checkpoint of a language model (task `text`), found one of another task";
            return Err(Error::Usage(problem.into()));
        };
        let symbols = header.symbols.len();
        // One symbol stands for the unknown ones.
        let sizes = [header.model.outputs, header.model.symbols.unwrap_or(0)];
        if sizes != [symbols as i64; 2] || symbols < 2 {
            let problem = format!(
                "expected two symbols or more, as many as outputs and symbols of the model ({}, {}), found \
                 {symbols}",
                sizes[0], sizes[1]
            );
            return Err(Error::Usage(format!("the checkpoint's header: {problem}")));
        }
        checkpoint.expect_finite()?;
        checkpoint.expect_model()?;
        let model = model(&header.model, header.seed, device);
        checkpoint.restore(model.weights())?;
        let vocabulary = vocabulary_of_symbols(tokenizer, header.symbols.clone());
        Ok(Sampler { header, tokenizer, vocabulary, model, device })
    }

    /// Returns the prime and its continuation. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// [`Error::Usage`] with the characters or words of the prime that are not in the vocabulary.
    pub fn sample(&self, request: SamplingRequest, rng: &mut ChaCha8Rng) -> Result<String> {
        let is_byte = self.tokenizer == Tokenizer::Byte;
        let bytes = is_byte.then(|| text_of_bytes(request.prime.as_bytes()));
        let given = bytes.as_deref().unwrap_or(request.prime);
        let begins = self.tokenizer == Tokenizer::Word && self.vocabulary.tokens(given).next().is_none();
        let prime = if begins { END_OF_LINE } else { given };
        let mut symbols = self.encode(prime)?;
        let first = symbols.len();
        let mut state: Option<Vec<State>> = None;
        for _ in 0..request.length {
            let (logits, next) = no_grad(|| self.next(&symbols, state.take()))?;
            state = next;
            symbols.push(self.draw(&logits, request.temperature, rng));
        }
        let mut text = if begins { String::new() } else { given.to_string() };
        symbols[first..].iter().for_each(|symbol| self.vocabulary.decode_onto(&mut text, *symbol as u32));
        Ok(if is_byte { String::from_utf8_lossy(&bytes_of_text(&text)).into_owned() } else { text })
    }

    /// Returns the logits of the next symbol, `[V]`, and the state to continue from.
    ///
    /// A recurrent model trained with a carried state reads only new symbols. Other models read as many
    /// symbols again as in training.
    fn next(&self, symbols: &[i64], state: Option<Vec<State>>) -> Result<(Tensor, Option<Vec<State>>)> {
        let config = &self.header.model;
        let carries = config.model == ModelName::Recurrent && !self.header.by_excerpts;
        let start = match &state {
            Some(_) => symbols.len() - 1,
            None if carries => 0,
            None => symbols.len().saturating_sub(config.positions as usize),
        };
        let seen = &symbols[start..];
        let input = Tensor::from_slice(seen).reshape([seen.len() as i64, 1]).to_device(self.device);
        let vectors = config.embed(self.model.weights(), &input);
        let args = ForwardArgs { initial: state.as_deref(), output_steps: 1, dropout: None };
        let output = self.model.run(&vectors, args)?;
        Ok((output.outputs.reshape([-1]), carries.then_some(output.state)))
    }

    /// Draws a symbol, never the one for unknown characters or words.
    fn draw(&self, logits: &Tensor, temperature: f64, rng: &mut ChaCha8Rng) -> i64 {
        let logits = logits.to_kind(Kind::Double).to_device(crate::device::cpu());
        let logits: Vec<f64> = Vec::try_from(logits).expect("a vector of 64-bit floats");
        let known = |n: &usize| *n != self.vocabulary.unknown() as usize;
        let likeliest = (0..logits.len())
            .filter(known)
            .max_by(|a, b| logits[*a].total_cmp(&logits[*b]))
            .expect("a vocabulary has a known symbol");
        if temperature == 0.0 {
            return likeliest as i64;
        }
        let weight = |n: usize| ((logits[n] - logits[likeliest]) / temperature).exp();
        let all: f64 = (0..logits.len()).filter(known).map(weight).sum();
        let mut rest = rng.random::<f64>() * all;
        for n in (0..logits.len()).filter(known) {
            rest -= weight(n);
            if rest <= 0.0 {
                return n as i64;
            }
        }
        likeliest as i64
    }

    /// The symbols of a text.
    fn encode(&self, prime: &str) -> Result<Vec<i64>> {
        let numbers = self.vocabulary.encode(prime);
        let mut unknown: Vec<String> = Vec::new();
        for (token, number) in self.vocabulary.tokens(prime).zip(&numbers) {
            let token = format!("{token:?}");
            if *number == self.vocabulary.unknown() && !unknown.contains(&token) {
                unknown.push(token);
            }
        }
        let what = format!("{}s", self.tokenizer);
        if !unknown.is_empty() {
            return Err(Error::Usage(format!(
                "--prime: expected {what} of the model's vocabulary (it has {}), found {}",
                self.vocabulary.len() - 1,
                unknown.join(", ")
            )));
        }
        if numbers.is_empty() {
            return Err(Error::Usage(format!("--prime: expected {what} to go on from, found none")));
        }
        Ok(numbers.into_iter().map(i64::from).collect())
    }
}
