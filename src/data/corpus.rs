//! A text in three splits, each symbol a number: one a character or a word, by a vocabulary of the first split alone.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::tokens::UNKNOWN;
use super::{RawText, Vocabulary, WordVocabulary};
use crate::support::error::{Error, Result};

/// Part of a task's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// What parameters are learned from.
    Train,
    /// What decides which parameters are the best.
    Valid,
    /// What the best parameters are judged by, once.
    Test,
}

impl Split {
    /// Every split, in the text's order.
    pub const ALL: [Split; 3] = [Split::Train, Split::Valid, Split::Test];
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Split::Train => "train",
            Split::Valid => "valid",
            Split::Test => "test",
        })
    }
}

/// How a text is cut up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// By words instead of characters.
    pub by_words: bool,
    /// Shares of the splits, in the text's order.
    pub split: [f64; 3],
    /// Characters from the text's beginning that are used; `None`: all.
    pub limit: Option<usize>,
    /// A word that is rarer in the training split is unknown.
    pub min_count: usize,
}

/// A text in splits.
#[derive(Debug)]
pub struct Corpus {
    /// The text's name.
    pub name: String,
    /// SHA-256 of the whole text.
    pub sha256: String,
    /// Whether a symbol is a word.
    pub by_words: bool,
    /// The symbols of the training split, and [`UNKNOWN`].
    pub symbols: Vec<String>,
    path: PathBuf,
    splits: [Vec<u32>; 3],
}

impl Corpus {
    /// Cuts a text up, in its order.
    pub fn new(text: &RawText, settings: Cut) -> Corpus {
        let parts = cut(&text.text, settings);
        let (symbols, splits) =
            if settings.by_words { by_words(parts, settings.min_count) } else { by_characters(parts) };
        Corpus {
            name: text.name.clone(),
            sha256: text.sha256.clone(),
            by_words: settings.by_words,
            symbols,
            path: text.path.clone(),
            splits,
        }
    }

    /// Name and level, for a reader.
    pub fn title(&self) -> String {
        if self.by_words { format!("{} by words", self.name) } else { self.name.clone() }
    }

    /// The symbols of a split.
    pub fn split(&self, split: Split) -> &[u32] {
        &self.splits[split as usize]
    }

    /// Whether every split has at least `count` symbols.
    ///
    /// # Errors
    /// [`Error::Data`] that names the split that has fewer.
    pub fn require(&self, count: usize) -> Result<()> {
        for split in Split::ALL {
            let found = self.split(split).len();
            if found < count {
                let problem = format!(
                    "expected at least {count} {}s in the split `{split}` (a batch of sequences and one more), \
                     found {found}; a longer text, a larger share in task.split, or a smaller batch would do",
                    if self.by_words { "word" } else { "character" }
                );
                return Err(Error::data(&self.path, problem));
            }
        }
        Ok(())
    }
}

/// The three parts of what is used of a text, by shares of its characters.
fn cut<'a>(text: &'a str, settings: Cut) -> [&'a str; 3] {
    let at = |text: &'a str, characters: usize| {
        let end = text.char_indices().nth(characters).map_or(text.len(), |(place, _)| place);
        text.split_at(end)
    };
    let (used, _) = at(text, settings.limit.unwrap_or(usize::MAX));
    let count = used.chars().count() as f64;
    let [train, valid, _] = settings.split.map(|share| (share * count).round() as usize);
    let (train, rest) = at(used, train);
    let (valid, test) = at(rest, valid);
    [train, valid, test]
}

fn by_characters(parts: [&str; 3]) -> (Vec<String>, [Vec<u32>; 3]) {
    let vocabulary = Vocabulary::of(parts[0]);
    let known = (0..vocabulary.unknown()).filter_map(|index| vocabulary.char_at(index));
    let symbols = known.map(String::from).chain([UNKNOWN.to_string()]).collect();
    (symbols, parts.map(|part| vocabulary.encode_known(part)))
}

fn by_words(parts: [&str; 3], min_count: usize) -> (Vec<String>, [Vec<u32>; 3]) {
    let vocabulary = WordVocabulary::of(parts[0], min_count);
    let symbols = (0..vocabulary.len() as u32).map(|number| vocabulary.word(number).to_string()).collect();
    (symbols, parts.map(|part| vocabulary.encode(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_knows_the_training_split_alone() {
        let text = RawText {
            name: "x".into(),
            path: "x".into(),
            sha256: String::new(),
            text: "abababab\u{e9}a?!and what is beyond the limit".into(),
        };
        let settings = Cut { by_words: false, split: [0.75, 0.125, 0.125], limit: Some(16), min_count: 1 };
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
