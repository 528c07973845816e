//! Reads the results directory of one experiment: CSV, TOML and JSON, nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::group::{self, CurveGroup, ScalarGroup, SpeedGroup};
use super::profile::{self, ProfileGroup};
use crate::config::spec::Publication;
use crate::config::{self, spec::Claim};
use crate::results::schema::{GateRow, JacobianRow, RunRow, TrainingRow};
use crate::support::error::{Error, Result};

/// What the report of one experiment is made from.
#[derive(Debug, Default)]
pub struct Experiment {
    /// Name of the experiment: that of its directory.
    pub name: String,
    /// What its config says that it is about.
    pub about: About,
    /// What it ran on, by name.
    pub environment: BTreeMap<String, String>,
    /// Every run.
    pub runs: Vec<RunRow>,
    /// The gradients of the runs that are `ok`.
    pub gradients: Vec<CurveGroup>,
    /// Products of Jacobians of the runs that are `ok`.
    pub jacobian: Vec<CurveGroup>,
    /// What predicts how fast gradients decay.
    pub predictions: Vec<ScalarGroup>,
    /// The timings.
    pub speed: Vec<SpeedGroup>,
    /// What learning does to the gradient, of the runs that are `ok`.
    pub profiles: Vec<ProfileGroup>,
    /// What was learned, row by row.
    pub training: Vec<TrainingRow>,
    /// What is said of the networks.
    pub claim: Option<Claim>,
    /// The published results that the experiment repeats.
    pub publications: Vec<Publication>,
}

/// What a config says about its experiment.
#[derive(Debug, Default, PartialEq)]
pub struct About {
    /// The question.
    pub question: Option<String>,
    /// Whom it was taken from.
    pub source: Option<String>,
    /// The expected outcome.
    pub expect: Option<String>,
}

/// Reads the results directory of one experiment.
///
/// # Errors
/// `dir` has no `runs.csv`; a file in it is not what its name promises.
pub fn load(dir: &Path) -> Result<Experiment> {
    let runs_csv = dir.join("runs.csv");
    if !runs_csv.is_file() {
        let problem = "not the results directory of an experiment: expected a file `runs.csv` in it, \
                       as `lstm-lab run` writes to DIR/<experiment name>/";
        return Err(Error::data(dir, problem));
    }
    let runs: Vec<RunRow> = csv_rows(&runs_csv, |rows| rows.collect())?;
    let gradients_csv = dir.join("gradients.csv");
    let gradients = csv_rows(&gradients_csv, |rows| group::gradients(&runs, rows))?;
    let profiles = match runs.iter().any(|run| run.kind == "training") {
        true => csv_rows(&gradients_csv, |rows| profile::profiles(&runs, rows))?,
        false => vec![],
    };
    let jacobian: Vec<JacobianRow> = csv_rows(&dir.join("jacobian.csv"), |rows| rows.collect())?;
    let gates: Vec<GateRow> = csv_rows(&dir.join("gates.csv"), |rows| rows.collect())?;
    let training: Vec<TrainingRow> = csv_rows(&dir.join("training.csv"), |rows| rows.collect())?;
    let config = dir.join("config.toml");
    let speed = csv_rows(&dir.join("speed.csv"), |rows| group::speed(&runs, rows))?;
    for (kind, file, is_empty) in [
        ("gradients", "gradients.csv", gradients.is_empty()),
        ("jacobian", "jacobian.csv", jacobian.is_empty()),
        ("speed", "speed.csv", speed.is_empty()),
        ("training", "training.csv", training.is_empty()),
    ] {
        let count = runs.iter().filter(|run| run.kind == kind && run.status == "ok").count();
        if is_empty && count > 0 {
            let problem = format!(
                "expected rows of the {count} runs of the kind `{kind}` that runs.csv has as ok, found none; \
                 `lstm-lab run` with the same config writes it anew from runs/"
            );
            return Err(Error::data(&dir.join(file), problem));
        }
    }
    Ok(Experiment {
        name: name(dir),
        about: about(&config)?,
        claim: if config.exists() { config::read_claim(&config)? } else { None },
        publications: config::read_published(&dir.join(config::PUBLISHED))?,
        environment: environment(&dir.join("environment.json"))?,
        jacobian: group::jacobian(&runs, &jacobian),
        predictions: group::predictions(&runs, &jacobian, &gates),
        runs,
        gradients,
        profiles,
        speed,
        training,
    })
}

