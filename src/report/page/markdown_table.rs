//! Tables of Markdown cells.

/// A table with a caption in Markdown.
#[derive(Debug, Clone, PartialEq)]
pub struct Captioned {
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
        let lines = || std::iter::once(&self.header).chain(&self.rows);
        let letters = |cell: &String| cell.chars().count();
        let width = |column: usize| {
            lines().filter_map(|line| line.get(column)).map(letters).max().unwrap_or(0).max(3)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let line = |cells: &[String]| {
            let cells: Vec<String> =
                cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        (line(&self.header) + &line(&rule) + &rows).trim_end().to_string()
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
