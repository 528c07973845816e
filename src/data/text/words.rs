//! The vocabulary of words.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use super::vocabulary::{UNKNOWN, Vocabulary};
use super::word_split::{END_OF_LINE, split_words};

/// The frequent words of a training text.
///
/// As is usual for language models of words since Mikolov et al. 2010 (Penn Treebank), text is in lower
/// case, the end of a line is the word `<eos>`, and all rare words are the word `<unk>`. Unlike there,
/// punctuation and numbers are kept. Case and spacing are lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    symbols: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Words {
    /// The words that occur at least `min_count` times in a training text. `<unk>` and `<eos>` are
    /// always the first two. The others are sorted by frequency, the most frequent first, and then by
    /// their characters.
    ///
    /// Only training text may be given: a vocabulary of the test text would tell which words occur there.
    pub fn of_text(training: &str, min_count: usize) -> Words {
        let mut counts: HashMap<Cow<str>, usize> = HashMap::new();
        for token in split_words(training) {
            *counts.entry(token).or_default() += 1;
        }
        let special = [UNKNOWN, END_OF_LINE];
        let mut frequent: Vec<(Reverse<usize>, Cow<str>)> = counts
            .into_iter()
            .filter(|(word, count)| *count >= min_count && !special.contains(&&**word))
            .map(|(word, count)| (Reverse(count), word))
            .collect();
        frequent.sort_unstable();
        let frequent = frequent.into_iter().map(|(_, word)| word.into_owned());
        Words::of_symbols(special.map(String::from).into_iter().chain(frequent).collect())
    }

    /// The vocabulary with these symbols: `<unk>`, `<eos>` and words in lower case.
    pub fn of_symbols(symbols: Vec<String>) -> Words {
        let numbers = symbols.iter().zip(0..).map(|(word, number)| (word.clone(), number)).collect();
        Words { symbols, numbers }
    }

    /// The number of a word in lower case, if the vocabulary has it.
    pub fn number_of(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }
}

impl Vocabulary for Words {
    fn symbols(&self) -> &[String] {
        &self.symbols
    }

    fn unknown(&self) -> u32 {
        0
    }

    fn tokens<'a>(&self, text: &'a str) -> Box<dyn Iterator<Item = Cow<'a, str>> + 'a> {
        Box::new(split_words(text))
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        split_words(text).map(|token| self.number_of(&token).unwrap_or(self.unknown())).collect()
    }

    fn decode_onto(&self, text: &mut String, number: u32) {
        let symbol = &self.symbols[number as usize];
        if symbol == END_OF_LINE {
            return text.push('\n');
        }
        let begins_a_line = text.is_empty() || text.ends_with('\n');
        if !begins_a_line && !symbol.chars().all(|c| ",.;:!?)".contains(c)) {
            text.push(' ');
        }
        text.push_str(symbol);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "The cat and the dog.\nA cat, a mouse.\n";

    #[test]
    fn words_are_sorted_by_frequency_then_characters() {
        let vocabulary = Words::of_text(TEXT, 1);
        let expected = ["<unk>", "<eos>", ".", "a", "cat", "the", ",", "and", "dog", "mouse"];
        assert_eq!(vocabulary.symbols(), expected);
        assert_eq!(vocabulary, Words::of_text(TEXT, 0));
        for (number, word) in (0..).zip(expected) {
            assert_eq!(vocabulary.number_of(word), Some(number));
        }
        assert_eq!(vocabulary.number_of("horse"), None);
    }

    #[test]
    fn encode_gives_rare_words_of_the_training_text_the_unknown_number() {
        let vocabulary = Words::of_text(TEXT, 2);
        assert_eq!(vocabulary.symbols(), ["<unk>", "<eos>", ".", "a", "cat", "the"]);
        assert_eq!(vocabulary.encode("The dog.\nA CAT"), [5, 0, 2, 1, 3, 4]);
        assert_eq!(vocabulary.encode(TEXT).len(), 14);
        assert_eq!(Words::of_text(TEXT, 3).len(), 2);
    }

    #[test]
    fn decode_puts_spaces_between_words_and_none_before_marks() {
        let vocabulary = Words::of_text(TEXT, 1);
        let back = vocabulary.decode(&vocabulary.encode(TEXT));
        assert_eq!(back, "the cat and the dog.\na cat, a mouse.\n");
        let mut text = "The end".to_string();
        vocabulary.decode_onto(&mut text, 9);
        assert_eq!(text, "The end mouse");
    }

    #[test]
    fn unknown_and_end_of_line_are_always_the_first_two_symbols() {
        assert_eq!(Words::of_text("", 1).symbols(), ["<unk>", "<eos>"]);
        let vocabulary = Words::of_text("<unk> <unk> <unk> b b a\n", 1);
        assert_eq!(vocabulary.symbols(), ["<unk>", "<eos>", "b", "a"]);
        assert_eq!(vocabulary.encode("<unk>\nx"), [0, 1, 0]);
        assert_eq!(vocabulary.unknown(), 0);
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn decode_of_a_number_beyond_the_vocabulary_panics() {
        Words::of_text(TEXT, 1).decode(&[10]);
    }
}
