//! The results directory of one experiment: CSV, TOML and JSON, nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::group_by::group_by;
use super::whole;
use crate::config;
use crate::config::spec::{AnswerPart, Plot, Publication, Solved, Tests};
use crate::results::schema::{PlanRow, Row, RunRow};
use crate::results::{RunRecord, table};
use crate::settings::names::ExperimentKind;
use crate::settings::{Settings, field};
use crate::support::error::{Error, Result};
use crate::support::file::{is_there, read, rows};
use crate::support::text::{number, pluralize};

/// The runs of one experiment, and what its files say of it.
#[derive(Debug, Default)]
pub struct Results {
    /// The results directory; rows are read from it when they are asked for.
    pub dir: PathBuf,
    /// Name of the experiment: that of its directory.
    pub name: String,
    /// The texts of its config.
    pub about: About,
    /// The ids of the runs of its plan; empty if the directory has none.
    pub plan: Vec<String>,
    /// The machine and the software, by name.
    pub environment: BTreeMap<String, String>,
    /// The grid points with their runs, in the order of `runs.csv`.
    pub points: Vec<GridPoint>,
    /// The claim and the expectations.
    pub tests: Tests,
    /// The published results that the experiment repeats.
    pub publications: Vec<Publication>,
    /// The choices for figures.
    pub plot: Plot,
    /// The parts of the answer beside expectations and claim.
    pub answer_with: Vec<AnswerPart>,
    /// The criterion by which a run has solved its task.
    pub criterion: Solved,
}

/// Runs that differ in nothing but the seed.
#[derive(Debug)]
pub struct GridPoint {
    /// Their settings, with a seed of 0.
    pub settings: Settings,
    /// The runs.
    pub runs: Vec<RunRecord>,
}

/// The texts of a config.
#[derive(Debug, Default, PartialEq)]
pub struct About {
    /// The question.
    pub question: Option<String>,
    /// The paper or idea that the experiment follows.
    pub source: Option<String>,
    /// The settings that overrides changed.
    pub changed: Vec<String>,
    /// The settings with which overrides only added runs.
    pub added: Vec<String>,
    /// The keys of `[training]` that are the same in all runs, such as `steps 300`.
    pub training: Vec<String>,
}

impl GridPoint {
    /// The runs that did not fail.
    pub fn ok(&self) -> impl Iterator<Item = &RunRecord> {
        self.runs.iter().filter(|run| run.is_ok())
    }
}

impl Results {
    /// Groups runs by grid point.
    pub fn new(runs: impl IntoIterator<Item = RunRecord>) -> Results {
        let point = |(settings, runs)| GridPoint { settings, runs };
        Results {
            points: group_by(runs, RunRecord::point).into_iter().map(point).collect(),
            ..Results::default()
        }
    }

    /// The number of runs of the plan that have not been made.
    pub fn unmade(&self) -> usize {
        let made: BTreeSet<&str> = self.runs().map(|run| run.row.run_id.as_str()).collect();
        self.plan.iter().filter(|id| !made.contains(id.as_str())).count()
    }

    /// The number of runs that failed.
    pub fn failed(&self) -> usize {
        self.runs().filter(|run| !run.is_ok()).count()
    }

    /// The runs that are missing or failed, in words.
    pub fn incomplete(&self) -> Option<String> {
        let (failed, unmade, planned) = (self.failed(), self.unmade(), self.plan.len());
        let has = if unmade == 1 { "has" } else { "have" };
        let unmade =
            (unmade > 0).then(|| format!("{unmade} of {planned} runs of the plan {has} not been made"));
        let failed =
            (failed > 0).then(|| format!("{failed} of {} failed", pluralize(self.runs().count(), "run")));
        let words: Vec<String> = unmade.into_iter().chain(failed).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// Every run.
    pub fn runs(&self) -> impl Iterator<Item = &RunRecord> + Clone {
        self.points.iter().flat_map(|point| &point.runs)
    }

    /// The grid points of a kind.
    pub fn of_kind(&self, kind: ExperimentKind) -> impl Iterator<Item = &GridPoint> {
        self.points.iter().filter(move |point| point.settings.kind == kind)
    }

    /// The places of the runs that count by id: the grid point, and the run in it.
    pub fn places(&self, counts: impl Fn(&RunRecord) -> bool) -> HashMap<&str, (usize, usize)> {
        let mut places = HashMap::new();
        for (point, runs) in self.points.iter().map(|point| &point.runs).enumerate() {
            let counted = runs.iter().enumerate().filter(|(_, run)| counts(run));
            places.extend(counted.map(|(n, run)| (run.row.run_id.as_str(), (point, n))));
        }
        places
    }

    /// Passes the rows of a CSV file on one by one; no rows without such a file.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub fn rows<R: Row, T>(&self, take: impl FnOnce(&mut dyn Iterator<Item = R>) -> T) -> Result<T> {
        let path = self.dir.join(R::FILE);
        if !is_there(&path)? {
            return Ok(take(&mut std::iter::empty()));
        }
        let mut problem = None;
        let mut good = rows(&path)?.map_while(|row| row.map_err(|error| problem = Some(error)).ok());
        let taken = take(&mut good);
        problem.map_or(Ok(taken), Err)
    }

