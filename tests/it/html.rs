//! The HTML pages of the program: self-contained, escaped, and within the width of the screen.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::lab;
use crate::support::snapshot::tests_dir;

/// A name that a page without escaping would execute.
const HOSTILE: &str = "<img src=x onerror=alert(1)>&\"' name";

/// Elements without an end.
const VOID: [&str; 4] = ["meta", "link", "br", "hr"];

/// The pages of the program on fixed results with a hostile name and hostile texts: a report, a comparison
/// and an index.
fn pages(dir: &Path) -> Vec<PathBuf> {
    for name in [HOSTILE, "other"] {
        let results = dir.join(name);
        fs::create_dir(&results).unwrap();
        for entry in fs::read_dir(tests_dir().join("snapshots/results")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, results.join(path.file_name().unwrap())).unwrap();
        }
    }
    let config = dir.join(HOSTILE).join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let question = "Does it load ![a picture](https://example.org/x.png), \
                    <script src='https://example.org'></script> or [run](javascript:alert(1))?";
    fs::write(&config, text.replace("Does a report change?", question)).unwrap();
    let said = lab(dir, &["report", HOSTILE, "other", "--index", "index.html"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let compared = lab(dir, &["compare", HOSTILE, "other", "--all", "--format", "html"]);
    assert_eq!(compared.code, 0, "{}", compared.stderr);
    fs::write(dir.join("compare.html"), compared.stdout).unwrap();
    vec![dir.join(HOSTILE).join("report.html"), dir.join("compare.html"), dir.join("index.html")]
}

/// Returns the tags of a page, each with its attributes. Scripts and styles have none.
fn tags(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').expect("a tag ends");
        found.push(tag);
        let raw = ["script", "style"].iter().find(|name| **name == tag);
        rest = raw.map_or(after, |name| &after[after.find(&format!("</{name}>")).unwrap()..]);
    }
    found
}

fn assert_balanced(html: &str, page: &Path) {
    let mut open = Vec::new();
    for tag in tags(html).into_iter().filter(|tag| !tag.starts_with('!')) {
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        match tag.strip_prefix('/') {
            Some(_) => assert_eq!(open.pop(), Some(name), "{}", page.display()),
            None if tag.ends_with('/') || VOID.contains(&name) => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, [""; 0], "{}", page.display());
}

#[test]
fn pages_need_no_other_file_and_show_hostile_texts_as_text() {
    let dir = tempfile::tempdir().unwrap();
    for page in pages(dir.path()) {
        let html = fs::read_to_string(&page).unwrap();
        assert_balanced(&html, &page);
        for tag in tags(&html) {
            let loads = tag.contains("src=") || tag.contains("onerror=") || tag.contains("javascript:");
            let links =
                tag.contains("href=") && !tag.starts_with("a ") && tag != "link rel=\"icon\" href=\"data:,\"";
            assert!(!loads && !links, "{}: <{tag}>", page.display());
        }
        for word in ["url(", "@import", "fetch(", "XMLHttpRequest"] {
            assert!(!html.contains(word), "{}: {word}", page.display());
        }
        assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;&amp;"), "{}", page.display());
    }
    let index = fs::read_to_string(dir.path().join("index.html")).unwrap();
    assert!(
        index.contains("href=\"%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%26%22%27%20name/report.html\"")
    );
    assert!(index.contains("<a href=\"other/report.html\">other</a>"), "{index}");
    assert!(index.contains("<p>1 of 2 expectations holds;"), "{index}");
}

#[test]
fn report_html_has_the_tables_and_figures_of_the_markdown() {
    let dir = tempfile::tempdir().unwrap();
    let page = pages(dir.path()).remove(0);
    let (html, markdown) =
        (fs::read_to_string(&page).unwrap(), fs::read_to_string(page.with_extension("md")).unwrap());
    let of_markdown = |start: &str| markdown.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(html.matches("<figure>").count(), of_markdown("!["));
    assert_eq!(html.matches("<table>").count(), of_markdown("| -"));
    assert_eq!(html.matches("<h2>").count(), of_markdown("## "));
    assert!(html.contains("optimizer adam, learning rate 0.001"), "settings of training");
    assert!(html.contains("steps 10,"), "steps of training");
}

#[test]
fn index_wrong_arguments_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    pages(dir.path());
    let said = lab(dir.path(), &["report", "other", "--index", "index.txt"]);
    assert!(
        said.code == 2 && said.stderr.contains("expected a file with the ending .html"),
        "{}",
        said.stderr
    );
    let said = lab(dir.path(), &["report", "other", "--index", "nowhere/index.html"]);
    assert!(said.code == 1 && said.stderr.contains("nowhere"), "{}", said.stderr);
}

