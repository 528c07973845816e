//! Words and their numbers.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use super::tokens::{self, tokens};

/// The words of a training text that are frequent enough, and a number for each.
///
/// As is usual for language models of words (since Mikolov et al. 2010 on the Penn Treebank) text is in lower
/// case, the end of a line is a word of its own, `<eos>`, and all rare words are one, `<unk>`. Unlike there,
/// punctuation and numbers are kept; what is lost is case and spacing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordVocabulary {
    /// By number.
    words: Vec<String>,
    /// By word.
    numbers: HashMap<String, u32>,
}

impl WordVocabulary {
    /// The number of `<unk>`, which stands for every word that the vocabulary lacks.
    pub const UNKNOWN: u32 = 0;
    /// The number of `<eos>`, the end of a line.
    pub const END_OF_LINE: u32 = 1;

    /// Of the words that occur at least `min_count` times in a training text. `<unk>` and `<eos>` come first,
    /// whether they occur or not; then the others, the most frequent first, equally frequent ones by their
    /// letters (Unicode scalar values).
    ///
    /// From the training text alone: a vocabulary that has seen the test text knows which words come.
    pub fn of(training: &str, min_count: usize) -> WordVocabulary {
        let mut counts: HashMap<Cow<str>, usize> = HashMap::new();
        for token in tokens(training) {
            *counts.entry(token).or_default() += 1;
        }
        let special = [tokens::UNKNOWN, tokens::END_OF_LINE];
        let mut frequent: Vec<(Reverse<usize>, Cow<str>)> = counts
            .into_iter()
            .filter(|(word, count)| *count >= min_count && !special.contains(&&**word))
            .map(|(word, count)| (Reverse(count), word))
            .collect();
        frequent.sort_unstable();
        let frequent = frequent.into_iter().map(|(_, word)| word.into_owned());
        let words: Vec<String> = special.map(String::from).into_iter().chain(frequent).collect();
        let numbers = words.iter().zip(0..).map(|(word, number)| (word.clone(), number)).collect();
        WordVocabulary { words, numbers }
    }

    /// How many words there are, with `<unk>` and `<eos>`.
    #[allow(clippy::len_without_is_empty)] // It never is.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// The number of each token of any text; [`WordVocabulary::UNKNOWN`] for those that the vocabulary lacks.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        tokens(text).map(|token| self.number_of(&token).unwrap_or(Self::UNKNOWN)).collect()
    }

    /// The number of a word in lower case, if the vocabulary has it.
    pub fn number_of(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    /// The word of a number.
    ///
    /// # Panics
    /// Where the number is not below [`WordVocabulary::len`].
    pub fn word(&self, number: u32) -> &str {
        &self.words[number as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "The cat and the dog.\nA cat, a mouse.\n";

    fn words(vocabulary: &WordVocabulary) -> Vec<&str> {
        (0..vocabulary.len() as u32).map(|number| vocabulary.word(number)).collect()
    }

    #[test]
    fn words_are_ordered_by_frequency_then_letters() {
        let vocabulary = WordVocabulary::of(TEXT, 1);
        let expected = ["<unk>", "<eos>", ".", "a", "cat", "the", ",", "and", "dog", "mouse"];
        assert_eq!(words(&vocabulary), expected);
        assert_eq!(vocabulary, WordVocabulary::of(TEXT, 0));
        for (number, word) in (0..).zip(expected) {
            assert_eq!(vocabulary.number_of(word), Some(number));
        }
        assert_eq!(vocabulary.number_of("horse"), None);
    }

    #[test]
    fn rare_words_are_unknown_even_where_they_were_learnt_from() {
        let vocabulary = WordVocabulary::of(TEXT, 2);
        assert_eq!(words(&vocabulary), ["<unk>", "<eos>", ".", "a", "cat", "the"]);
        assert_eq!(vocabulary.encode("The dog.\nA CAT"), [5, 0, 2, 1, 3, 4]);
        assert_eq!(vocabulary.encode(TEXT).len(), 14);
        assert_eq!(WordVocabulary::of(TEXT, 3).len(), 2);
    }

    #[test]
    fn every_known_text_comes_back() {
        let vocabulary = WordVocabulary::of(TEXT, 1);
        let back: Vec<&str> = vocabulary.encode(TEXT).iter().map(|number| vocabulary.word(*number)).collect();
        assert_eq!(back.join(" "), "the cat and the dog . <eos> a cat , a mouse . <eos>");
    }

    #[test]
    fn the_two_special_words_are_there_once_and_always() {
        assert_eq!(words(&WordVocabulary::of("", 1)), ["<unk>", "<eos>"]);
        let vocabulary = WordVocabulary::of("<unk> <unk> <unk> b b a\n", 1);
        assert_eq!(words(&vocabulary), ["<unk>", "<eos>", "b", "a"]);
        assert_eq!(
            vocabulary.encode("<unk>\nx"),
            [WordVocabulary::UNKNOWN, WordVocabulary::END_OF_LINE, WordVocabulary::UNKNOWN]
        );
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn a_number_of_no_word_is_refused() {
        WordVocabulary::of(TEXT, 1).word(10);
    }
}
