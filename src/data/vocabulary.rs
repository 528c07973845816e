//! Characters and their numbers.

use std::collections::BTreeSet;

use crate::support::error::{Error, Result};

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
        let indices = self.encode_known(text);
        if !indices.contains(&self.unknown()) {
            return Ok(indices);
        }
        let unknown = text.chars().filter(|character| self.index_of(*character).is_none()).collect();
        Err(Error::Usage(not_in_vocabulary(&unknown, self.len())))
    }

    /// The index that [`Vocabulary::encode_known`] gives to every character that the vocabulary lacks: the one
    /// after the last. So a model that is to read any text has [`Vocabulary::len`] + 1 classes.
    pub fn unknown(&self) -> u32 {
        self.0.len() as u32
    }

    /// The index of each character of a text that may have others than the one that the vocabulary is of: of
    /// a part that is held out. Those are all [`Vocabulary::unknown`].
    pub fn encode_known(&self, text: &str) -> Vec<u32> {
        let unknown = self.unknown();
        // From character to index: faster than to search for each.
        let mut table = vec![unknown; self.0.last().map_or(0, |last| *last as usize + 1)];
        for (character, index) in self.0.iter().zip(0..) {
            table[*character as usize] = index;
        }
        text.chars().map(|character| table.get(character as usize).copied().unwrap_or(unknown)).collect()
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
    fn unknown_characters_share_the_index_after_the_last() {
        let vocabulary = Vocabulary::of("bd");
        assert_eq!(vocabulary.unknown(), 2);
        // Before the first, between two, and after the last.
        assert_eq!(vocabulary.encode_known("abcd\u{10ffff}"), [2, 0, 2, 1, 2]);
        assert_eq!(vocabulary.encode_known("db"), vocabulary.encode("db").unwrap());
        assert_eq!(vocabulary.char_at(vocabulary.unknown()), None);
        assert_eq!(Vocabulary::of("").encode_known("a"), [0]);
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
