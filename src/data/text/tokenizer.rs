//! The vocabulary for a tokenizer. A byte is the character with its number as the code.

use super::characters::Characters;
use super::vocabulary::Vocabulary;
use super::words::Words;
use crate::settings::names::Tokenizer;

/// The vocabulary of a training text. Words that occur fewer than `min_count` times are unknown.
pub fn vocabulary_of_text(tokenizer: Tokenizer, training: &str, min_count: usize) -> Box<dyn Vocabulary> {
    match tokenizer {
        Tokenizer::Character | Tokenizer::Byte => Box::new(Characters::of_text(training)),
        Tokenizer::Word => Box::new(Words::of_text(training, min_count)),
    }
}

/// The vocabulary with these symbols, which are those of a vocabulary of the same tokenizer.
pub fn vocabulary_of_symbols(tokenizer: Tokenizer, symbols: Vec<String>) -> Box<dyn Vocabulary> {
    match tokenizer {
        Tokenizer::Character | Tokenizer::Byte => Box::new(Characters::of_symbols(symbols)),
        Tokenizer::Word => Box::new(Words::of_symbols(symbols)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vocabulary_of_symbols_encodes_as_the_vocabulary_they_are_of() {
        let text = "The cat, the dog.\nA caf\u{e9}.\n";
        for tokenizer in [Tokenizer::Character, Tokenizer::Word] {
            let vocabulary = vocabulary_of_text(tokenizer, text, 1);
            let again = vocabulary_of_symbols(tokenizer, vocabulary.symbols().to_vec());
            assert_eq!(again.symbols(), vocabulary.symbols());
            assert_eq!(again.unknown(), vocabulary.unknown());
            for text in [text, "x", "", "The <unk>\u{10ffff} dog\n"] {
                assert_eq!(again.encode(text), vocabulary.encode(text), "{tokenizer} {text}");
                assert_eq!(
                    vocabulary.encode(text).len(),
                    vocabulary.tokens(text).count(),
                    "{tokenizer} {text}"
                );
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn decode_of_encode_returns_any_known_text(text in "[a-z \u{e9}\n.]{1,40}") {
            let vocabulary = vocabulary_of_text(Tokenizer::Character, &text, 1);
            proptest::prop_assert_eq!(vocabulary.decode(&vocabulary.encode(&text)), text.clone());
            let vocabulary = vocabulary_of_text(Tokenizer::Word, &text, 1);
            let numbers = vocabulary.encode(&text);
            let again = vocabulary.encode(&vocabulary.decode(&numbers));
            proptest::prop_assert_eq!(again, numbers);
        }
    }
}
