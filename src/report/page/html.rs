//! Markdown as HTML, and the frame of an HTML document that needs no other file.
//!
//! Texts of a config are not trusted: HTML in them is shown as text, an image is replaced by its
//! description, and a link may lead to the web only.

use minijinja::{Value, context};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::markdown_table::MarkdownTable;

const STYLE: &str = include_str!("style.css");

const SCRIPT: &str = include_str!("script.js");

/// The number of letters up to which a cell stays in one line.
const SHORT: usize = 12;

/// The beginnings of addresses that a link may have.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// A document with a title in plain text and a body in HTML.
pub fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"lstm-lab\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{}\n</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        plain(title),
        body.trim()
    )
}

/// Plain text as HTML.
pub fn plain(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Markdown as HTML.
pub fn block(markdown: &str) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events(markdown));
    html.trim_end().to_string()
}

/// Markdown of one paragraph as HTML without the paragraph.
pub fn inline(markdown: &str) -> String {
    let is_paragraph =
        |event: &Event| matches!(event, Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph));
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events(markdown).filter(|event| !is_paragraph(event)));
    html.trim_end().to_string()
}

/// A table for the templates: as Markdown and as HTML.
pub fn both(of: &MarkdownTable) -> Value {
    context! { markdown => of.to_markdown(), html => Value::from_safe_string(table(of)) }
}

/// A table in a box that scrolls if the table is wider than the page.
pub fn table(table: &MarkdownTable) -> String {
    let are_numbers: Vec<bool> = (0..table.header.len()).map(|column| is_of_numbers(table, column)).collect();
    let head: String = table.header.iter().zip(&are_numbers).map(|(text, is)| head(text, *is)).collect();
    let line = |row: &Vec<String>| {
        let cells: String = row.iter().zip(&are_numbers).map(|(text, is)| cell(text, *is)).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = table.rows.iter().map(line).collect();
    format!(
        "<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>"
    )
}

/// Returns true if more than half of the cells of a column that are not empty begin with a number.
fn is_of_numbers(table: &MarkdownTable, column: usize) -> bool {
    let is_number =
        |cell: &&str| cell.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit());
    let cells = || table.rows.iter().map(|row| row[column].as_str()).filter(|cell| !cell.is_empty());
    2 * cells().filter(is_number).count() > cells().count()
}

/// The head of a column. That of numbers stands right, as they do. A long one is not squeezed into many
/// lines.
fn head(markdown: &str, is_of_numbers: bool) -> String {
    let is_long = markdown.chars().count() > 2 * SHORT;
    let names = [(is_of_numbers, "n"), (is_long, "long")];
    let classes: Vec<&str> = names.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect();
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    format!("<th{class}>{}</th>", inline(markdown))
}

/// A cell; a number stands right, and its interval has a smaller type.
fn cell(markdown: &str, is_of_numbers: bool) -> String {
    let class = match () {
        () if is_of_numbers => " class=\"n\"",
        () if markdown.chars().count() <= SHORT => " class=\"s\"",
        () => "",
    };
    format!("<td{class}>{}</td>", with_small_interval(&inline(markdown)))
}

/// The units that stand beside a number in a table, before its interval.
const UNITS: [&str; 2] = [" %", " times"];

/// Marks the interval `[low, high]` or `± half` of a number. A unit after the interval goes before it.
fn with_small_interval(html: &str) -> String {
    let is_interval = |inside: &str| {
        let first = inside.trim_start_matches(['-', '(']).chars().next();
        inside.contains(", ") && first.is_some_and(|first| first.is_ascii_digit() || first == '∞')
    };
    if let Some((before, rest)) = html.split_once(" [")
        && let Some(end) = rest.find([']', ')'])
        && is_interval(&rest[..end])
    {
        let (inside, after) = rest.split_at(end + 1);
        let of_unit = |unit: &&str| Some((unit.replace(' ', "&nbsp;"), after.strip_prefix(unit)?));
        let (unit, after) = UNITS.iter().find_map(of_unit).unwrap_or((String::new(), after));
        return format!("{before}{unit} <small>[{inside}</small>{after}");
    }
    match html.split_once(" ± ") {
        Some((before, rest)) => {
            let (half, after) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
            format!("{before} <small>± {half}</small>{after}")
        }
        None => html.to_string(),
    }
}

/// An answer as a box: a paragraph for each sentence of its head, its tables, and a list of the other
/// sentences. The sentences are plain text.
pub fn answer(head: &[String], tables: &[MarkdownTable], numbers: &[String]) -> String {
    let text = |sentence: &String| with_powers(&plain(sentence));
    let head: String = head.iter().map(|sentence| format!("<p>{}</p>\n", text(sentence))).collect();
    let items: String = numbers.iter().map(|sentence| format!("<li>{}</li>\n", text(sentence))).collect();
    let list = if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") };
    let tables: String = tables.iter().map(|of| with_powers(&table(of)) + "\n").collect();
    if head.is_empty() && tables.is_empty() && list.is_empty() {
        return head;
    }
    format!("<div class=\"answer\">\n{head}{tables}{list}</div>\n")
}

