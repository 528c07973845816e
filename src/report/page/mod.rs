//! The report as Markdown and as HTML: the context of the templates `report.md.jinja` and
//! `report.html.jinja`. Every text of the context is Markdown.

mod gradients;
pub mod html;
mod jacobian;
mod markdown_table;
mod paths;
mod samples;
mod settings;
mod speed;
mod statistics;
mod training;
mod verdicts;

use std::collections::BTreeSet;

use minijinja::{Environment, Value, context};

use self::markdown_table::Captioned;
pub use self::markdown_table::{MarkdownTable, escaped, escaped_row};
use super::answer::{Answer, Overview};
use super::fields::{all, labels};
use super::figures::{Figure, Figures};
use super::judge::Verdicts;
use super::load::Results;
use super::summary::{Section, Statistic};
use crate::results::RunRecord;
use crate::results::schema::SampleRow;
use crate::settings::names::ExperimentKind;

const MARKDOWN: &str = include_str!("report.md.jinja");

const HTML: &str = include_str!("report.html.jinja");

/// The terms of the documentation, of which a report includes the sections that it needs.
const GLOSSARY: &str = include_str!("../../../docs/glossary.md");

/// The report in both formats.
#[derive(Debug)]
pub struct Page {
    /// The report as Markdown.
    pub markdown: String,
    /// The report as one HTML document.
    pub html: String,
}

/// The whole report. Texts of the config are Markdown, everything else is plain text.
///
/// # Errors
/// A template is wrong.
pub fn report(
    results: &Results,
    (samples, answer): (&[SampleRow], &Answer),
    summary: &[Statistic],
    verdicts: &Verdicts,
    figures: &Figures,
) -> Result<Page, minijinja::Error> {
    let context = context(results, (samples, answer), summary, verdicts, figures);
    let mut templates = Environment::new();
    templates.add_filter("inline", |text: &str| Value::from_safe_string(html::inline(text)));
    templates.add_filter("block", |text: &str| Value::from_safe_string(html::block(text)));
    templates.add_template("report.html", HTML)?;
    let body = templates.get_template("report.html")?.render(&context)?;
    Ok(Page {
        markdown: templates.render_str(MARKDOWN, &context)? + "\n",
        html: html::document(&results.name, &body),
    })
}

fn context(
    results: &Results,
    (samples, answer): (&[SampleRow], &Answer),
    summary: &[Statistic],
    verdicts: &Verdicts,
    figures: &Figures,
) -> Value {
    let of_training = training::tables(results, summary).into_iter().chain(samples::table(results, samples));
    let of_training = of_training.collect();
    let of_gradients = gradients::tables(results, summary).into_iter().chain(paths::table(summary)).collect();
    let sections = [
        section("Training", of_training, &figures.training),
        section("Gradients", of_gradients, &figures.gradients),
        section("Jacobians", jacobian::table(summary).into_iter().collect(), &figures.jacobian),
        section("Speed", speed::tables(summary), &figures.speed),
    ];
    let overviews: Vec<MarkdownTable> = answer.tables.iter().map(overview).collect();
    context! {
        name => escaped(&results.name),
        about => about(results, answer),
        numbers => answer.numbers.iter().map(|sentence| escaped(sentence)).collect::<Vec<_>>(),
        also => answer.also.iter().map(|sentence| escaped(sentence)).collect::<Vec<_>>(),
        overviews => overviews.iter().map(html::both).collect::<Vec<_>>(),
        answer => Value::from_safe_string(html::answer(&answer.head, &overviews, &answer.numbers)),
        expectations => verdicts::expectations(&verdicts.expectations),
        expectation_figures => pictures(&figures.expectations),
        claim => results.tests.claim.as_ref().map(|claim| verdicts::claim(claim, &verdicts.claim)),
        claim_figures => pictures(&figures.claim),
        publications => verdicts::publications(&results.publications, &verdicts.published),
        runs => runs(results),
        sections => sections.into_iter().flatten().collect::<Vec<_>>(),
        environment => environment_table(results),
        glossary => glossary(results, summary),
    }
}

/// A table of the answer.
fn overview(of: &Overview) -> MarkdownTable {
    MarkdownTable {
        header: escaped_row(&of.header),
        rows: of.rows.iter().map(|row| escaped_row(row)).collect(),
    }
}

/// The texts of the config, with the answer after the question.
fn about(results: &Results, answer: &Answer) -> Vec<Value> {
    let about = &results.about;
    let answer = (!answer.head.is_empty()).then(|| escaped(&answer.head.join(" ")));
    let texts = [("Question", about.question.clone()), ("Answer", answer), ("Source", about.source.clone())];
    let given = texts.into_iter().filter_map(|(title, text)| Some((title, text?)));
    let listed = |texts: &[String]| (!texts.is_empty()).then(|| escaped(&texts.join("; ")));
    let changed = listed(&about.changed)
        .map(|texts| ("Changed settings", format!("With {texts}. Nothing is judged on changed settings.")));
    let added = listed(&about.added).map(|texts| ("Added runs", format!("With {texts}.")));
    let all = changed.into_iter().chain(added).chain(given);
    all.map(|(title, text)| context! { title => title, text => text }).collect()
}

/// The number of runs, what is missing or differs among them, and the reason of each failure.
fn runs(results: &Results) -> Value {
    let processors: BTreeSet<&str> = results.runs().filter_map(|run| run.row.cpu.as_deref()).collect();
    let programs: BTreeSet<String> = results.runs().filter_map(RunRecord::program).collect();
    let failed = |run: &RunRecord| {
        context! {
            id => escaped(&run.row.run_id),
            settings => escaped(&labels(&all(), &run.settings).join(", ")),
            seed => run.settings.seed,
            error => escaped(run.row.error.as_deref().unwrap_or("no error is recorded")),
        }
    };
    context! {
        count => results.runs().count(),
        failed => results.runs().filter(|run| !run.is_ok()).map(failed).collect::<Vec<_>>(),
        unmade => results.unmade(),
        planned => results.plan.len(),
        programs => programs.iter().map(|program| escaped(program)).collect::<Vec<_>>(),
        processors => processors.into_iter().map(escaped).collect::<Vec<_>>(),
    }
}

