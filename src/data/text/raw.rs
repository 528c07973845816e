//! A text before tokenization. A vocabulary may be built of a part of it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::utf8;
use crate::data::catalogue::dataset_of;
use crate::data::dataset::{Dataset, DatasetKind};
use crate::data::verify::require_complete;
use crate::support::checksum;
use crate::support::error::{Error, Result};

/// A text and its source.
#[derive(Debug, Clone)]
pub struct RawText {
    /// The name of the dataset or of the file.
    pub name: String,
    /// The file, or the directory of the dataset.
    pub path: PathBuf,
    /// SHA-256 of the bytes, or of `text` in UTF-8. The latter is that of the file, if the file has no CR LF
    /// and no byte order mark.
    pub sha256: String,
    /// The text, which may be empty.
    pub text: String,
}

impl RawText {
    /// The text of a UTF-8 file, without a byte order mark and with CR LF replaced by LF.
    ///
    /// # Errors
    /// [`Error::Data`] for a path that is no file, and for a file that cannot be read or is not UTF-8.
    pub fn from_file(path: &Path) -> Result<RawText> {
        let bytes = read(path)?;
        Ok(RawText::new(name_of(path), path.to_path_buf(), utf8::decode(bytes, path)?))
    }

    /// The bytes of any file. Each byte is the character with its number as the code.
    ///
    /// # Errors
    /// [`Error::Data`] for a path that is no file, and for a file that cannot be read.
    pub fn bytes_of_file(path: &Path) -> Result<RawText> {
        let bytes = read(path)?;
        let sha256 = checksum::of_bytes(&bytes);
        Ok(RawText { name: name_of(path), path: path.to_path_buf(), sha256, text: text_of_bytes(&bytes) })
    }

    /// The bytes of this text in UTF-8. Each byte is the character with its number as the code.
    pub fn into_bytes(self) -> RawText {
        RawText { text: text_of_bytes(self.text.as_bytes()), ..self }
    }

    /// The text of a dataset that has been fetched into `root`: the concatenation of its files, each
    /// read as by [`RawText::from_file`]. A file without a final line break gets one, so that no line
    /// spans two files.
    ///
    /// # Errors
    /// [`Error::Usage`] for a name that no dataset of text has. [`Error::Data`] for a dataset that is absent
    /// or damaged, and for a file that is not UTF-8. [`Error::Io`] for files that cannot be read.
    pub fn from_dataset(name: &str, root: &Path) -> Result<RawText> {
        let text = text_of(dataset_of(DatasetKind::Text, name)?, root)?;
        Ok(RawText::new(name.to_string(), root.join(name), text))
    }

    fn new(name: String, path: PathBuf, text: String) -> RawText {
        RawText { name, path, sha256: checksum::of_bytes(text.as_bytes()), text }
    }
}

/// Returns the characters whose codes are these bytes.
pub fn text_of_bytes(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Returns the bytes that are the codes of these characters. A character with a larger code has no byte.
pub fn bytes_of_text(text: &str) -> Vec<u8> {
    text.chars().filter_map(|character| u8::try_from(character).ok()).collect()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::data(path, "expected a text file, found nothing of that name"),
        ErrorKind::IsADirectory => Error::data(path, "expected a text file, found a directory"),
        _ => Error::data(path, format!("expected a text file to read, found: {error}")),
    })
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn text_of(dataset: &Dataset, root: &Path) -> Result<String> {
    require_complete(dataset, root)?;
    let mut text = String::new();
    for file in &dataset.files {
        let path = root.join(&dataset.name).join(&file.name);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        text.push_str(&utf8::decode(bytes, &path)?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Format;
    use crate::data::verify::tests::fetched;

    #[test]
    fn from_file_keeps_the_text_except_line_ends_and_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        fs::write(&path, "\u{feff}zwölf\r\nBoxer").unwrap();
        let raw = RawText::from_file(&path).unwrap();
        assert_eq!((raw.name.as_str(), raw.text.as_str()), ("a.txt", "zwölf\nBoxer"));
        assert_eq!(raw.sha256, checksum::of_bytes("zwölf\nBoxer".as_bytes()));
        assert_eq!(raw.path, path);
    }

    #[test]
    fn bytes_of_file_are_those_of_any_file_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.bin");
        let bytes: Vec<u8> = (0..=255).chain(*b"\r\n\xef\xbb\xbf").collect();
        fs::write(&path, &bytes).unwrap();
        let raw = RawText::bytes_of_file(&path).unwrap();
        assert_eq!((bytes_of_text(&raw.text), raw.text.chars().count()), (bytes.clone(), bytes.len()));
        assert_eq!(raw.sha256, checksum::of_bytes(&bytes));
        let text = RawText::new("a".into(), path, "z\u{f6}".into()).into_bytes();
        assert_eq!(bytes_of_text(&text.text), [b'z', 0xc3, 0xb6]);
    }

    #[test]
    fn from_file_refuses_bytes_that_are_not_utf8_and_paths_of_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        for (expected, bytes) in [
            ("a.txt: expected a text file, found nothing of that name", None),
            ("a.txt: expected UTF-8, found byte 0xff at offset 9, line 2", Some(b"fine\nnot \xff fine")),
        ] {
            if let Some(bytes) = bytes {
                fs::write(&path, bytes).unwrap();
            }
            let error = RawText::from_file(&path).unwrap_err();
            assert!(error.to_string().ends_with(expected), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
        let error = RawText::from_file(dir.path()).unwrap_err();
        assert!(error.to_string().ends_with("found a directory"), "{error}");
    }

    #[test]
    fn text_of_a_dataset_is_its_files_in_order_with_final_line_breaks() {
        let files: &[(&str, &[u8])] =
            &[("b.txt", b"one\r\ntwo"), ("a.txt", b"\xef\xbb\xbfthree\n"), ("c.txt", "vier ä".as_bytes())];
        let (dataset, root) = fetched(Format::Text, files);
        assert_eq!(text_of(&dataset, root.path()).unwrap(), "one\ntwo\nthree\nvier ä\n");
    }

    #[test]
    fn text_of_a_dataset_that_is_absent_damaged_or_not_utf8_is_an_error() {
        let (dataset, root) = fetched(Format::Text, &[("a.txt", b"abc"), ("b.txt", b"d\xe9")]);
        let error = text_of(&dataset, &root.path().join("elsewhere")).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("`lstm-lab data fetch letters`"), "{error}");
        let error = text_of(&dataset, root.path()).unwrap_err().to_string();
        assert!(error.contains("b.txt: expected UTF-8, found byte 0xe9 at offset 1"), "{error}");
        fs::remove_file(root.path().join("letters/b.txt")).unwrap();
        let error = text_of(&dataset, root.path()).unwrap_err().to_string();
        assert!(error.contains("b.txt is missing; `lstm-lab data fetch --force letters`"), "{error}");
    }
}
