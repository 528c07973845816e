//! A text as a sequence of numbers: one a character, by a vocabulary.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{checksum, dataset, decode, verify};
use crate::error::{Error, Result};

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
    /// SHA-256 of the text in UTF-8, as it is used: after what [`Text::from_file`] does to line ends. For a
    /// file with neither CR LF nor a byte order mark it is the file's.
    pub sha256: String,
}

impl Text {
    /// Any UTF-8 file. A byte order mark is left out, and CR LF is read as LF.
    ///
    /// # Errors
    /// [`Error::Data`] where there is no such file, it is a directory, is not UTF-8, or has fewer than two
    /// characters.
    pub fn from_file(path: &Path) -> Result<Text> {
        let bytes = fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::data(path, "expected a text file, found nothing of that name"),
            ErrorKind::IsADirectory => Error::data(path, "expected a text file, found a directory"),
            _ => Error::io("read", path)(error),
        })?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Text::new(name, path.to_path_buf(), &decode::decode(bytes, path)?)
    }

    /// A dataset that has been fetched into `root`: all its files, by name, one after the other.
    ///
    /// # Errors
    /// [`Error::Usage`] where there is no dataset of that name, [`Error::Data`] where it is not here or is
    /// damaged; the message says which command fetches it.
    pub fn from_dataset(name: &str, root: &Path) -> Result<Text> {
        let dataset = dataset(name)?;
        Text::new(name.to_string(), root.join(dataset.name), &verify::text(name, root)?)
    }

    fn new(name: String, path: PathBuf, text: &str) -> Result<Text> {
        let vocabulary = Vocabulary::of(text);
        let characters = vocabulary.encode(text)?;
        if characters.len() < 2 {
            let problem = format!("expected at least 2 characters of text, found {}", characters.len());
            return Err(Error::data(&path, problem));
        }
        Ok(Text { name, path, characters, vocabulary, sha256: checksum::of_bytes(text.as_bytes()) })
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
        assert_eq!(text.vocabulary, Vocabulary(vec!['\n', 'a', 'b', 'ä']));
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

    #[test]
    fn an_absent_dataset_names_the_command_that_fetches_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = Text::from_dataset("shakespeare", dir.path()).unwrap_err();
        assert!(error.to_string().contains("`lstm-lab data fetch shakespeare`"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}
