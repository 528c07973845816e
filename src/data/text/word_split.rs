//! The split of a text into words.

use std::borrow::Cow;

use super::vocabulary::UNKNOWN;

/// The token of the end of a line.
pub const END_OF_LINE: &str = "<eos>";

/// The words and marks of a text, in lower case.
///
/// - A run of letters and digits is one token. An apostrophe between two letters belongs to it (`don't`), and
///   so do a point and a comma between two digits (`1,000.5`). The apostrophe ’ is read as '.
/// - Every other character that is not white space is a token by itself: `.`, `-`, `$`.
/// - The end of a line is the token [`END_OF_LINE`], except on a line without other tokens. After one end of
///   a line a second one is almost certain, so it would only make the mean loss of a token look better.
/// - A literal `<unk>` or `<eos>` is that token, so that a text with rare words already replaced keeps its
///   meaning.
pub fn split_words(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    Tokens { rest: text, on_a_line: false }
}

struct Tokens<'a> {
    rest: &'a str,
    /// True if there was a token since the last end of a line.
    on_a_line: bool,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        loop {
            let first = self.rest.chars().next()?;
            if first == '\n' && self.on_a_line {
                self.take(1);
                return Some(self.end_of_line());
            }
            if !first.is_whitespace() {
                break;
            }
            self.take(first.len_utf8());
        }
        self.on_a_line = true;
        if self.rest.starts_with(END_OF_LINE) {
            self.take(END_OF_LINE.len());
            return Some(self.end_of_line());
        }
        if self.rest.starts_with(UNKNOWN) {
            return Some(self.take(UNKNOWN.len()).into());
        }
        let length = token_length(self.rest);
        Some(lower(self.take(length)))
    }
}

impl<'a> Tokens<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        token
    }

    fn end_of_line(&mut self) -> Cow<'a, str> {
        self.on_a_line = false;
        END_OF_LINE.into()
    }
}

/// Length in bytes of the first token of a text.
fn token_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    let mut before = None;
    while let Some((place, character)) = characters.next() {
        let after = characters.peek().map(|(_, character)| *character);
        let of_a_word = character.is_alphanumeric() || joins(before, character, after);
        if !of_a_word {
            return if place == 0 { character.len_utf8() } else { place };
        }
        before = Some(character);
    }
    text.len()
}

/// Returns true if a character belongs to the word or the number on both sides of it.
fn joins(before: Option<char>, character: char, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    match character {
        '\'' | '’' => before.is_alphabetic() && after.is_alphabetic(),
        '.' | ',' => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => false,
    }
}

fn lower(token: &str) -> Cow<'_, str> {
    // Most tokens are in lower case already and need no memory of their own.
    if token.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return token.into();
    }
    token.to_lowercase().replace('’', "'").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> String {
        split_words(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn split_words_returns_words_numbers_and_marks() {
        for (text, expected) in [
            ("", ""),
            ("To be, or NOT to be:", "to be , or not to be :"),
            ("It's the people’s 'house'.", "it's the people's ' house ' ."),
            ("$1,000.50 in 1953, 3.", "$ 1,000.50 in 1953 , 3 ."),
            ("the U.S.-led 1st", "the u . s . - led 1st"),
            ("rock'n'roll o' 5'6", "rock'n'roll o ' 5 ' 6"),
            ("ÄRGER—naïve…", "ärger — naïve …"),
            ("a\tb\u{a0}c\r", "a b c"),
            ("’", "'"),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn split_words_ends_lines_with_tokens_only() {
        assert_eq!(split("a\nb\n"), "a <eos> b <eos>");
        assert_eq!(split("\n\na\n\n \n\nb"), "a <eos> b");
        assert_eq!(split("a \n b"), "a <eos> b");
        assert_eq!(split("\n"), "");
    }

    proptest::proptest! {
        #[test]
        fn split_words_loses_only_case_and_white_space(text in "[ -;=-~\n\té’]{0,40}") {
            let kept: String = split_words(&text).filter(|token| token != END_OF_LINE).collect();
            let expected: String = text.chars().filter(|character| !character.is_whitespace()).collect();
            proptest::prop_assert_eq!(kept, expected.to_lowercase().replace('’', "'"));
        }
    }

    #[test]
    fn split_words_reads_literal_special_tokens() {
        assert_eq!(split("the <unk> of <eos>\nx <UNK>"), "the <unk> of <eos> x < unk >");
    }
}
