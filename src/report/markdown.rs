//! The report as Markdown.

use std::collections::BTreeSet;

use super::figures::{Figure, Figures};
use super::guide;
use super::load::Experiment;

use super::point::{Point, Setting, labels};
use super::table::{Table, escaped};
use super::tables::{self, Captioned};
use super::training;
use super::{claim, published};
use crate::results::schema::{RunRow, SummaryRow};

/// The whole report. What the config says is taken as Markdown, everything else as plain text.
pub fn report(experiment: &Experiment, summary: &[SummaryRow], figures: &Figures) -> String {
    let mut sections = vec![format!("# {}", escaped(&experiment.name)), about(experiment)];
    sections
        .extend(experiment.claim.iter().map(|said| claim::section(said, &claim::judge(said, experiment))));
    sections.extend(published::section(&experiment.publications, experiment));
    sections.push(runs(&experiment.runs));
    for (title, table, figures) in [
        ("Training", &training::table(&experiment.runs, summary), &figures.training),
        ("Gradients", &tables::gradients(&experiment.runs, summary), &figures.gradients),
        ("Jacobians", &tables::jacobian(summary), &figures.jacobian),
        ("Speed", &tables::speed(summary), &figures.speed),
    ] {
        if table.is_some() || !figures.is_empty() {
            sections.push(format!("## {title}"));
            sections.extend(table.as_ref().map(captioned));
            sections.extend(figures.iter().map(figure));
        }
    }
    sections.push(environment(experiment));
    let has = |kind: &str| summary.iter().any(|row| row.kind == kind);
    sections.push(guide::COMMON.trim().to_string());
    sections.extend(experiment.claim.is_some().then(|| guide::CLAIM.trim().to_string()));
    let has_published = !experiment.publications.is_empty();
    sections.extend(has_published.then(|| guide::PUBLISHED.trim().to_string()));
    sections.extend(has("gradients").then(|| guide::GRADIENTS.trim().to_string()));
    sections.extend(has("jacobian").then(|| guide::JACOBIAN.trim().to_string()));
    let trained = experiment.runs.iter().any(|run| run.kind == "training");
    sections.extend(trained.then(|| guide::TRAINING.trim().to_string()));
    sections.extend(has("speed").then(|| guide::SPEED.trim().to_string()));
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

fn about(experiment: &Experiment) -> String {
    let about = &experiment.about;
    let parts =
        [("Question", &about.question), ("Source", &about.source), ("Expected outcome", &about.expect)];
    let given = parts.iter().filter_map(|(title, text)| Some(format!("**{title}.** {}", text.as_ref()?)));
    given.collect::<Vec<_>>().join("\n\n")
}

/// How many runs there are, and which failed why.
fn runs(runs: &[RunRow]) -> String {
    let failed: Vec<&RunRow> = runs.iter().filter(|run| run.status != "ok").collect();
    let ok = runs.len() - failed.len();
    let plural = if runs.len() == 1 { "" } else { "s" };
    let mut text = format!("## Runs\n\n{} run{plural}: {ok} ok, {} failed.", runs.len(), failed.len());
    if runs.is_empty() {
        text.push_str(" There is nothing to report yet.");
    }
    let processors: BTreeSet<&str> = runs.iter().filter_map(|run| run.cpu.as_deref()).collect();
    if processors.len() > 1 {
        let names = processors.into_iter().map(escaped).collect::<Vec<_>>().join("; ");
        text.push_str(&format!(
            " They were made on several processors ({names}): `runs.csv` says which on which, and the environment below is \
             that of the last."
        ));
    }
    if !failed.is_empty() {
        text.push_str("\n\nFailed:\n");
    }
    for run in failed {
        let settings = labels(&Setting::ALL, &Point::from(run)).join(", ");
        let error = run.error.as_deref().unwrap_or("no error is recorded");
        let (settings, error) = (escaped(&settings), escaped(error));
        text.push_str(&format!("\n- {} ({settings}, seed {}): {error}", escaped(&run.run_id), run.seed));
    }
    text
}

fn captioned(captioned: &Captioned) -> String {
    format!("{}\n\n{}", captioned.caption, captioned.table.to_markdown().trim_end())
}

fn figure(figure: &Figure) -> String {
    let (title, caption) = (escaped(&figure.title), escaped(&figure.caption));
    format!("![{title}](plots/{}.svg)\n\n*{title}.* {caption}", figure.name)
}

fn environment(experiment: &Experiment) -> String {
    if experiment.environment.is_empty() {
        return String::new();
    }
    let row = |(name, value): (&String, &String)| vec![escaped(name), escaped(value)];
    let table = Table {
        header: ["what", "value"].map(String::from).to_vec(),
        rows: experiment.environment.iter().map(row).collect(),
    };
    format!("## Environment\n\n{}", table.to_markdown().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::load::About;
    use crate::report::{fake, group, summary};

    fn written(experiment: &Experiment) -> String {
        let summary = summary::rows(experiment);
        report(experiment, &summary, &Figures::draw(experiment, &[], &summary))
    }

    #[test]
    fn a_report_says_what_was_asked_run_and_found() {
        let mut runs = vec![fake::run("a", 1), fake::run("b", 2)];
        runs[1].status = "failed".into();
        runs[1].error = Some("out of | memory\nat step *3*".into());
        let rows = fake::line("a", "total_h", 10, 0.0, -0.1);
        let experiment = Experiment {
            name: "my_experiment".into(),
            about: About { question: Some("Does it *vanish*?".into()), ..About::default() },
            environment: [("git_revision".to_string(), "abc".to_string())].into(),
            gradients: group::gradients(&runs, rows),
            runs,
            ..Experiment::default()
        };
        let text = written(&experiment);
        let expected = [
            "# my\\_experiment\n\n**Question.** Does it *vanish*?\n\n## Runs\n\n2 runs: 1 ok, 1 failed.\n\nFailed:\n\n- b (",
            "seed 2): out of \\| memory at step \\*3\\*\n\n## Gradients\n\n",
            "| lstm | -0.100 ",
            "![total\\_h](plots/total_h.svg)\n\n*total\\_h.* The norm of the gradient",
            "## Environment\n\n| what          | value |\n",
            "| git\\_revision | abc   |\n\n## How to read this\n\n",
            "- **half-life**",
        ];
        let mut rest = text.as_str();
        for part in expected {
            let Some((_, after)) = rest.split_once(part) else {
                panic!("`{part}` is not in what is left: {rest}")
            };
            rest = after;
        }
        assert!(!text.contains("Speed") && !text.contains("**ratio**"), "{text}");
    }

    #[test]
    fn a_report_of_nothing_says_so() {
        let text = written(&Experiment { name: "empty".into(), ..Experiment::default() });
        assert!(
            text.starts_with(
                "# empty\n\n## Runs\n\n0 runs: 0 ok, 0 failed. There is nothing to report yet.\n"
            )
        );
        assert!(!text.contains("## Gradients") && !text.contains("## Environment"), "{text}");
    }
}
