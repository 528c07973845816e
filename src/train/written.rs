//! The text that a trained language model writes, for the report.

use tch::Device;

use super::checkpoint::Checkpoint;
use super::context::TrainContext;
use super::sampler::{Sampler, SamplingRequest};
use crate::data::UNKNOWN;
use crate::random::{self, Purpose};
use crate::results::schema::SampleRow;
use crate::settings::names::Tokenizer;
use crate::support::error::Result;

/// The temperature of the text: the model's own distribution.
const TEMPERATURE: f64 = 1.0;

/// The number of characters or bytes.
const LETTERS: usize = 200;

/// The number of words.
const WORDS: usize = 40;

/// A text of the model of a checkpoint; none for another task, or without a symbol to begin with.
///
/// # Errors
/// The checkpoint has parameters that are not finite.
pub fn written(context: &TrainContext, checkpoint: &Checkpoint, device: Device) -> Result<Option<SampleRow>> {
    let Some(tokenizer) = context.tokenizer else { return Ok(None) };
    let is_of_words = tokenizer == Tokenizer::Word;
    let prime = if is_of_words { Some(String::new()) } else { first(context.symbols, tokenizer) };
    let Some(prime) = prime else { return Ok(None) };
    let length = if is_of_words { WORDS } else { LETTERS };
    let sampler = Sampler::new(checkpoint, device)?;
    let request = SamplingRequest { prime: &prime, length, temperature: TEMPERATURE };
    let seed = context.run.settings.seed;
    let text = sampler.sample(request, &mut random::stream(seed, Purpose::Sample))?;
    Ok(Some(SampleRow {
        run_id: context.run.id.clone(),
        step: checkpoint.header.progress.step,
        text: text.strip_prefix(&prime).unwrap_or(&text).to_string(),
        prime,
        temperature: TEMPERATURE,
    }))
}

/// The end of a line, or else the first known symbol of a text of one line. A byte beyond ASCII is no text.
fn first(symbols: &[String], tokenizer: Tokenizer) -> Option<String> {
    let is_text = |symbol: &&String| tokenizer != Tokenizer::Byte || symbol.is_ascii();
    let known = || symbols.iter().filter(|symbol| *symbol != UNKNOWN).filter(is_text);
    known().find(|symbol| *symbol == "\n").or_else(|| known().next()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_is_the_end_of_a_line_or_a_known_symbol() {
        let of = |symbols: &[&str], tokenizer| {
            first(&symbols.iter().map(|symbol| symbol.to_string()).collect::<Vec<_>>(), tokenizer)
        };
        let char = Tokenizer::Character;
        assert_eq!(of(&["\t", "\n", "a", UNKNOWN], char).as_deref(), Some("\n"));
        assert_eq!(of(&["ß", "a", UNKNOWN], char).as_deref(), Some("ß"));
        assert_eq!(of(&["ß", "a", UNKNOWN], Tokenizer::Byte).as_deref(), Some("a"));
        assert_eq!(of(&[UNKNOWN], char), None);
    }
}