/// Raises the exponents of `10^-3.2`.
fn with_powers(html: &str) -> String {
    let mut parts = html.split("10^");
    let mut raised = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let is_exponent = |letter: char| letter.is_ascii_digit() || "-.".contains(letter);
        let exponent = &part[..part.find(|letter| !is_exponent(letter)).unwrap_or(part.len())];
        // A point after the number ends the sentence.
        let exponent = exponent.trim_end_matches('.');
        raised += &format!("10<sup>{}</sup>{}", exponent.replace('-', "−"), &part[exponent.len()..]);
    }
    raised
}

/// A figure as an element of the page, from an SVG document.
pub fn figure(svg: &str, title: &str) -> String {
    svg.trim_end().replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", plain(title)), 1)
}

/// The events of a Markdown text, with nothing that a browser would load or execute.
fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    let mut open: Vec<bool> = Vec::new();
    Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(move |event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, link_type, .. }) => {
            let is_allowed = is_web(dest_url) || link_type == LinkType::Email;
            open.push(is_allowed);
            is_allowed.then_some(event)
        }
        Event::End(TagEnd::Link) => open.pop().unwrap_or(false).then_some(event),
        other => Some(other),
    })
}

fn is_web(address: &CowStr) -> bool {
    let address = address.trim().to_lowercase();
    SCHEMES.iter().any(|scheme| address.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_html_of_a_text_is_shown_and_nothing_is_loaded() {
        let hostile = "<script>alert(1)</script>\n\n*a* <b>b</b> ![pic](https://x.org/p.png) \
                       [js](JavaScript:alert(1)) [paper](https://x.org)";
        let expected = "&lt;script&gt;alert(1)&lt;/script&gt;\n<p><em>a</em> &lt;b&gt;b&lt;/b&gt; pic js \
                        <a href=\"https://x.org\">paper</a></p>";
        assert_eq!(block(hostile), expected);
    }

    #[test]
    fn inline_escaped_plain_text_shows_as_it_is() {
        let text = "a_b*c*|d<e>&\"'";
        let html = inline(&super::super::escaped(text));
        assert_eq!(html, "a_b*c*|d&lt;e&gt;&amp;\"'");
        assert_eq!(plain("<'\"&>"), "&lt;&#39;&quot;&amp;&gt;");
    }

    #[test]
    fn answer_has_paragraphs_a_list_and_raised_exponents() {
        let sentences = ["It is 10^-19.2 [10^-20, 10^3].", "a < b"].map(String::from);
        let expected = "<div class=\"answer\">\n<p>It is 10<sup>−19.2</sup> [10<sup>−20</sup>, \
                        10<sup>3</sup>].</p>\n<p>a &lt; b</p>\n</div>\n";
        assert_eq!(answer(&sentences, &[], &[]), expected);
        let list = "<ul>\n<li>a &lt; b</li>\n</ul>\n</div>\n";
        assert!(answer(&sentences[..1], &[], &sentences[1..]).ends_with(list), "{list}");
        assert_eq!(with_powers("left: 10^-3."), "left: 10<sup>−3</sup>.");
        assert_eq!(answer(&[], &[], &[]), "");
    }

    #[test]
    fn table_numbers_stand_right_and_intervals_are_small() {
        let cells = |cells: [&str; 3]| cells.map(String::from).to_vec();
        let rows = vec![
            cells(["lstm", "-1.2 [-1.3, -1.1]", "0.5 ± 0.1 (n = 2)"]),
            cells(["gru", "", "not measured"]),
        ];
        let html = table(&MarkdownTable { header: cells(["cell", "slope", "norm"]), rows });
        let row = "<tr><td class=\"s\">lstm</td><td class=\"n\">-1.2 <small>[-1.3, -1.1]</small></td>\
                   <td>0.5 <small>± 0.1</small> (n = 2)</td></tr>";
        let head = "<th>cell</th><th class=\"n\">slope</th><th>norm</th>";
        assert!(html.contains(row) && html.contains(head), "{html}");
        assert_eq!(with_small_interval("2 [1, ∞) x"), "2 <small>[1, ∞)</small> x");
        let share = with_small_interval("2 [1, 3] % (lstm)");
        assert_eq!(share, "2&nbsp;% <small>[1, 3]</small> (lstm)", "a unit stays beside its number");
        assert_eq!(with_small_interval("simd [x] y"), "simd [x] y");
    }
}
