//! Tables of keys and columns in `docs/`, generated from the doc comments of the types that read and write
//! them.
//!
//! A page marks a table with `<!-- fields of STRUCT in FILE -->` and `<!-- end -->`. After the name of the
//! struct, `swept in TABLE` selects the settings that configs sweep in that table. The page's writer owns the
//! head of the table and rows of other keys, which stay at the end.

use std::fs;
use std::path::Path;

use lstm_lab::settings::FIELDS;

use crate::support::snapshot::mismatch;

const START: &str = "<!-- fields of ";
const END: &str = "<!-- end -->";

/// Name and doc comment of each field of a struct, in order.
fn fields(source: &str, name: &str) -> Vec<(String, String)> {
    let start = source.find(&format!("pub struct {name} {{\n")).unwrap_or_else(|| panic!("no struct {name}"));
    let body = source[start..].split("\n}\n").next().unwrap();
    let (mut found, mut doc, mut renamed) = (Vec::new(), Vec::new(), None);
    for line in body.lines().skip(1).map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            doc.push(text.trim());
        } else if let Some(text) = line.strip_prefix("#[serde(rename = \"") {
            renamed = text.split('"').next();
        } else if let Some((key, _)) = line.strip_prefix("pub ").and_then(|line| line.split_once(": ")) {
            let key = renamed.take().unwrap_or(key).to_string();
            found.push((key, std::mem::take(&mut doc).join(" ")));
        }
    }
    found
}

/// The rows of the table that a mark describes.
fn rows(mark: &str) -> Vec<(String, String)> {
    let (subject, file) = mark.split_once(" in src/").unwrap_or_else(|| panic!("no file in `{mark}`"));
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap();
    let Some((name, table)) = subject.split_once(" swept in ") else { return fields(&source, subject) };
    let is_swept = |key: &str| {
        let field = FIELDS.iter().find(|field| field.name == key);
        field.and_then(|field| field.axis.as_ref()).is_some_and(|axis| format!("{:?}", axis.table) == table)
    };
    fields(&source, name).into_iter().filter(|(key, _)| is_swept(key)).collect()
}

/// The page with its tables generated anew.
fn generated(page: &str) -> String {
    let mut parts = page.split(START);
    let mut text = parts.next().unwrap().to_string();
    for part in parts {
        let (marks, rest) = part.split_once(" -->\n").unwrap();
        let (table, after) = rest.split_once(END).unwrap_or_else(|| panic!("no `{END}` after `{marks}`"));
        let lines: Vec<&str> = table.lines().filter(|line| !line.is_empty()).collect();
        let rows: Vec<_> = marks.split(", of ").flat_map(rows).collect();
        let is_own = |line: &&&str| rows.iter().all(|(key, _)| !line.starts_with(&format!("| `{key}`")));
        let made = rows.iter().map(|(key, doc)| format!("| `{key}` | {} |", doc.replace('|', "\\|")));
        let own = lines.iter().skip(2).filter(is_own).map(|line| line.to_string());
        let all: Vec<String> =
            lines[..2].iter().map(|line| line.to_string()).chain(made).chain(own).collect();
        text += &format!("{START}{marks} -->\n\n{}\n\n{END}{after}", all.join("\n"));
    }
    text
}

#[test]
fn pages_tables_agree_with_doc_comments() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut tables = 0;
    for entry in fs::read_dir(docs).unwrap() {
        let path = entry.unwrap().path();
        let Ok(page) = fs::read_to_string(&path) else { continue };
        tables += page.matches(START).count();
        if let Some(problem) = mismatch(&path, &generated(&page)) {
            panic!("{problem}");
        }
    }
    assert!(tables > 10, "found {tables} tables");
}

#[test]
fn fields_take_docs_and_serde_names() {
    let source = "/// S.\npub struct S {\n    /// The a,\n    /// in s.\n    #[serde(rename = \"where\")]\n\
                  pub a: f64,\n    /// B.\n    pub b: Option<u8>,\n}\n";
    let expected = [("where", "The a, in s."), ("b", "B.")].map(|(key, doc)| (key.into(), doc.into()));
    assert_eq!(fields(source, "S"), expected);
}
