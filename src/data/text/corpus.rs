//! A text in three splits, with a vocabulary of the training split.

use std::path::PathBuf;

use super::raw::RawText;
use super::tokenizer::vocabulary_of_text;
use crate::data::split::Split;
use crate::settings::names::Tokenizer;
use crate::support::error::{Error, Result};

/// The tokenizer and the splits of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// The symbols: characters, words or bytes.
    pub tokenizer: Tokenizer,
    /// Shares of the splits, in the order of the text.
    pub split: [f64; 3],
    /// Number of characters that are used, from the beginning of the text. `None` means all.
    pub max_chars: Option<usize>,
    /// The number of occurrences in the training split below which a word is unknown.
    pub min_count: usize,
}

/// A text in splits.
#[derive(Debug)]
pub struct Corpus {
    /// The name of the text.
    pub name: String,
    /// SHA-256 of the whole text.
    pub sha256: String,
    /// The tokenizer of the text.
    pub tokenizer: Tokenizer,
    /// The symbols of the vocabulary of the training split.
    pub symbols: Vec<String>,
    path: PathBuf,
    splits: [Vec<u32>; 3],
}

impl Corpus {
    /// Splits a text in its order and encodes the splits.
    pub fn new(text: &RawText, settings: Cut) -> Corpus {
        let parts = cut(&text.text, settings);
        let vocabulary = vocabulary_of_text(settings.tokenizer, parts[0], settings.min_count);
        Corpus {
            name: text.name.clone(),
            sha256: text.sha256.clone(),
            tokenizer: settings.tokenizer,
            symbols: vocabulary.symbols().to_vec(),
            path: text.path.clone(),
            splits: parts.map(|part| vocabulary.encode(part)),
        }
    }

    /// The name of the text, with `by words` or `by bytes` for another tokenizer than that of characters.
    pub fn title(&self) -> String {
        match self.tokenizer {
            Tokenizer::Character => self.name.clone(),
            Tokenizer::Word | Tokenizer::Byte => format!("{} by {}s", self.name, self.tokenizer),
        }
    }

    /// The numbers of the symbols of a split.
    pub fn split(&self, split: Split) -> &[u32] {
        &self.splits[split as usize]
    }

    /// Checks that every split has at least `count` symbols.
    ///
    /// # Errors
    /// [`Error::Data`] for the first split with fewer.
    pub fn require(&self, count: usize) -> Result<()> {
        for split in Split::ALL {
            let found = self.split(split).len();
            if found < count {
                let problem = format!(
                    "expected at least {count} {}s in the split `{split}` \
                     (a batch of sequences and one more), found {found}; a longer text, a larger share \
                     in task.split, or a smaller batch would do",
                    self.tokenizer
                );
                return Err(Error::data(&self.path, problem));
            }
        }
        Ok(())
    }
}

/// The three splits of the used part of a text, by shares of its characters.
fn cut<'a>(text: &'a str, settings: Cut) -> [&'a str; 3] {
    let at = |text: &'a str, characters: usize| {
        let end = text.char_indices().nth(characters).map_or(text.len(), |(place, _)| place);
        text.split_at(end)
    };
    let (used, _) = at(text, settings.max_chars.unwrap_or(usize::MAX));
    let count = used.chars().count() as f64;
    let [train, valid, _] = settings.split.map(|share| (share * count).round() as usize);
    let (train, rest) = at(used, train);
    let (valid, test) = at(rest, valid);
    [train, valid, test]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::text::vocabulary::UNKNOWN;

    #[test]
    fn vocabulary_is_of_the_training_split_only() {
        let text = RawText {
            name: "x".into(),
            path: "x".into(),
            sha256: String::new(),
            text: "abababab\u{e9}a?!and what is beyond the limit".into(),
        };
        let settings = Cut {
            tokenizer: Tokenizer::Character,
            split: [0.75, 0.125, 0.125],
            max_chars: Some(16),
            min_count: 1,
        };
        let corpus = Corpus::new(&text, settings);
        assert_eq!(corpus.symbols, ["!", "?", "a", "b", "\u{e9}", UNKNOWN]);
        assert_eq!(corpus.split(Split::Train).len(), 12);
        // "an" and "d ": n, d and the blank are unknown.
        assert_eq!(corpus.split(Split::Valid), [2, 5]);
        assert_eq!(corpus.split(Split::Test), [5, 5]);
        let error = corpus.require(3).unwrap_err().to_string();
        assert!(
            error.contains("at least 3 characters in the split `valid`") && error.contains("found 2"),
            "{error}"
        );
    }
}
