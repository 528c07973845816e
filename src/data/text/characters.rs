//! The vocabulary of characters.

use std::borrow::Cow;

use super::vocabulary::{UNKNOWN, Vocabulary};

/// The characters (Unicode scalar values) that occur in a text, sorted, and after them [`UNKNOWN`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Characters {
    symbols: Vec<String>,
    /// The number of each character by its code, up to the last character of the vocabulary.
    numbers: Vec<u32>,
}

impl Characters {
    /// The characters of a text.
    pub fn of_text(text: &str) -> Characters {
        // One flag for each possible character is faster than a set, and small compared with a long text.
        let mut seen = vec![false; char::MAX as usize + 1];
        text.chars().for_each(|character| seen[character as usize] = true);
        let characters = ('\0'..=char::MAX).filter(|character| seen[*character as usize]);
        Characters::of_symbols(characters.map(String::from).chain([UNKNOWN.to_string()]).collect())
    }

    /// The vocabulary with these symbols: single characters, sorted, and then [`UNKNOWN`].
    pub fn of_symbols(symbols: Vec<String>) -> Characters {
        let unknown = symbols.len() as u32 - 1;
        let mut numbers = Vec::new();
        for (symbol, number) in symbols.iter().zip(0..unknown) {
            let code = symbol.chars().next().map_or(0, |character| character as usize);
            numbers.resize(numbers.len().max(code + 1), unknown);
            numbers[code] = number;
        }
        Characters { symbols, numbers }
    }
}

impl Vocabulary for Characters {
    fn symbols(&self) -> &[String] {
        &self.symbols
    }

    fn unknown(&self) -> u32 {
        self.symbols.len() as u32 - 1
    }

    fn tokens<'a>(&self, text: &'a str) -> Box<dyn Iterator<Item = Cow<'a, str>> + 'a> {
        Box::new(text.char_indices().map(|(at, c)| text[at..at + c.len_utf8()].into()))
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        let unknown = self.unknown();
        text.chars().map(|c| self.numbers.get(c as usize).copied().unwrap_or(unknown)).collect()
    }

    fn decode_onto(&self, text: &mut String, number: u32) {
        text.push_str(&self.symbols[number as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_sorted_and_numbered() {
        let vocabulary = Characters::of_text("to be\u{10ffff}");
        assert_eq!(vocabulary.symbols(), [" ", "b", "e", "o", "t", "\u{10ffff}", UNKNOWN]);
        assert_eq!((vocabulary.len(), vocabulary.unknown()), (7, 6));
        for number in 0..6 {
            assert_eq!(vocabulary.encode(&vocabulary.decode(&[number])), [number]);
        }
        assert_eq!(vocabulary.decode(&vocabulary.encode("eet o\u{10ffff}")), "eet o\u{10ffff}");
        assert_eq!(vocabulary.encode(""), [0; 0]);
    }

    #[test]
    fn encode_gives_unknown_characters_the_last_number() {
        let vocabulary = Characters::of_text("bd");
        // Before the first, between the two and after the last character.
        assert_eq!(vocabulary.encode("abcd\u{10ffff}"), [2, 0, 2, 1, 2]);
        assert_eq!(Characters::of_text("").encode("a"), [0]);
        assert_eq!(Characters::of_text("").symbols(), [UNKNOWN]);
    }
}
