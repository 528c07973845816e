//! A text as it is read, before there is any vocabulary: whoever splits it can build one of a part.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::dataset::{Content, Kind, dataset_of};
use super::{Dataset, checksum, decode, verify};
use crate::support::error::{Error, Result};

/// A text and where it comes from.
#[derive(Debug, Clone)]
pub struct RawText {
    /// The dataset's name, or the file's.
    pub name: String,
    /// The file, or the dataset's directory.
    pub path: PathBuf,
    /// SHA-256 of `text` in UTF-8: after what [`RawText::from_file`] does to line ends. For a file with
    /// neither CR LF nor a byte order mark it is the file's.
    pub sha256: String,
    /// The text itself; it may be empty.
    pub text: String,
}

impl RawText {
    /// Any UTF-8 file. A byte order mark is left out, and CR LF is read as LF.
    ///
    /// # Errors
    /// [`Error::Data`] where there is no such file, it is a directory, or is not UTF-8.
    pub fn from_file(path: &Path) -> Result<RawText> {
        let bytes = fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::data(path, "expected a text file, found nothing of that name"),
            ErrorKind::IsADirectory => Error::data(path, "expected a text file, found a directory"),
            _ => Error::io("read", path)(error),
        })?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(RawText::new(name, path.to_path_buf(), decode::decode(bytes, path)?))
    }

    /// A dataset of text that has been fetched into `root`, as [`text`] has it.
    ///
    /// # Errors
    /// As [`text`].
    pub fn from_dataset(name: &str, root: &Path) -> Result<RawText> {
        Ok(RawText::new(name.to_string(), root.join(name), text(name, root)?))
    }

    fn new(name: String, path: PathBuf, text: String) -> RawText {
        RawText { name, path, sha256: checksum::of_bytes(text.as_bytes()), text }
    }
}

/// The text of a dataset: its files one after the other, in the dataset's order, each as
/// [`RawText::from_file`] reads it. A line break is added to a file that does not end in one, so that no line
/// is of two works.
///
/// # Errors
/// [`Error::Usage`] where there is no dataset of text of that name; [`Error::Data`] where it is not here (the
/// message says which command fetches it) or is damaged, or a file is not UTF-8; [`Error::Io`] where its files
/// may not be read.
pub fn text(name: &str, root: &Path) -> Result<String> {
    text_of(dataset_of(Kind::Text, name)?, root)
}

fn text_of(dataset: &Dataset, root: &Path) -> Result<String> {
    let mut names = verify::complete(dataset, root)?;
    if let Content::Text { follows } = dataset.content {
        names.sort_by(|a, b| place(a, follows).cmp(&place(b, follows)));
    }
    let mut text = String::new();
    for name in names {
        let path = root.join(dataset.name).join(name);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        text.push_str(&decode::decode(bytes, &path)?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

/// What a file is sorted by: the name that gives its place, and whether it comes right after that file.
fn place<'a>(name: &'a str, follows: &'a [(&'a str, &'a str)]) -> (&'a str, bool) {
    match follows.iter().find(|(follower, _)| *follower == name) {
        Some((_, other)) => (other, true),
        None => (name, false),
    }
}

#[cfg(test)]
mod tests {
    use super::super::DATASETS;
    use super::super::verify::tests::{LETTERS, fetched};
    use super::*;

    #[test]
    fn a_file_keeps_its_text_but_for_line_ends_and_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        fs::write(&path, "\u{feff}zwölf\r\nBoxer").unwrap();
        let raw = RawText::from_file(&path).unwrap();
        assert_eq!((raw.name.as_str(), raw.text.as_str()), ("a.txt", "zwölf\nBoxer"));
        assert_eq!(raw.sha256, checksum::of_bytes("zwölf\nBoxer".as_bytes()));
        assert_eq!(raw.path, path);
    }

    #[test]
    fn the_text_is_all_files_with_even_line_ends() {
        let root = fetched(&[
            ("a.txt", b"one\r\ntwo"),
            ("b.txt", b"\xef\xbb\xbfthree\n"),
            ("c.txt", "vier ä".as_bytes()),
        ]);
        assert_eq!(text_of(&LETTERS, root.path()).unwrap(), "one\ntwo\nthree\nvier ä\n");
    }

    #[test]
    fn a_file_that_follows_another_comes_right_after_it() {
        let root =
            fetched(&[("1_b.txt", b"1"), ("2_a.txt", b"late"), ("2_z.txt", b"early"), ("3_a.txt", b"3")]);
        let dataset = Dataset { content: Content::Text { follows: &[("2_a.txt", "2_z.txt")] }, ..LETTERS };
        assert_eq!(text_of(&dataset, root.path()).unwrap(), "1\nearly\nlate\n3\n");
    }

    #[test]
    fn of_two_addresses_in_a_year_the_president_who_left_spoke_first() {
        let sotu = DATASETS.iter().find(|dataset| dataset.name == "sotu").unwrap();
        let Content::Text { follows } = sotu.content else { panic!("{:?}", sotu.content) };
        let mut names = [
            "1954_dwight_d_eisenhower_r.txt",
            "1953_dwight_d_eisenhower_r.txt",
            "1953_harry_s_truman_d.txt",
            "1952_harry_s_truman_d.txt",
        ];
        names.sort_by(|a, b| place(a, follows).cmp(&place(b, follows)));
        let short = names.map(|name| &name[..6]);
        assert_eq!(short, ["1952_h", "1953_h", "1953_d", "1954_d"]);
    }

    #[test]
    fn a_text_that_is_absent_damaged_or_not_utf8_is_an_error() {
        let empty = tempfile::tempdir().unwrap();
        let error = text_of(&LETTERS, empty.path()).unwrap_err().to_string();
        assert!(error.contains("`lstm-lab data fetch letters`"), "{error}");
        let root = fetched(&[("a.txt", b"abc"), ("b.txt", b"d\xe9")]);
        let error = text_of(&LETTERS, root.path()).unwrap_err().to_string();
        assert!(error.contains("b.txt: expected UTF-8, found byte 0xe9 at offset 1"), "{error}");
        fs::remove_file(root.path().join("letters/b.txt")).unwrap();
        let error = text_of(&LETTERS, root.path()).unwrap_err().to_string();
        assert!(error.contains("b.txt is missing; `lstm-lab data fetch --force letters`"), "{error}");
    }
}