    /// The error for a file without rows, if runs of the kind went well.
    pub fn missing(&self, file: &str, kind: ExperimentKind) -> Result<()> {
        match self.of_kind(kind).flat_map(GridPoint::ok).count() {
            0 => Ok(()),
            count => {
                let problem = format!(
                    "expected rows of the {count} runs of the kind `{kind}` that runs.csv has as ok, \
                     found none; `lstm-lab run` with the same config writes it anew from runs/, and \
                     `--rerun` makes runs that lack it anew"
                );
                Err(self.error(file, problem))
            }
        }
    }

    /// An error in a file.
    pub fn error(&self, file: &str, problem: String) -> Error {
        Error::data(&self.dir.join(file), problem)
    }
}

/// Reads the results directory of one experiment.
///
/// # Errors
/// `dir` has no `runs.csv`; a file in it has another format.
pub fn load(dir: &Path) -> Result<Results> {
    let runs_csv = dir.join(RunRow::FILE);
    if !is_there(&runs_csv)? {
        let found = nearby(dir);
        let hint = match found.is_empty() {
            true => ", as `lstm-lab run` writes to DIR/<experiment name>/".to_string(),
            false => format!("; results directories near it: {}", found.join(", ")),
        };
        let problem = "not the results directory of an experiment: expected a file `runs.csv` in it";
        return Err(Error::data(dir, format!("{problem}{hint}")));
    }
    let runs = table::read(&runs_csv)?.into_iter().map(|(settings, row)| RunRecord { settings, row });
    let runs: Vec<RunRecord> = runs.collect();
    whole::check(dir, &runs)?;
    let config_toml = dir.join("config.toml");
    let has_config = is_there(&config_toml)?;
    Ok(Results {
        dir: dir.to_path_buf(),
        name: name(dir),
        about: about(&config_toml)?,
        plan: plan(&dir.join(PlanRow::FILE))?,
        tests: if has_config { config::read_tests(&config_toml)? } else { Tests::default() },
        plot: if has_config { config::read_plot(&config_toml)? } else { Plot::default() },
        answer_with: if has_config { config::read_answer_parts(&config_toml)? } else { Vec::new() },
        criterion: criterion(&config_toml)?,
        publications: config::read_published(&dir.join(config::PUBLISHED))?,
        environment: environment(&dir.join("environment.json"))?,
        ..Results::new(runs)
    })
}

/// The results directories that a user may have meant: those inside `dir` or `dir/results`, and that around
/// it.
fn nearby(dir: &Path) -> Vec<String> {
    let inside =
        [dir.to_path_buf(), dir.join("results")].into_iter().filter_map(|dir| fs::read_dir(dir).ok());
    let inside = inside.flatten().flatten().map(|entry| entry.path());
    let around = dir.ancestors().skip(1).map(Path::to_path_buf);
    let is_results = |path: &PathBuf| path.join(RunRow::FILE).try_exists().unwrap_or(false);
    let mut found: Vec<String> =
        inside.chain(around).filter(is_results).map(|path| path.display().to_string()).collect();
    found.sort();
    found.dedup();
    found
}

/// The directory's own name, also if `dir` is `.` or a link.
fn name(dir: &Path) -> String {
    let resolved = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    resolved.file_name().map_or("results".to_string(), |name| name.to_string_lossy().into_owned())
}

fn about(path: &Path) -> Result<About> {
    let Some(text) = text(path)? else { return Ok(About::default()) };
    let config: toml::Table =
        text.parse().map_err(|error| Error::data(path, format!("expected TOML: {error}")))?;
    let string = |key: &str| match config.get(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text.trim().to_string())),
        Some(other) => Err(Error::data(
            path,
            format!("expected a string as `{key}`, found a value of type {}", other.type_str()),
        )),
    };
    let strings = |key: &str| {
        let list = config.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        list.filter_map(|text| text.as_str().map(str::to_string)).collect()
    };
    Ok(About {
        question: string("question")?,
        source: string("source")?,
        changed: strings("changed"),
        added: strings("added"),
        training: config.get("training").and_then(toml::Value::as_table).map(fixed).unwrap_or_default(),
    })
}

