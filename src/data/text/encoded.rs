//! A text as a sequence of numbers, one for each character.

use std::path::PathBuf;

use super::characters::Characters;
use super::raw::RawText;
use super::vocabulary::Vocabulary;
use crate::support::error::{Error, Result};

/// A text, with each character replaced by its number in the sorted list of the characters that occur.
#[derive(Debug)]
pub struct EncodedText {
    /// The name of the dataset or of the file.
    pub name: String,
    /// The file, or the directory of the dataset.
    pub path: PathBuf,
    /// Number of each character, at least two of them.
    pub characters: Vec<u32>,
    /// Number of different characters.
    pub vocabulary_size: usize,
    /// [`RawText::sha256`].
    pub sha256: String,
}

impl EncodedText {
    /// A text with the vocabulary of all of it.
    ///
    /// # Errors
    /// [`Error::Data`] for fewer than two characters.
    pub fn new(raw: RawText) -> Result<EncodedText> {
        let RawText { name, path, sha256, text } = raw;
        let vocabulary = Characters::of_text(&text);
        let characters = vocabulary.encode(&text);
        if characters.len() < 2 {
            let problem = format!("expected at least 2 characters of text, found {}", characters.len());
            return Err(Error::data(&path, problem));
        }
        // No character of the text is unknown.
        let vocabulary_size = vocabulary.len() - 1;
        Ok(EncodedText { name, path, characters, vocabulary_size, sha256 })
    }

    /// Checks that the text has at least `count` characters.
    ///
    /// # Errors
    /// [`Error::Data`] for fewer.
    pub fn require(&self, count: usize) -> Result<()> {
        let found = self.characters.len();
        if found >= count {
            return Ok(());
        }
        let problem =
            format!("expected at least {count} characters (a sequence and one more), found {found}");
        Err(Error::data(&self.path, problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str) -> Result<EncodedText> {
        let (name, path, sha256) = ("t.txt".into(), "t.txt".into(), "ff".into());
        EncodedText::new(RawText { name, path, sha256, text: text.into() })
    }

    #[test]
    fn characters_are_numbered_in_sorted_order() {
        let text = encode("bäab\n").unwrap();
        assert_eq!(text.characters, [2, 3, 1, 2, 0]);
        assert_eq!((text.vocabulary_size, text.name.as_str(), text.sha256.as_str()), (4, "t.txt", "ff"));
    }

    #[test]
    fn text_of_fewer_than_two_characters_is_refused() {
        for (text, found) in [("", 0), ("x", 1)] {
            let error = encode(text).unwrap_err();
            let expected = format!("t.txt: expected at least 2 characters of text, found {found}");
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn require_names_expected_and_found_length() {
        let text = encode("abc").unwrap();
        text.require(3).unwrap();
        let error = text.require(4).unwrap_err().to_string();
        assert!(error.contains("at least 4 characters") && error.ends_with("found 3"), "{error}");
    }
}
