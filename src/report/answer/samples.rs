//! The beginning of a text that the trained model wrote.

use crate::report::format::in_one_line;
use crate::report::group::first_text;
use crate::report::load::Results;
use crate::results::schema::SampleRow;

/// The number of characters that the sentence shows.
const SHOWN: usize = 120;

/// A sentence with the text of the first run; none without a text, or with several models.
pub fn sentence(results: &Results, samples: &[SampleRow]) -> Option<String> {
    let [point] = results.points.as_slice() else { return None };
    let sample = first_text(samples, point)?;
    let shown: String = sample.text.chars().take(SHOWN).collect();
    let more = if shown.len() < sample.text.len() { " …" } else { "" };
    Some(format!("It writes, for example: “{}{more}”", in_one_line(&shown)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{results, training, written};

    #[test]
    fn sentence_begins_the_text_of_the_first_run() {
        let samples = [written("b", "No."), written("a", &"To be,\nor ".repeat(20))];
        let found = sentence(&results([training("a", 1), training("b", 2)]), &samples).unwrap();
        assert!(found.starts_with("It writes, for example: “To be, / or To be, / or"), "{found}");
        assert!(found.ends_with(" …”") && found.chars().count() < 200, "{found}");
        let short = sentence(&results([training("b", 2)]), &samples);
        assert_eq!(short.as_deref(), Some("It writes, for example: “No.”"));
        assert_eq!(sentence(&results([training("c", 1)]), &samples), None);
    }
}
