//! A text in three splits, each symbol a number: one a character or a word, by a vocabulary of the first split alone.

use std::path::PathBuf;

use super::{Text, Vocabulary};
use crate::config::task::CorpusSettings;
use crate::config::training::names::{Level, Split};
use crate::error::{Error, Result};

/// A text in splits.
#[derive(Debug)]
pub struct Corpus {
    /// The text's name.
    pub name: String,
    /// SHA-256 of the whole text.
    pub sha256: String,
    /// What one symbol is.
    pub level: Level,
    /// The symbols that occur in the training split, after the one for all others.
    pub symbols: Vec<String>,
    path: PathBuf,
    splits: [Vec<u32>; 3],
}

/// What stands for every symbol that the training split lacks; its number is 0.
pub const UNKNOWN: &str = "<unk>";

impl Corpus {
    /// Cuts a text up, in its order.
    pub fn new(text: &Text, settings: &CorpusSettings) -> Corpus {
        let limit = settings.limit.unwrap_or(usize::MAX);
        let used = &text.characters[..text.characters.len().min(limit)];
        let [train, valid, _] = settings.split.map(|share| (share * used.len() as f64) as usize);
        let (train, rest) = used.split_at(train.min(used.len()));
        let (valid, test) = rest.split_at(valid.min(rest.len()));
        let plain = |part: &[u32]| part.iter().filter_map(|index| text.vocabulary.char_at(*index)).collect::<String>();
        let parts = [train, valid, test].map(plain);
        let (symbols, splits) = by_characters(&parts);
        Corpus {
            name: text.name.clone(),
            sha256: text.sha256.clone(),
            level: settings.level,
            symbols,
            path: text.path.clone(),
            splits,
        }
    }

    /// Name and level, for a reader.
    pub fn title(&self) -> String {
        match self.level {
            Level::Character => self.name.clone(),
            Level::Word => format!("{} by words", self.name),
        }
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
            let found = self.split(*split).len();
            if found < count {
                let problem = format!(
                    "expected at least {count} {}s in the split `{split}` (a batch of sequences and one more), \
                     found {found}; a longer text, a larger share in task.split, or a smaller batch would do",
                    self.level
                );
                return Err(Error::data(&self.path, problem));
            }
        }
        Ok(())
    }
}

fn by_characters(parts: &[String; 3]) -> (Vec<String>, [Vec<u32>; 3]) {
    let vocabulary = Vocabulary::of(&parts[0]);
    let known = (0..vocabulary.len() as u32).filter_map(|index| vocabulary.char_at(index));
    let symbols = std::iter::once(UNKNOWN.to_string()).chain(known.map(String::from)).collect();
    let number = |character| vocabulary.index_of(character).map_or(0, |index| index + 1);
    let splits = [0, 1, 2].map(|n: usize| parts[n].chars().map(number).collect());
    (symbols, splits)
}