fn criterion(path: &Path) -> Result<Solved> {
    let config: Option<toml::Table> = text(path)?.and_then(|text| text.parse().ok());
    let training = config.as_ref().and_then(|config| config.get("training")?.as_table());
    Ok(training.map(Solved::of).unwrap_or_default())
}

/// The keys of a table that are no settings of a run, with their values.
fn fixed(table: &toml::Table) -> Vec<String> {
    let shown = |value: &toml::Value| match value {
        toml::Value::Table(_) => None,
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Float(value) => Some(number(*value)),
        other => Some(other.to_string()),
    };
    let keys = table.iter().filter(|(key, _)| field(key).is_none());
    keys.filter_map(|(key, value)| Some(format!("{} {}", key.replace('_', " "), shown(value)?))).collect()
}

/// The ids of the runs of the plan.
fn plan(path: &Path) -> Result<Vec<String>> {
    if !is_there(path)? {
        return Ok(Vec::new());
    }
    Ok(read::<PlanRow>(path)?.into_iter().map(|row| row.run_id).collect())
}

fn environment(path: &Path) -> Result<BTreeMap<String, String>> {
    let Some(text) = text(path)? else { return Ok(BTreeMap::new()) };
    let values: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text)
        .map_err(|error| Error::data(path, format!("expected a JSON object: {error}")))?;
    let plain = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(values.into_iter().map(|(key, value)| (key, plain(value))).collect())
}

/// The text of a file; none without such a file.
fn text(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::report::group::Groups;

    #[test]
    fn load_directory_without_runs_is_refused_with_expectation() {
        let dir = tempfile::tempdir().unwrap();
        let error = load(dir.path()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("expected a file `runs.csv`"), "{error}");
    }

    #[test]
    fn load_failed_runs_alone_need_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("my-experiment");
        fs::create_dir(&place).unwrap();
        let failed = fixtures::failed(fixtures::run("a", 1));
        fixtures::save_runs(&place, std::slice::from_ref(&failed));
        let found = load(&place).unwrap();
        assert_eq!(found.name, "my-experiment");
        assert_eq!(found.runs().collect::<Vec<_>>(), [&failed]);
        assert_eq!(found.about, About::default());
        let groups = Groups::read(&found).unwrap();
        assert!(found.environment.is_empty() && groups.gradients.is_empty() && groups.speed.is_empty());
    }

    #[test]
    fn rows_missing_for_ok_runs_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fixtures::save_runs(dir.path(), &[fixtures::run("a", 1)]);
        let message = Groups::read(&load(dir.path()).unwrap()).unwrap_err().to_string();
        assert!(message.contains("gradients.csv") && message.contains("found none"), "{message}");
    }

    #[test]
    fn load_headers_alone_and_empty_files_have_no_rows() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("runs.csv"), "").unwrap();
        fs::write(dir.path().join("gradients.csv"), "run_id,cell,engine\n").unwrap();
        fs::write(dir.path().join("speed.csv"), "run_id,cell,engine\n").unwrap();
        let found = load(dir.path()).unwrap();
        let groups = Groups::read(&found).unwrap();
        assert!(found.points.is_empty() && groups.gradients.is_empty() && groups.speed.is_empty());
    }

    #[test]
    fn load_config_and_environment_are_read_and_checked() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("runs.csv"), "").unwrap();
        fs::write(dir.path().join("config.toml"), "question = \"why?\"\n[grid]\nsource = 1\n").unwrap();
        fs::write(dir.path().join("environment.json"), r#"{"cpu": "x", "cores": 2}"#).unwrap();
        let found = load(dir.path()).unwrap();
        assert_eq!(found.about.question.as_deref(), Some("why?"));
        assert_eq!(found.about.source, None);
        assert_eq!(found.environment["cores"], "2");

        fs::write(dir.path().join("config.toml"), "question = 3\n").unwrap();
        let message = load(dir.path()).unwrap_err().to_string();
        assert!(
            message.ends_with("expected a string as `question`, found a value of type integer"),
            "{message}"
        );
        fs::remove_file(dir.path().join("config.toml")).unwrap();
        fs::write(dir.path().join("environment.json"), "[1]").unwrap();
        assert!(load(dir.path()).unwrap_err().to_string().contains("expected a JSON object"));
    }
}