/// The directory's own name, also where it is given as `.` or through a link.
fn name(dir: &Path) -> String {
    let resolved = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    resolved.file_name().map_or("results".to_string(), |name| name.to_string_lossy().into_owned())
}

/// Hands the rows of a CSV file on, one by one; no rows where there is no such file.
fn csv_rows<R: DeserializeOwned, T>(
    path: &Path,
    take: impl FnOnce(&mut dyn Iterator<Item = R>) -> T,
) -> Result<T> {
    if !path.exists() {
        return Ok(take(&mut std::iter::empty()));
    }
    let mut reader = csv::Reader::from_path(path).map_err(Error::csv("read", path))?;
    let mut problem = None;
    let mut good = reader.deserialize().map_while(|row| row.map_err(|error| problem = Some(error)).ok());
    let taken = take(&mut good);
    match problem {
        None => Ok(taken),
        Some(error) => Err(Error::csv("read", path)(error)),
    }
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
    Ok(About { question: string("question")?, source: string("source")?, expect: string("expected")? })
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

/// A file's text; none where there is no such file.
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
    use crate::report::fake;

    fn runs_csv(rows: &[RunRow]) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| writer.serialize(row).unwrap());
        writer.into_inner().unwrap()
    }

    #[test]
    fn a_directory_without_runs_is_refused_with_what_was_expected() {
        let dir = tempfile::tempdir().unwrap();
        let error = load(dir.path()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("expected a file `runs.csv`"), "{error}");
    }

    #[test]
    fn everything_but_the_runs_may_be_absent_where_none_of_them_went_well() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("my-experiment");
        fs::create_dir(&place).unwrap();
        let failed = RunRow { status: "failed".into(), ..fake::run("a", 1) };
        fs::write(place.join("runs.csv"), runs_csv(std::slice::from_ref(&failed))).unwrap();
        let found = load(&place).unwrap();
        assert_eq!(found.name, "my-experiment");
        assert_eq!(found.runs, [failed]);
        assert_eq!(found.about, About::default());
        assert!(found.environment.is_empty() && found.gradients.is_empty() && found.speed.is_empty());
    }

    #[test]
    fn rows_of_runs_that_went_well_may_not_be_absent() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("runs.csv"), runs_csv(&[fake::run("a", 1)])).unwrap();
        let message = load(dir.path()).unwrap_err().to_string();
        assert!(message.contains("gradients.csv") && message.contains("found none"), "{message}");
    }

    #[test]
    fn files_of_a_header_or_of_nothing_have_no_rows() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("runs.csv"), "").unwrap();
        fs::write(dir.path().join("gradients.csv"), "run_id,cell,engine\n").unwrap();
        fs::write(dir.path().join("speed.csv"), "run_id,cell,engine\n").unwrap();
        let found = load(dir.path()).unwrap();
        assert!(found.runs.is_empty() && found.gradients.is_empty() && found.speed.is_empty());
    }

    #[test]
    fn a_field_that_is_no_number_is_an_error_with_file_and_line() {
        let dir = tempfile::tempdir().unwrap();
        let text = String::from_utf8(runs_csv(&[fake::run("a", 1)])).unwrap();
        fs::write(dir.path().join("runs.csv"), text.replace(",100,", ",many,")).unwrap();
        let message = load(dir.path()).unwrap_err().to_string();
        assert!(message.contains("runs.csv") && message.contains("line: 2"), "{message}");
    }

    #[test]
    fn config_and_environment_are_read_and_checked() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("runs.csv"), "").unwrap();
        fs::write(dir.path().join("config.toml"), "question = \"why?\"\n[grid]\nsource = 1\n").unwrap();
        fs::write(dir.path().join("environment.json"), r#"{"cpu": "x", "cores": 2}"#).unwrap();
        let found = load(dir.path()).unwrap();
        assert_eq!(found.about.question.as_deref(), Some("why?"));
        assert_eq!(found.about.source, None);
        assert_eq!(found.environment["cores"], "2");

        fs::write(dir.path().join("config.toml"), "expected = 3\n").unwrap();
        let message = load(dir.path()).unwrap_err().to_string();
        assert!(
            message.ends_with("expected a string as `expected`, found a value of type integer"),
            "{message}"
        );
        fs::remove_file(dir.path().join("config.toml")).unwrap();
        fs::write(dir.path().join("environment.json"), "[1]").unwrap();
        assert!(load(dir.path()).unwrap_err().to_string().contains("expected a JSON object"));
    }
}
