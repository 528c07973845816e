//! Parts of messages: unknown words, durations, numbers.

/// Returns the error text for a word that is not in a vocabulary, with a suggestion.
pub fn unknown<'a>(what: &str, found: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let list: Vec<String> = known.clone().map(|word| format!("`{word}`")).collect();
    let hint = match nearest(found, known).filter(|_| !found.contains(',')) {
        Some(word) => format!("; did you mean `{word}`?"),
        None => String::new(),
    };
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("expected {article} {what} ({}), found `{found}`{hint}", list.join(", "))
}

/// Returns a text whose control characters are written out, so that a terminal does not obey them. Line
/// breaks and tabs stay.
pub fn printable(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    text.chars().map(|c| if is_plain(c) { c.to_string() } else { c.escape_default().to_string() }).collect()
}

/// Names that other programs use, with the words for them here.
const ALIASES: [(&str, &str); 17] = [
    ("float", "f32"),
    ("float32", "f32"),
    ("single", "f32"),
    ("torch.float32", "f32"),
    ("float64", "f64"),
    ("double", "f64"),
    ("torch.float64", "f64"),
    ("cudnn", "builtin"),
    ("libtorch", "builtin"),
    ("torch", "builtin"),
    ("pytorch", "builtin"),
    ("elman", "rnn"),
    ("vanilla", "rnn"),
    ("glorot", "xavier"),
    ("normal", "gaussian"),
    ("eye", "identity"),
    ("momentum", "sgd"),
];

/// Returns the known word that `found` is an alias of, or that differs from it in the case of letters only.
fn same<'a>(found: &str, mut known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_lowercase();
    let meant = |word: &&str| *word == found || ALIASES.contains(&(found.as_str(), *word));
    known.find(meant)
}

/// Returns the known word that other programs call `found`, or that has these initials (`lr`) or this prefix
/// (`hidden`), else the most similar word. Returns `None` if no word is similar.
pub fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let similar = known.clone().filter_map(|word| Some((similarity(found, word)?, word)));
    same(found, known).or_else(|| similar.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, word)| word))
}

fn similarity(found: &str, word: &str) -> Option<f64> {
    let initials: String = word.split('_').filter_map(|part| part.chars().next()).collect();
    if initials.len() > 1 && initials == found {
        return Some(2.0);
    }
    let is_slip = found.len() > 2 && strsim::osa_distance(found, word) == 1;
    let similarity = strsim::jaro_winkler(found, word).max(if is_slip { 0.9 } else { 0.0 });
    if found.len() > 2 && word.starts_with(found) {
        return Some(1.0 + similarity);
    }
    // With a shared prefix of two letters, a short word counts as similar even to a long one.
    (similarity > 0.75 && 2 * found.len() >= word.len()).then_some(similarity)
}

/// Returns a list of names, shortened if they are many; `nothing` for none.
pub fn shortened<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let count = names.len();
    if count == 0 {
        return "nothing".to_string();
    }
    let shown: Vec<&str> = names.take(MOST).collect();
    let more = if count > MOST { format!(" and {} more", count - MOST) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Returns rows of cells with every cell as wide as its column, and at least `least` letters wide.
pub fn padded<'a>(rows: impl Iterator<Item = &'a Vec<String>> + Clone, least: usize) -> Vec<Vec<String>> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows.clone() {
        widths.resize(widths.len().max(row.len()), least);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let cell = |(cell, width): (&String, &usize)| format!("{cell:width$}");
    rows.map(|row| row.iter().zip(&widths).map(cell).collect()).collect()
}

/// Returns a row of padded cells as an indented line.
pub fn indented(cells: &[String]) -> String {
    format!("  {}", cells.join("  ")).trim_end().to_string()
}

/// Returns a duration in a readable unit: `0.25 s`, `80 s`, `2.5 min`, `3.1 h`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.2} s"),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 600.0 => format!("{:.1} min", s / 60.0),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Returns an amount of memory in a readable unit: `512 B`, `1.5 MiB`, `23 GiB`, `8e20 EiB`.
pub fn bytes(amount: f64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let power = (amount.max(1.0).log2() / 10.0).floor().min(6.0);
    let value = amount / 1024f64.powf(power);
    let digits = match value {
        value if value >= 1e4 => format!("{value:.0e}"),
        value if value >= 10.0 || power == 0.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    };
    format!("{digits} {}", UNITS[power as usize])
}

/// Returns a number with its noun in singular or plural: `1 run`, `2 runs`.
pub fn pluralize(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Returns a number, in scientific notation if it is very large or small: `1e30`, `0.001`, `1e-9`.
pub fn number(value: f64) -> String {
    let plain = value == 0.0 || !value.is_finite() || (1e-4..1e6).contains(&value.abs());
    if plain { value.to_string() } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_initials_prefix_or_typo_finds_the_word() {
        let known = ["layer_sizes", "learning_rate", "layers", "hidden_size"];
        for (found, expected) in [
            ("lr", Some("learning_rate")),
            ("hidden", Some("hidden_size")),
            ("layer", Some("layers")),
            ("learningrate", Some("learning_rate")),
            ("la", None),
            ("zz", None),
        ] {
            assert_eq!(nearest(found, known.into_iter()), expected, "{found}");
        }
    }

    #[test]
    fn nearest_other_case_or_alias_finds_the_word() {
        let known = ["rnn", "lstm", "gru", "f32", "f64", "builtin", "adam", "adamw", "xavier"];
        for (found, expected) in [
            ("LSTM", "lstm"),
            ("AdamW", "adamw"),
            ("float32", "f32"),
            ("double", "f64"),
            ("cuDNN", "builtin"),
            ("glorot", "xavier"),
        ] {
            assert_eq!(nearest(found, known.into_iter()), Some(expected), "{found}");
        }
        let problem = unknown("cell", "rnn,lstm", known.into_iter());
        assert!(!problem.contains("did you mean"), "{problem}");
    }

    #[test]
    fn pluralize_one_has_no_ending() {
        assert_eq!([0, 1, 2].map(|n| pluralize(n, "run")), ["0 runs", "1 run", "2 runs"]);
    }

    #[test]
    fn bytes_has_a_unit_of_its_size() {
        for (amount, expected) in [
            (0.0, "0 B"),
            (512.0, "512 B"),
            (1.5 * 1024.0, "1.5 KiB"),
            (23.5 * 2f64.powi(30), "24 GiB"),
            (2f64.powi(63), "8.0 EiB"),
            (2f64.powi(100), "1e12 EiB"),
        ] {
            assert_eq!(bytes(amount), expected);
        }
    }

    #[test]
    fn number_large_or_small_is_scientific() {
        for (value, expected) in [
            (1e30, "1e30"),
            (0.001, "0.001"),
            (0.0001, "0.0001"),
            (2.5e-5, "2.5e-5"),
            (-1e6, "-1e6"),
            (999_999.0, "999999"),
            (0.0, "0"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
