//! Characters and their numbers.

use std::collections::BTreeSet;

use crate::error::{Error, Result};

/// The characters (Unicode scalar values) that occur in a text, each once, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary(Vec<char>);

impl Vocabulary {
    /// Of a text.
    pub fn of(text: &str) -> Vocabulary {
        // A flag for each character that there can be: fast, and small beside a text that takes long.
        let mut seen = vec![false; char::MAX as usize + 1];
        text.chars().for_each(|character| seen[character as usize] = true);
        Vocabulary(('\0'..=char::MAX).filter(|character| seen[*character as usize]).collect())
    }

    /// How many characters there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none: the vocabulary of an empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The index of a character, if it occurs.
    pub fn index_of(&self, character: char) -> Option<u32> {
        self.0.binary_search(&character).ok().map(|index| index as u32)
    }

    /// The character at an index below [`Vocabulary::len`].
    pub fn char_at(&self, index: u32) -> Option<char> {
        self.0.get(index as usize).copied()
    }

    /// The index of each character of a text.
    ///
    /// # Errors
    /// [`Error::Usage`] that names the characters that the vocabulary lacks.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        // From character to index; no vocabulary is so large that it needs the last number.
        const NONE: u32 = u32::MAX;
        let mut table = vec![NONE; self.0.last().map_or(0, |last| *last as usize + 1)];
        for (index, character) in self.0.iter().enumerate() {
            table[*character as usize] = index as u32;
        }
        let mut unknown = BTreeSet::new();
        let mut indices = Vec::with_capacity(text.chars().count());
        for character in text.chars() {
            match table.get(character as usize) {
                Some(&index) if index != NONE => indices.push(index),
                _ => _ = unknown.insert(character),
            }
        }
        if unknown.is_empty() {
            Ok(indices)
        } else {
            Err(Error::Usage(not_in_vocabulary(&unknown, self.len())))
        }
    }
}

fn not_in_vocabulary(unknown: &BTreeSet<char>, size: usize) -> String {
    const SHOWN: usize = 10;
    let list: Vec<String> = unknown.iter().take(SHOWN).map(|character| format!("{character:?}")).collect();
    let more = match unknown.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("expected characters of the vocabulary (it has {size}), found {}{more}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vocabulary_goes_both_ways() {
        let vocabulary = Vocabulary::of("to be\u{10ffff}");
        assert_eq!(vocabulary.len(), 6);
        assert!(!vocabulary.is_empty() && Vocabulary::of("").is_empty());
        for index in 0..6 {
            let character = vocabulary.char_at(index).unwrap();
            assert_eq!(vocabulary.index_of(character), Some(index));
            assert_eq!(vocabulary.encode(&character.to_string()).unwrap(), [index]);
        }
        assert_eq!(vocabulary.char_at(6), None);
        assert_eq!(vocabulary.index_of('z'), None);
    }

    #[test]
    fn characters_outside_the_vocabulary_are_named() {
        let vocabulary = Vocabulary::of("ab");
        assert_eq!(vocabulary.encode("").unwrap(), Vec::<u32>::new());
        let error = vocabulary.encode("zab\nz\u{e9}").unwrap_err().to_string();
        assert_eq!(error, "expected characters of the vocabulary (it has 2), found '\\n', 'z', 'é'");
        let error = vocabulary.encode("bcdefghijklmn").unwrap_err().to_string();
        assert!(error.ends_with("'k', 'l' and 2 more"), "{error}");
    }
}
