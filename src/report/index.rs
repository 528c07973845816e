//! A page over several experiments: the question, the answer, the verdicts and a link of each.

use std::path::{Component, Path, PathBuf};

use super::answer::Answer;
use super::judge::{self, ClaimVerdict, Verdicts, overall};
use super::load::Results;
use super::page::html;
use crate::support::error::{Error, Result};
use crate::support::file::write_atomic;
use crate::support::text::pluralize;

/// One experiment on the page.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its results directory.
    dir: PathBuf,
    /// Its name.
    name: String,
    /// Its question in Markdown.
    question: Option<String>,
    /// Its answer.
    answer: Answer,
    /// The verdicts on its claim and expectations in plain text.
    verdicts: Vec<String>,
    /// The number of its runs.
    runs: String,
}

impl Entry {
    /// The experiment of a results directory.
    pub fn new(results: &Results, answer: &Answer, verdicts: &Verdicts) -> Entry {
        let is_judged = overall(&verdicts.claim) != ClaimVerdict::NotJudged;
        // The answer has the verdict on a claim that is judged.
        let claim = results.tests.claim.as_ref().filter(|_| !is_judged);
        let claim = claim.map(|_| "The claim is not judged: settings were changed".to_string());
        Entry {
            dir: results.dir.clone(),
            name: results.name.clone(),
            question: results.about.question.clone(),
            answer: answer.clone(),
            verdicts: claim.into_iter().chain(judge::tally(&verdicts.expectations)).collect(),
            runs: pluralize(results.runs().count(), "run"),
        }
    }
}

/// Writes the page.
///
/// # Errors
/// The file has no ending `.html`, or its directory does not exist.
pub fn write(path: &Path, entries: &[Entry]) -> Result<()> {
    if path.extension().is_none_or(|ending| ending != "html") {
        let found = path.display();
        return Err(Error::Usage(format!("`--index`: expected a file with the ending .html, found {found}")));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let from = parent.canonicalize().map_err(Error::io("find", parent))?;
    let sections: Vec<String> = entries.iter().map(|entry| section(entry, &from)).collect::<Result<_>>()?;
    let body = format!("<h1>Experiments</h1>\n{}", sections.join("\n"));
    write_atomic(path, html::document("Experiments", &body).as_bytes())
}

fn section(entry: &Entry, from: &Path) -> Result<String> {
    let dir = entry.dir.canonicalize().map_err(Error::io("find", &entry.dir))?;
    let link = address(&relative(from, &dir.join("report.html")));
    let question = entry.question.as_deref().map(html::block).unwrap_or_default();
    let answer = html::answer(&entry.answer.head, &[], &[]);
    let verdicts: String =
        entry.verdicts.iter().map(|verdict| format!("<p>{}.</p>\n", html::plain(verdict))).collect();
    let (name, runs) = (html::plain(&entry.name), html::plain(&entry.runs));
    Ok(format!(
        "<section>\n<h2><a href=\"{link}\">{name}</a></h2>\n{question}\n{answer}{verdicts}\
         <p class=\"caption\">{runs}</p>\n</section>"
    ))
}

/// The path of a file as seen from a directory.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}

/// The address of a relative path: every byte but plain letters, digits and `-._~/` as `%XX`.
fn address(path: &Path) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    path.to_string_lossy().bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_path_goes_up_and_down() {
        let of = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).display().to_string();
        assert_eq!(of("/r", "/r/a/report.html"), "a/report.html");
        assert_eq!(of("/r/pages", "/r/a/report.html"), "../a/report.html");
    }

    #[test]
    fn address_other_letters_are_encoded() {
        assert_eq!(address(Path::new("../a b<c/é#.html")), "../a%20b%3Cc/%C3%A9%23.html");
    }
}