/// A section; none without a table or a figure.
fn section(title: &str, tables: Vec<Captioned>, figures: &[Figure]) -> Option<Value> {
    let table = |table: &Captioned| {
        context! {
            title => table.title.as_str(),
            caption => table.caption.as_str(),
            table => html::both(&table.table),
        }
    };
    let is_empty = tables.is_empty() && figures.is_empty();
    (!is_empty).then(|| {
        context! {
            title => title,
            tables => tables.iter().map(table).collect::<Vec<_>>(),
            figures => pictures(figures),
        }
    })
}

/// Figures for the templates.
fn pictures(figures: &[Figure]) -> Vec<Value> {
    let picture = |figure: &Figure| {
        context! {
            name => figure.name.as_str(),
            title => escaped(figure.title()),
            caption => escaped(&figure.caption),
            svg => Value::from_safe_string(html::figure(&figure.svg_for_screen(), figure.title())),
        }
    };
    figures.iter().map(picture).collect()
}

fn environment_table(results: &Results) -> Option<Value> {
    let row = |(name, value): (&String, &String)| vec![escaped(name), escaped(value)];
    let header = ["name", "value"].map(String::from).to_vec();
    let table = MarkdownTable { header, rows: results.environment.iter().map(row).collect() };
    (!table.rows.is_empty()).then(|| html::both(&table))
}

/// The sections of the glossary that the report needs: title and text.
fn glossary(results: &Results, summary: &[Statistic]) -> Vec<Value> {
    let has = |section: Section| summary.iter().any(|row| row.section == section);
    let needs = |title: &str| match title {
        "Expectations" => !results.tests.expectations.is_empty(),
        "Claim" => results.tests.claim.is_some(),
        "Published results" => !results.publications.is_empty(),
        "Inits" => results.points.iter().any(|point| point.settings.kind != ExperimentKind::Speed),
        "Networks and inputs of a measurement" => has(Section::Gradients) || has(Section::Jacobian),
        "Gradients" => has(Section::Gradients),
        "Jacobians" => has(Section::Jacobian),
        "Training" => results.of_kind(ExperimentKind::Training).next().is_some(),
        "Speed" => has(Section::Speed),
        _ => title == "Every report",
    };
    let sections = GLOSSARY.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    let needed = sections.filter(|(title, _)| needs(title));
    needed.map(|(title, text)| context! { title => title, text => text.trim() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{failed, line, results, run};
    use crate::report::group::{Curves, Groups};
    use crate::report::load::About;
    use crate::report::summary::statistics;

    fn written(results: &Results, groups: &Groups) -> String {
        let verdicts = Verdicts::judge(results, groups);
        let summary = statistics(results, groups, &verdicts);
        let figures = Figures::of(results, groups, &summary, &verdicts);
        let answer = Answer {
            head: vec!["It *does*.".into()],
            numbers: vec!["It is *3*.".into()],
            ..Answer::default()
        };
        report(results, (&[], &answer), &summary, &verdicts, &figures).unwrap().markdown
    }

    #[test]
    fn report_shows_question_runs_and_findings() {
        let mut second = failed(run("b", 2));
        second.row.error = Some("out of | memory\nat step *3*".into());
        let results = Results {
            name: "my_experiment".into(),
            about: About { question: Some("Does it *vanish*?".into()), ..About::default() },
            environment: [("git_revision".to_string(), "abc".to_string())].into(),
            ..results([run("a", 1), second])
        };
        let gradients = Curves::of_gradients(&results, line("a", "total_h", 10, 0.0, -0.1)).fitted().groups();
        let text = written(&results, &Groups { gradients, ..Groups::default() });
        let expected = [
            "# my\\_experiment\n\n**Question.** Does it *vanish*?\n\n**Answer.** It \\*does\\*.\n\n\
             - It is \\*3\\*.\n\n## Runs\n\n2 runs: 1 ok, 1 failed.\n\nFailed:\n\n- b (",
            "seed 2): out of \\| memory at step \\*3\\*\n\n## Gradients\n\n",
            "![Gradient of the loss with respect to the hidden state hₜ](plots/total_h.svg)\n\n\
             *Gradient of the loss with respect to the hidden state hₜ.* The norm of the gradient",
            "| lstm | -0.100 ",
            "## Environment\n\n| name          | value |\n",
            "| git\\_revision | abc   |\n\n## How to read this\n\n",
            "### Every report\n\n- **B**",
            "### Gradients\n\n",
            "- **half-life**",
        ];
        let mut rest = text.as_str();
        for part in expected {
            let Some((_, after)) = rest.split_once(part) else {
                panic!("`{part}` is not in the rest: {rest}")
            };
            rest = after;
        }
        assert!(!text.contains("Speed") && !text.contains("**ratio**"), "{text}");
    }

    #[test]
    fn report_of_nothing_says_so() {
        let text = written(&Results { name: "empty".into(), ..Results::default() }, &Groups::default());
        let start = "# empty\n\n**Answer.** It \\*does\\*.\n\n- It is \\*3\\*.\n\n## Runs\n\n\
                     0 runs: 0 ok, 0 failed. There is nothing to report yet.\n";
        assert!(text.starts_with(start), "{text}");
        assert!(!text.contains("## Gradients") && !text.contains("## Environment"), "{text}");
    }
}
