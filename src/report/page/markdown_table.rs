//! Tables of Markdown cells.

use crate::support::text::padded;

/// A table with a caption in Markdown.
#[derive(Debug, Clone, PartialEq)]
pub struct Captioned {
    /// The title in plain text: a few words.
    pub title: String,
    /// The caption, in one line.
    pub caption: String,
    /// The table.
    pub table: MarkdownTable,
}

/// A table; every cell is Markdown already.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MarkdownTable {
    /// The heads of the columns.
    pub header: Vec<String>,
    /// The rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl MarkdownTable {
    /// The table as Markdown without a final newline, its columns aligned for readers of the plain text.
    pub fn to_markdown(&self) -> String {
        let lines = padded(std::iter::once(&self.header).chain(&self.rows), 3);
        let line = |cells: &Vec<String>| format!("| {} |", cells.join(" | "));
        let mut text: Vec<String> = lines.iter().map(line).collect();
        let rule = lines[0].iter().map(|head| "-".repeat(head.chars().count())).collect();
        text.insert(1, line(&rule));
        text.join("\n")
    }
}

/// Escapes plain text for Markdown, in one line.
pub fn escaped(text: &str) -> String {
    let mut markdown = String::new();
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => markdown.extend(['\\', letter]),
            '<' => markdown.push_str("&lt;"),
            '>' => markdown.push_str("&gt;"),
            '&' => markdown.push_str("&amp;"),
            '\n' | '\r' | '\t' => markdown.push(' '),
            _ => markdown.push(letter),
        }
    }
    markdown
}

/// Escapes each cell of a row.
pub fn escaped_row(cells: &[String]) -> Vec<String> {
    cells.iter().map(|cell| escaped(cell)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_markdown_columns_are_as_wide_as_widest_cell() {
        let cells = |cells: [&str; 2]| cells.map(String::from).to_vec();
        let table = MarkdownTable { header: cells(["a", "länger"]), rows: vec![cells(["1 ± 2", "3"])] };
        assert_eq!(table.to_markdown(), "| a     | länger |\n| ----- | ------ |\n| 1 ± 2 | 3      |");
    }

    #[test]
    fn escaped_text_shows_as_it_is() {
        assert_eq!(escaped("a_b*c|d<e>\nf"), "a\\_b\\*c\\|d&lt;e&gt; f");
        assert_eq!(escaped("orthogonal(1)+forget"), "orthogonal(1)+forget");
    }
}
