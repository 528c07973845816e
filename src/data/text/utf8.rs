//! The decoding of the bytes of a text file.

use std::path::Path;

use crate::support::error::{Error, Result};

/// The text of a file in UTF-8.
///
/// A byte order mark at the beginning is dropped, and CR LF becomes LF, so that a text is the same on every
/// system. Nothing else changes: a CR without an LF stays.
///
/// # Errors
/// [`Error::Data`] about `path` with the place of the first byte that is not UTF-8.
pub fn decode(bytes: Vec<u8>, path: &Path) -> Result<String> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let (bytes, offset) = (error.as_bytes(), error.utf8_error().valid_up_to());
        Error::data(path, not_utf8(bytes, offset))
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    if text.contains("\r\n") {
        text = text.replace("\r\n", "\n");
    }
    Ok(text)
}

fn not_utf8(bytes: &[u8], offset: usize) -> String {
    let line = bytes[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
    let hint = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => " (it begins as UTF-16 does)",
        _ => "",
    };
    format!("expected UTF-8, found byte 0x{:02x} at offset {offset}, line {line}{hint}", bytes[offset])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<String> {
        decode(bytes.to_vec(), Path::new("t.txt"))
    }

    #[test]
    fn decode_normalizes_line_ends_and_byte_order_mark() {
        assert_eq!(decoded(b"a\r\nb\r\n").unwrap(), "a\nb\n");
        assert_eq!(decoded(b"\xef\xbb\xbfa\n").unwrap(), "a\n");
        assert_eq!(decoded(b"\xef\xbb\xbf").unwrap(), "");
    }

    #[test]
    fn decode_changes_nothing_else() {
        for text in ["", "a\rb", "a\n\rb", "a \t\u{feff}b\u{a0}", "häß\u{1f600}\n\n"] {
            assert_eq!(decoded(text.as_bytes()).unwrap(), text);
        }
    }

    #[test]
    fn decode_names_the_first_bad_byte() {
        let error = decoded(b"fine\nnot \xe9 fine\xff").unwrap_err();
        assert_eq!(error.to_string(), "t.txt: expected UTF-8, found byte 0xe9 at offset 9, line 2");
        // The file ends inside a character.
        let error = decoded(b"ab\n\xe2\x82").unwrap_err().to_string();
        assert!(error.ends_with("found byte 0xe2 at offset 3, line 2"), "{error}");
        let error = decoded(b"\xff\xfeh\0i\0").unwrap_err().to_string();
        assert!(error.contains("offset 0, line 1 (it begins as UTF-16 does)"), "{error}");
    }
}
