//! Texts for language models.

use std::fs;

use super::Target;
use crate::data::{EncodedText, RawText, split_words};

/// The reader of texts.
pub fn text() -> Target {
    let texts = ["\u{feff}To be, or not\r\nto be\r\n", "\u{e9}t\u{e9} \u{1f600} <unk>\n\n"];
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    Target::new(texts.map(|text| text.as_bytes().to_vec()).into(), move |bytes| {
        let path = dir.path().join("t.txt");
        fs::write(&path, bytes).expect("a file for the text");
        let Ok(raw) = RawText::from_file(&path) else { return };
        split_words(&raw.text).for_each(drop);
        let _ = EncodedText::new(raw);
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fuzz_text_is_encoded_or_refused() {
        crate::fuzz::changes::fuzz("text", super::text());
    }
}
