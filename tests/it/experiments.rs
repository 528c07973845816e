//! The shipped configs are valid and documented. Claims and published results refer to runs that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lstm_lab::config::spec::{Part, TaskSpec, TextSource};
use lstm_lab::config::{self, PUBLISHED, Spec};
use lstm_lab::data::{Corpus, DatasetKind, EncodedText, Input, Inputs, RawText, dataset_of};
use lstm_lab::settings::names::ExperimentKind;

fn experiments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments")
}

/// Returns the configs of a directory.
fn configs(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is_config =
        |path: &PathBuf| path.extension().is_some_and(|e| e == "toml") && !path.ends_with(PUBLISHED);
    files.filter(is_config).collect()
}

fn load(path: &Path) -> Spec {
    config::load(path, &[]).unwrap_or_else(|e| panic!("{e}"))
}

/// Returns inputs that are large enough for a plan. `None` for images, which need their dataset.
fn inputs(spec: &Spec) -> Option<Inputs> {
    match &spec.task {
        TaskSpec::Images { .. } => None,
        TaskSpec::Text { corpus, .. } => {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), "one two three four five six seven eight nine ten\n".repeat(10_000))
                .unwrap();
            let raw = || RawText::from_file(file.path()).unwrap();
            Some(Inputs {
                training: Some(Input::Corpus(Corpus::new(&raw(), lstm_lab::plan::cut(corpus)))),
                text: Some(Input::Text(EncodedText::new(raw()).unwrap())),
            })
        }
        _ => Some(Inputs::default()),
    }
}

#[test]
fn shipped_configs_load_plan_and_document_themselves() {
    let (shipped, claims) = (configs(&experiments()), configs(&experiments().join("claims")));
    assert!(shipped.len() >= 20 && claims.len() == 11, "found {} and {}", shipped.len(), claims.len());
    for path in shipped.iter().chain(&claims) {
        let spec = load(path);
        for (key, text) in [
            ("question", &spec.about.question),
            ("source", &spec.about.source),
            ("expected_runtime", &spec.about.expected_runtime),
        ] {
            assert!(text.as_ref().is_some_and(|text| text.len() > 10), "{}: no `{key}`", path.display());
        }
        let is_timing = |part: &Part| part.measure.kind() == ExperimentKind::Speed;
        assert!(
            spec.tests.places().next().is_some() || spec.parts.iter().all(is_timing),
            "{}: neither an expectation nor a claim",
            path.display()
        );
        match &spec.task {
            TaskSpec::Text { source: TextSource::Dataset(name), .. } => {
                assert!(dataset_of(DatasetKind::Text, name).is_ok());
            }
            TaskSpec::Text { source: TextSource::File(file), .. } => {
                panic!(
                    "{}: expected a dataset, found a file of one machine: {}",
                    path.display(),
                    file.display()
                );
            }
            TaskSpec::Images { dataset, .. } => assert!(dataset_of(DatasetKind::Images, dataset).is_ok()),
            _ => {}
        }
        if let Some(inputs) = inputs(&spec) {
            let plan =
                lstm_lab::plan::Plan::new(&spec, &inputs, &lstm_lab::plan::Machine::new("cpu", 1, "avx2"))
                    .unwrap_or_else(|e| panic!("{e}"));
            assert!(!plan.runs.is_empty(), "{}", path.display());
            for published in spec.published.publications.iter().flat_map(|publication| &publication.results) {
                let repeats = plan.runs.iter().any(|run| published.selected.fits(&run.settings));
                assert!(
                    repeats,
                    "{}: no run repeats the published result where {}",
                    path.display(),
                    published.selected
                );
            }
        }
    }
}

#[test]
fn shipped_claims_have_tests() {
    for path in configs(&experiments().join("claims")) {
        let is_claimed = load(&path).tests.claim.is_some_and(|claim| !claim.tests.is_empty());
        assert!(is_claimed, "{}: no claim", path.display());
    }
}

/// A test that no run can decide would look like a result.
#[test]
fn shipped_tests_have_seeds_enough_to_be_decided() {
    for dir in [experiments(), experiments().join("claims")] {
        for path in configs(&dir) {
            let spec = load(&path);
            let foreseen = lstm_lab::report::foreseen(&spec.tests, spec.seeds.len());
            assert!(foreseen.is_empty(), "{}: {foreseen:?}", path.display());
        }
    }
}

#[test]
fn published_results_belong_to_shipped_experiments() {
    let text = fs::read_to_string(experiments().join(PUBLISHED)).unwrap();
    let names: BTreeSet<String> =
        text.parse::<toml::Table>().unwrap().into_iter().map(|(name, _)| name).collect();
    let shipped: BTreeSet<String> = configs(&experiments()).iter().map(|path| load(path).name).collect();
    assert!(
        names.is_subset(&shipped),
        "published results without an experiment: {:?}",
        names.difference(&shipped)
    );
    for name in ["hochreiter_adding", "adding_2018", "copy_memory", "temporal_order", "sotu_word"] {
        assert!(names.contains(name), "{name} repeats a paper, but has no published result");
    }
}