mod needs_chromium {
    use std::process::Command;

    use super::*;

    /// A page that shows others in frames of 360 and 838 px, and names their problems in its title.
    fn frames(pages: &[PathBuf]) -> String {
        let attribute =
            |page: &PathBuf| fs::read_to_string(page).unwrap().replace('&', "&amp;").replace('"', "&quot;");
        let frame = |page: &PathBuf, width: usize| {
            format!("<iframe width={width} height=600 srcdoc=\"{}\"></iframe>\n", attribute(page))
        };
        let frames: String =
            pages.iter().flat_map(|page| [360, 838].map(|width| frame(page, width))).collect();
        let script = r#"
        addEventListener("load", () => {
          const problems = [];
          for (const frame of document.querySelectorAll("iframe")) {
            const page = frame.contentDocument;
            const width = page.documentElement.scrollWidth;
            if (width > frame.clientWidth) problems.push(`${width} of ${frame.clientWidth} px`);
            const loaded = frame.contentWindow.performance.getEntriesByType("resource");
            loaded.forEach((entry) => problems.push("request " + entry.name));
            const head = page.querySelector("th");
            head?.querySelector("[role=button]").click();
            if (head && head.getAttribute("aria-sort") !== "ascending") problems.push("not sorted");
            const dots = "circle[fill-opacity]";
            const svg = [...page.querySelectorAll("figure svg")].find((svg) => svg.querySelector(dots));
            if (!svg) continue;
            const slider = page.querySelector(".steps input");
            slider.value = 1;
            slider.dispatchEvent(new Event("input"));
            const isDim = (line) => line.style.opacity === "0.1";
            if (![...page.querySelectorAll("figure path")].some(isDim)) problems.push("no step is hidden");
            const dot = svg.querySelector(dots).getBoundingClientRect();
            const place = { clientX: dot.x + dot.width / 2, clientY: dot.y + dot.height / 2 };
            svg.dispatchEvent(new frame.contentWindow.PointerEvent("pointermove", place));
            const tip = page.querySelector(".tip");
            if (tip.hidden || !/: .+ at /.test(tip.textContent)) problems.push("no value under the pointer");
          }
          document.title = "problems: " + (problems.join("; ") || "none");
        });
    "#;
        format!("<!doctype html><meta charset=utf-8><script>{script}</script>{frames}")
    }

    #[test]
    #[ignore = "needs chromium"]
    fn pages_in_a_browser_make_no_request_and_fit_small_screens() {
        let dir = tempfile::tempdir().unwrap();
        let wrapper = dir.path().join("frames.html");
        let pages = pages(dir.path());
        fs::write(&wrapper, frames(&pages)).unwrap();
        let profile = format!("--user-data-dir={}", dir.path().join("profile").display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--dump-dom",
            &profile,
        ];
        let output = Command::new("chromium").args(arguments).arg(&wrapper).output().unwrap();
        let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let titles = dom.split("<title>").filter_map(|rest| rest.split("</title>").next());
        let title = titles.filter_map(|title| title.strip_prefix("problems: ")).next();
        assert_eq!(title, Some("none"));
        assert!(!log.contains("CONSOLE"), "{log}");
    }
}
