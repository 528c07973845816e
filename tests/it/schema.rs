//! The JSON Schema of configs: it accepts every config of the repository, refuses wrong ones, and agrees with
//! the documentation.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use lstm_lab::config;
use serde_json::Value;

use crate::support::lab;
use crate::support::snapshot::{assert_matches_file, tests_dir};

/// Refused configs of `tests/refusals` whose mistakes a schema can find.
const WRONG: [&str; 41] = [
    "cell_empty",
    "cell_of_another_case",
    "cell_twice",
    "cell_unknown",
    "claim_metric_unknown",
    "claim_statement_missing",
    "claim_where_empty",
    "claim_where_missing",
    "dtype_unknown",
    "engine_unknown",
    "exclude_empty",
    "exclude_setting_unknown",
    "expect_key_unknown",
    "gradients_lags_unknown",
    "grid_key_misspelt",
    "grid_not_a_table",
    "grid_seq_len_fraction",
    "grid_seq_len_string",
    "grid_shapes_key_unknown",
    "jacobian_qr_every_zero",
    "key_of_the_grid_at_the_top",
    "key_unknown",
    "kind_missing",
    "kind_twice",
    "kind_unknown",
    "layers_too_many",
    "seeds_bare_number",
    "seeds_negative",
    "seeds_string",
    "seq_len_zero",
    "speed_budget_zero",
    "speed_pass_unknown",
    "task_split_two_numbers",
    "task_unknown",
    "training_dropout_one",
    "training_h_detach_above_one",
    "training_learning_rate_zero",
    "training_optimizer_unknown",
    "training_orthogonal_penalty_negative",
    "training_recurrent_dropout_one",
    "training_steps_zero",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn validator() -> Validator {
    jsonschema::validator_for(&config::schema()).unwrap()
}

/// The problems of a config by the schema.
fn problems(validator: &Validator, path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let value: Value = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let problem = |error: jsonschema::ValidationError| {
        format!("{}: {}: {error}", path.display(), error.instance_path())
    };
    validator.iter_errors(&value).map(problem).collect()
}

/// The configs in a folder of the repository.
fn configs(folder: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let is_config = |path: &PathBuf| {
        let is_toml = path.extension().is_some_and(|ending| ending == "toml");
        is_toml && !path.to_string_lossy().ends_with("published.toml")
    };
    paths.filter(is_config).collect()
}

#[test]
fn schema_accepts_every_config_of_the_repository() {
    let folders = ["experiments", "experiments/claims", "src/cmd/init", "tests/configs"];
    // The last is a config that `run` saved, with all defaults.
    let saved = tests_dir().join("snapshots/results/config.toml");
    let all: Vec<PathBuf> = folders.into_iter().flat_map(configs).chain([saved]).collect();
    assert!(all.len() > 35, "found {} configs", all.len());
    let validator = validator();
    let found: Vec<String> = all.iter().flat_map(|path| problems(&validator, path)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn schema_refuses_wrong_configs() {
    let validator = validator();
    let path = |name: &&str| tests_dir().join("refusals").join(format!("{name}.toml"));
    let accepted: Vec<_> = WRONG.iter().filter(|name| problems(&validator, &path(name)).is_empty()).collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn schema_copy_in_the_repository_is_that_of_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let said = lab(dir.path(), &["schema"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(!said.stdout.contains("null"), "TOML has no null");
    assert_matches_file(&root().join("experiments/schema.json"), &said.stdout);
    assert_eq!(lab(dir.path(), &["init", "my"]).code, 0);
    let config = fs::read_to_string(dir.path().join("my.toml")).unwrap();
    let named = config.lines().next().and_then(|line| line.strip_prefix("#:schema ")).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join(named)).unwrap(), said.stdout);
    assert_eq!(lab(dir.path(), &["schema", "my.toml"]).code, 2, "it takes no argument");
}

/// The tables of docs/config.md have a row for each key, with the same words.
#[test]
fn schema_describes_keys_as_the_documentation_does() {
    let page = fs::read_to_string(root().join("docs/config.md")).unwrap();
    let (_, reference) = page.split_once("<!-- begin keys -->").unwrap();
    let (reference, _) = reference.split_once("<!-- end keys -->").unwrap();
    let schema = config::schema();
    let (mut table, mut compared) = (&schema, 0);
    for line in reference.lines().filter(|line| line.starts_with("| ")) {
        let (head, meaning) = line[2..line.len() - 2].split_once(" | ").unwrap();
        match (head, meaning) {
            ("at the head", _) => table = &schema,
            ("---", _) => {}
            (_, "meaning") => table = &schema["properties"][head.trim_matches(['`', '[', ']'])],
            _ => {
                let key = &table["properties"][head.trim_matches('`')];
                assert_eq!(key["description"], meaning.replace("\\|", "|"), "{head}");
                compared += 1;
            }
        }
    }
    assert!(compared > 70, "compared {compared} keys");
}
