//! The interface of vocabularies.

use std::borrow::Cow;

/// The symbol of every token that a vocabulary lacks.
pub const UNKNOWN: &str = "<unk>";

/// A list of symbols (characters or words), each with a number, and the rule that splits a text into them.
#[allow(clippy::len_without_is_empty)] // UNKNOWN is always among the symbols.
pub trait Vocabulary {
    /// The symbols by number, with [`UNKNOWN`] among them.
    fn symbols(&self) -> &[String];

    /// The number of [`UNKNOWN`].
    fn unknown(&self) -> u32;

    /// The tokens of a text, in the vocabulary or not.
    fn tokens<'a>(&self, text: &'a str) -> Box<dyn Iterator<Item = Cow<'a, str>> + 'a>;

    /// The number of each token of a text, which is [`Vocabulary::unknown`] for a token without a symbol.
    fn encode(&self, text: &str) -> Vec<u32>;

    /// Appends the text of a symbol to a text, with the space that belongs between them.
    ///
    /// # Panics
    /// Panics for a number that is not below [`Vocabulary::len`].
    fn decode_onto(&self, text: &mut String, number: u32);

    /// Number of symbols.
    fn len(&self) -> usize {
        self.symbols().len()
    }

    /// The text of symbols.
    ///
    /// # Panics
    /// Panics for a number that is not below [`Vocabulary::len`].
    fn decode(&self, numbers: &[u32]) -> String {
        let mut text = String::new();
        numbers.iter().for_each(|number| self.decode_onto(&mut text, *number));
        text
    }
}
