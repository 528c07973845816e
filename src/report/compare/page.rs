//! The comparison for a reader: plain text, Markdown and HTML.

use super::outcome::{Judged, Outcome};
use super::rows::Pair;
use super::{Comparison, Difference};
use crate::report::format::significant;
use crate::report::page::{MarkdownTable, escaped, escaped_row, html};
use crate::report::summary::Statistic;
use crate::support::text::{indented, padded, pluralize};

/// The significant digits of an estimate.
const DIGITS: i32 = 4;

/// A table with its title; every cell is plain text.
struct Titled {
    title: &'static str,
    table: MarkdownTable,
}

impl Comparison {
    /// The comparison as plain text. With `all`, it has the results that did not move, too.
    pub fn text(&self, all: bool) -> String {
        let mut parts = vec![format!("A: {}\nB: {}", self.a.dir, self.b.dir), self.answer().join("\n")];
        parts.extend(
            self.tables(all).iter().map(|titled| format!("{}\n{}", titled.title, plain(&titled.table))),
        );
        parts.push(self.remarks(all).join("\n"));
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n") + "\n"
    }

    /// The comparison as Markdown.
    pub fn markdown(&self, all: bool) -> String {
        let (a, b) = (escaped(&self.a.name), escaped(&self.b.name));
        let sides = format!("A: {}  \nB: {}", escaped(&self.a.dir), escaped(&self.b.dir));
        let mut parts = vec![format!("# {a} and {b}"), sides, escaped(&self.answer().join(" "))];
        let part =
            |titled: Titled| format!("## {}\n\n{}", titled.title, escaped_cells(titled.table).to_markdown());
        parts.extend(self.tables(all).into_iter().map(part));
        let remarks: Vec<String> =
            self.remarks(all).iter().map(|note| format!("- {}", escaped(note))).collect();
        parts.extend((!remarks.is_empty()).then(|| format!("## Notes\n\n{}", remarks.join("\n"))));
        parts.join("\n\n") + "\n"
    }

    /// The comparison as one HTML document, in the style of `report.html`.
    pub fn html(&self, all: bool) -> String {
        let title = format!("{} and {}", self.a.name, self.b.name);
        let mut body = format!("<h1>{}</h1>\n", html::plain(&title));
        body += &format!("<p>A: {}<br>B: {}</p>\n", html::plain(&self.a.dir), html::plain(&self.b.dir));
        body += &html::answer(&self.answer(), &[], &[]);
        for titled in self.tables(all) {
            let table = html::table(&escaped_cells(titled.table));
            body += &format!("<h2>{}</h2>\n{table}\n", titled.title);
        }
        let note = |note: &String| format!("<li>{}</li>\n", html::plain(note));
        let notes: String = self.remarks(all).iter().map(note).collect();
        if !notes.is_empty() {
            body += &format!("<h2>Notes</h2>\n<ul>\n{notes}</ul>\n");
        }
        html::document(&title, &body)
    }

    /// The notes, and the number of results that are not shown.
    fn remarks(&self, all: bool) -> Vec<String> {
        let hidden = self.results.len() - self.shown(all).count();
        let hidden =
            (hidden > 0).then(|| format!("{} not shown; `--all` shows all.", pluralize(hidden, "result")));
        self.notes().into_iter().chain(hidden).collect()
    }

    fn shown(&self, all: bool) -> impl Iterator<Item = &Judged> {
        let has_moved = |judged: &Judged| [Outcome::Moved, Outcome::Perhaps].contains(&judged.outcome);
        self.results.iter().filter(move |judged| all || has_moved(judged))
    }

    /// The half-lives of the curves whose slopes are shown.
    fn half_lives(&self, all: bool) -> Vec<Vec<String>> {
        let key = |row: &Statistic| format!("{:?}", (&row.point, row.section, &row.quantity, row.layer));
        let slopes = self.shown(all).map(|judged| judged.pair.either()).filter(|row| row.metric == "slope");
        let slopes: Vec<String> = slopes.map(key).collect();
        let is_shown = |pair: &&Pair| slopes.contains(&key(pair.either()));
        let row = |pair: &Pair| vec![pair.label.clone(), number(&pair.a), number(&pair.b)];
        self.half_lives.iter().filter(is_shown).map(row).collect()
    }

    /// The tables, of those that have rows.
    fn tables(&self, all: bool) -> Vec<Titled> {
        let titled = |title, head: &[&str], rows: Vec<Vec<String>>| {
            let header = head.iter().map(|head| head.to_string()).collect();
            Titled { title, table: MarkdownTable { header, rows } }
        };
        let differences = |title, name, differences: &[Difference]| {
            let row = |difference: &Difference| {
                vec![difference.name.clone(), difference.a.clone(), difference.b.clone()]
            };
            titled(title, &[name, "A", "B"], differences.iter().map(row).collect())
        };
        let title = if all { "All results" } else { "Results that moved" };
        let tables = [
            titled(title, &["result", "unit", "A", "B", "verdict"], self.shown(all).map(row).collect()),
            titled(
                "Half-lives, which follow from the slopes, in steps",
                &["result", "A", "B"],
                self.half_lives(all),
            ),
            differences("Verdicts that differ", "test", &self.verdicts),
            differences("Settings that differ", "setting", &self.settings),
            differences("Environments that differ", "name", &self.environment),
        ];
        tables.into_iter().filter(|titled| !titled.table.rows.is_empty()).collect()
    }
}

/// The estimate of one side.
fn number(side: &Option<Statistic>) -> String {
    let value = side.as_ref().and_then(|row| row.estimate.value);
    value.map(|value| significant(value, DIGITS)).unwrap_or_default()
}

fn row(judged: &Judged) -> Vec<String> {
    let unit = &judged.pair.either().unit;
    let unit = if unit == "1" { String::new() } else { unit.clone() };
    let direction = judged.is_worse().map(|is_worse| if is_worse { " (worse)" } else { " (better)" });
    vec![
        judged.pair.label.clone(),
        unit,
        number(&judged.pair.a),
        number(&judged.pair.b),
        judged.in_words() + direction.unwrap_or_default(),
    ]
}

fn escaped_cells(table: MarkdownTable) -> MarkdownTable {
    MarkdownTable { rows: table.rows.iter().map(|row| escaped_row(row)).collect(), ..table }
}

/// The table in columns, two spaces apart.
fn plain(table: &MarkdownTable) -> String {
    let lines = padded(std::iter::once(&table.header).chain(&table.rows), 0);
    lines.iter().map(|cells| indented(cells)).collect::<Vec<_>>().join("\n")
}
