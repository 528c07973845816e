//! A text as a sequence of numbers: one a character, by a vocabulary.

use std::path::{Path, PathBuf};

use super::{RawText, Vocabulary};
use crate::support::error::{Error, Result};

/// A text, each character replaced by its index in the vocabulary.
#[derive(Debug)]
pub struct Text {
    /// The dataset's name, or the file's.
    pub name: String,
    /// The file, or the dataset's directory.
    pub path: PathBuf,
    /// Index of each character in the vocabulary; at least two.
    pub characters: Vec<u32>,
    /// The characters that occur.
    pub vocabulary: Vocabulary,
    /// [`RawText::sha256`].
    pub sha256: String,
}

impl Text {
    /// Any UTF-8 file, as [`RawText::from_file`] reads it.
    ///
    /// # Errors
    /// As [`RawText::from_file`]; and as [`Text::new`].
    pub fn from_file(path: &Path) -> Result<Text> {
        Text::new(RawText::from_file(path)?)
    }

    /// A dataset of text that has been fetched into `root`.
    ///
    /// # Errors
    /// As [`RawText::from_dataset`]; and as [`Text::new`].
    pub fn from_dataset(name: &str, root: &Path) -> Result<Text> {
        Text::new(RawText::from_dataset(name, root)?)
    }

    /// A text, with the vocabulary of all of it.
    ///
    /// # Errors
    /// [`Error::Data`] where it has fewer than two characters.
    pub fn new(raw: RawText) -> Result<Text> {
        let RawText { name, path, sha256, text } = raw;
        let vocabulary = Vocabulary::of(&text);
        let characters = vocabulary.encode(&text)?;
        if characters.len() < 2 {
            let problem = format!("expected at least 2 characters of text, found {}", characters.len());
            return Err(Error::data(&path, problem));
        }
        Ok(Text { name, path, characters, vocabulary, sha256 })
    }

    /// Whether the text has at least `count` characters.
    ///
    /// # Errors
    /// [`Error::Data`] where it has fewer.
    pub fn require(&self, count: usize) -> Result<()> {
        if self.characters.len() >= count {
            return Ok(());
        }
        let found = self.characters.len();
        let problem =
            format!("expected at least {count} characters (a sequence and one more), found {found}");
        Err(Error::data(&self.path, problem))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::checksum;
    use super::*;

    fn from(bytes: &[u8]) -> Result<Text> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("text.txt");
        fs::write(&path, bytes).unwrap();
        Text::from_file(&path)
    }

    #[test]
    fn characters_are_numbered_in_sorted_order() {
        let text = from("bäab\n".as_bytes()).unwrap();
        assert_eq!(text.characters, [2, 3, 1, 2, 0]);
        assert_eq!(text.vocabulary, Vocabulary::of("\nabä"));
        assert_eq!(text.name, "text.txt");
        assert!(text.path.ends_with("text.txt"));
        assert_eq!(text.sha256, checksum::of_bytes("bäab\n".as_bytes()));
    }

    #[test]
    fn line_ends_and_byte_order_mark_make_no_other_text() {
        let (unix, other) = (from(b"a\nb\n").unwrap(), from(b"\xef\xbb\xbfa\r\nb\r\n").unwrap());
        assert_eq!(unix.characters, other.characters);
        assert_eq!(unix.vocabulary, other.vocabulary);
        assert_eq!(unix.sha256, other.sha256);
    }

    #[test]
    fn what_is_no_text_is_refused_with_a_reason() {
        for (bytes, reason) in [
            (&b""[..], "expected at least 2 characters of text, found 0"),
            (b"\xef\xbb\xbf", "found 0"),
            (b"x", "found 1"),
            (b"fine\nnot \xff fine", "expected UTF-8, found byte 0xff at offset 9, line 2"),
        ] {
            let error = from(bytes).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
        let dir = tempfile::tempdir().unwrap();
        let error = Text::from_file(dir.path()).unwrap_err();
        assert!(error.to_string().ends_with("found a directory"), "{error}");
        let error = Text::from_file(&dir.path().join("absent.txt")).unwrap_err();
        assert!(
            error.to_string().ends_with("absent.txt: expected a text file, found nothing of that name"),
            "{error}"
        );
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_text_too_short_says_so() {
        let text = from(b"abc").unwrap();
        text.require(3).unwrap();
        let error = text.require(4).unwrap_err().to_string();
        assert!(error.contains("at least 4 characters") && error.ends_with("found 3"), "{error}");
    }

    #[test]
    fn an_absent_dataset_names_the_command_that_fetches_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = Text::from_dataset("shakespeare", dir.path()).unwrap_err();
        assert!(error.to_string().contains("`lstm-lab data fetch shakespeare`"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}
