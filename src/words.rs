//! Messages about words that are not known.

/// The message for a word that is not in the vocabulary, with the nearest one that is.
pub fn unknown<'a>(what: &str, found: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let list: Vec<String> = known.clone().map(|word| format!("`{word}`")).collect();
    let hint = match nearest(found, known) {
        Some(word) => format!("; did you mean `{word}`?"),
        None => String::new(),
    };
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("expected {article} {what} ({}), found `{found}`{hint}", list.join(", "))
}

/// The known word that a misspelt one most resembles, if any resembles it at all.
pub fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|word| (strsim::jaro_winkler(found, word), word))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}
