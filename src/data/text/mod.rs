//! Texts and their vocabularies: from bytes to numbers.

mod characters;
mod corpus;
mod encoded;
mod raw;
mod tokenizer;
mod utf8;
mod vocabulary;
mod word_split;
mod words;

pub use characters::Characters;
pub use corpus::{Corpus, Cut};
pub use encoded::EncodedText;
pub use raw::{RawText, bytes_of_text, text_of_bytes};
pub use tokenizer::{vocabulary_of_symbols, vocabulary_of_text};
pub use vocabulary::{UNKNOWN, Vocabulary};
pub use word_split::{END_OF_LINE, split_words};
pub use words::Words;
