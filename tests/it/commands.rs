//! The smaller commands: `init`, `clean`, `list`, `doctor`, `completions`, `man`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::cli::Finished;
use crate::support::{lab, with_config};

/// Returns the standard output of a command that succeeds.
fn stdout(dir: &Path, arguments: &[&str]) -> String {
    let Finished { code, stdout, stderr } = lab(dir, arguments);
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stdout
}

/// Returns the message of a command that is refused.
fn refused(dir: &Path, arguments: &[&str]) -> String {
    let said = lab(dir, arguments);
    assert_eq!(said.code, 2, "{arguments:?}: {}{}", said.stdout, said.stderr);
    said.stderr
}

#[test]
fn init_config_of_each_kind_runs_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for kind in ["gradients", "jacobian", "speed", "training"] {
        let said = stdout(dir.path(), &["init", kind, "--kind", kind]);
        let expected = format!("{kind}.toml\nlstm-lab.schema.json\nnext: lstm-lab check {kind}.toml\n");
        assert!(said.starts_with(&expected), "{said}");
        let text = fs::read_to_string(dir.path().join(format!("{kind}.toml"))).unwrap();
        for line in text.lines().filter(|line| line.contains(" = ") && !line.starts_with("name = \"the")) {
            let explains = line.contains(" # ") || line.starts_with("# ") || !line.contains("# ");
            assert!(explains, "{kind}: {line}");
        }
        let config = format!("{kind}.toml");
        let run = lab(dir.path(), &["run", &config, "--device", "cpu"]);
        assert_eq!(run.code, 0, "{kind}: {}", run.stderr);
        assert!(run.stderr.contains(" 0 failed; report: "), "{}", run.stderr);
        let has_expectation = text.contains("[[expect]]");
        assert_eq!(run.stderr.contains("1 of 1 expectation holds"), has_expectation, "{}", run.stderr);
    }
}

#[test]
fn init_never_overwrites_and_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    assert!(stdout(dir.path(), &["init"]).starts_with("experiment.toml\n"));
    fs::write(dir.path().join("mine.toml"), "mine").unwrap();
    for name in ["mine", "mine.toml"] {
        let said = refused(dir.path(), &["init", name]);
        let expected = "lstm-lab: mine.toml: expected the name of a new file, found an existing one\n";
        assert_eq!(said, expected);
    }
    assert_eq!(fs::read_to_string(dir.path().join("mine.toml")).unwrap(), "mine");
    for (name, expected) in [
        ("", "expected a name for the config, found ``\n"),
        ("a/", "expected a name for the config, found `a/`\n"),
        ("no/where", "cannot write no/where.toml: No such file or directory (os error 2)\n"),
    ] {
        let said = lab(dir.path(), &["init", name]);
        assert!(said.code != 0 && said.stderr.ends_with(expected), "{name}: {}", said.stderr);
    }
    assert!(
        refused(dir.path(), &["init", "x", "--kind", "train"])
            .contains("found `train`; did you mean `training`?")
    );
    assert!(!dir.path().join("x.toml").exists());
}

const CONFIG: &str = "kind = \"gradients\"\nseeds = [1, 2]\n[grid]\ncell = \"rnn\"\nhidden_size = 4\n\
                      input_size = 2\nseq_len = 6\nbatch_size = 2\n";

/// The directories of runs in a results directory.
fn runs(results: &Path) -> usize {
    fs::read_dir(results.join("runs")).unwrap().count()
}

#[test]
fn clean_removes_the_runs_of_an_earlier_config_and_nothing_else() {
    let dir = with_config("small.toml", CONFIG);
    let (config, results) = (dir.path().join("small.toml"), dir.path().join("results/small"));
    let run =
        |arguments: &[&str]| stdout(dir.path(), &[&["run", "-q", "--device", "cpu"], arguments].concat());
    run(&["small.toml"]);
    assert_eq!(
        stdout(dir.path(), &["clean", "results/small"]),
        "results/small: no run but those of the config\n"
    );
    // A training that was not finished, and a file of the user.
    let unfinished = results.join("checkpoints/0123456789ab");
    fs::create_dir_all(&unfinished).unwrap();
    fs::write(unfinished.join("last.safetensors"), [0; 2000]).unwrap();
    fs::write(results.join("runs/notes.txt"), "mine").unwrap();
    fs::create_dir(results.join("runs/kept")).unwrap();
    fs::write(&config, CONFIG.replace("[1, 2]", "[2, 3]")).unwrap();
    run(&["small.toml"]);
    assert_eq!(runs(&results), 3 + 2);

    let listed = stdout(dir.path(), &["clean", "results/small"]);
    assert!(listed.starts_with("results/small: the config does not ask for 2 runs, "), "{listed}");
    for part in ["  gradients rnn [analytic] ", " seed=1\n", "  checkpoints of an unfinished run\n"] {
        assert!(listed.contains(part), "no `{part}` in {listed}");
    }
    assert!(listed.ends_with("nothing is removed without --yes\n"), "{listed}");
    assert_eq!(runs(&results), 3 + 2);

    let removed = stdout(dir.path(), &["clean", "results/small", "--yes"]);
    assert!(removed.ends_with("removed; results/small/report.md and the tables are rebuilt\n"), "{removed}");
    assert!(runs(&results) == 2 + 2 && !unfinished.exists());
    assert_eq!(fs::read_to_string(results.join("runs/notes.txt")).unwrap(), "mine");
    let again = lab(dir.path(), &["run", "small.toml", "--device", "cpu"]);
    assert!(again.stderr.contains("0 done, 2 already complete"), "{}", again.stderr);
}

#[test]
fn clean_with_a_config_keeps_the_runs_of_that_config() {
    let dir = with_config("small.toml", CONFIG);
    let (config, results) = (dir.path().join("small.toml"), dir.path().join("results/small"));
    assert_eq!(lab(dir.path(), &["run", "small.toml", "-q", "--device", "cpu"]).code, 0);
    fs::write(&config, CONFIG.replace("[1, 2]", "[2]")).unwrap();
    let with_config = ["clean", "results/small", "--config", "small.toml", "--device", "cpu"];
    assert!(stdout(dir.path(), &with_config).contains("does not ask for 1 run, "));
    stdout(dir.path(), &[&with_config[..], &["--yes"]].concat());
    assert_eq!(runs(&results), 1);
    let lines = |file: &str| fs::read_to_string(results.join(file)).unwrap().lines().count();
    assert_eq!([lines("runs.csv"), lines("plan.csv")], [2, 2], "a header and a run");
    fs::write(dir.path().join("other.toml"), CONFIG).unwrap();
    let said = refused(dir.path(), &["clean", "results/small", "--config", "other.toml"]);
    assert!(
        said.ends_with("other.toml: expected the config of results/small, found that of `other`\n"),
        "{said}"
    );
    let said = refused(dir.path(), &["clean", "results"]);
    assert!(said.contains("results: expected a results directory, found none with plan.csv"), "{said}");
}

#[test]
fn list_json_has_every_name_with_its_description() {
    let dir = tempfile::tempdir().unwrap();
    let list: Value = serde_json::from_str(&stdout(dir.path(), &["list", "--json"])).unwrap();
    for (key, name) in [
        ("kinds", "jacobian"),
        ("cells", "gru"),
        ("engines", "simd"),
        ("frameworks", "jax"),
        ("tasks", "adding"),
        ("encodings", "one_hot"),
        ("losses", "task"),
        ("models", "transformer"),
        ("optimizers", "adamw"),
        ("schedules", "cosine"),
        ("inits", "pytorch"),
    ] {
        let entry = list[key].as_array().unwrap().iter().find(|entry| entry["name"] == name);
        assert!(entry.is_some_and(|entry| !entry["about"].as_str().unwrap().is_empty()), "{key}: {list}");
    }
    let is_adding = |entry: &Value| entry["name"].as_str().unwrap().ends_with("experiments/adding.toml");
    assert!(list["experiments"].as_array().unwrap().iter().any(is_adding), "{list}");
}

#[test]
fn doctor_json_has_versions_machine_and_timing_problems() {
    let dir = tempfile::tempdir().unwrap();
    let found: Value =
        serde_json::from_str(&stdout(dir.path(), &["doctor", "--json", "--threads", "999"])).unwrap();
    assert_eq!((&found["lstm_lab"], &found["threads"]), (&env!("CARGO_PKG_VERSION").into(), &999.into()));
    for speed in ["matmul_f32_gflops", "copy_gib_per_second"] {
        assert!(found[speed].as_f64().unwrap() > 0.0, "{found}");
    }
    let problems = found["timing_problems"].as_array().unwrap();
    let few = |problem: &Value| problem.as_str().unwrap().starts_with("999 threads share ");
    assert!(problems.iter().any(few), "{found}");
    let is_debug = |problem: &Value| problem.as_str().unwrap().starts_with("this is a debug build");
    assert_eq!(problems.iter().any(is_debug), cfg!(debug_assertions), "{found}");
    for key in ["memory_total", "load_average", "governor", "cpu_quota", "stolen_share", "cuda_devices"] {
        assert!(found.as_object().unwrap().contains_key(key), "no `{key}` in {found}");
    }
    // libtorch's default is true.
    assert_eq!(found["tf32"], false);
    let said = stdout(dir.path(), &["doctor", "--threads", "999"]);
    for line in
        ["memory ", "copy ", "load average ", "governor ", "cpu quota ", "timings        unreliable: "]
    {
        assert!(said.lines().any(|found| found.starts_with(line)), "no `{line}` in {said}");
    }
}

#[test]
fn completions_and_manual_name_every_command() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(dir.path(), &["completions", shell]);
        for word in
            ["lstm-lab", "doctor", "--only"].iter().filter(|word| shell != "fish" || !word.starts_with('-'))
        {
            assert!(script.contains(word), "{shell}: no `{word}`");
        }
        assert!(!script.contains("time-engines"), "{shell}: a hidden command");
    }
    assert!(refused(dir.path(), &["completions", "csh"]).contains("[possible values: "));
    stdout(dir.path(), &["man", "pages"]);
    let page = |name: &str| fs::read_to_string(dir.path().join("pages").join(name)).unwrap();
    assert!(page("lstm-lab.1").contains("check"));
    assert!(page("lstm-lab-run.1").contains("only"));
    assert!(!dir.path().join("pages/lstm-lab-time-engines.1").exists());
}

#[test]
fn command_misspelt_is_refused_with_a_suggestion() {
    let dir = tempfile::tempdir().unwrap();
    for (wrong, right) in [
        ("reprot", "report"),
        ("rnu", "run"),
        ("docter", "doctor"),
        ("chekc", "check"),
        ("lsit", "list"),
        ("RUN", "run"),
    ] {
        let said = refused(dir.path(), &[wrong]);
        assert!(
            said.contains(" similar subcommand") && said.contains(&format!("'{right}'")),
            "{wrong}: {said}"
        );
    }
    assert!(refused(dir.path(), &["data", "fetcch"]).contains("a similar subcommand exists: 'fetch'"));
    for strange in [&["fly"][..], &["data", "run"]] {
        assert!(!refused(dir.path(), strange).contains("similar"), "{strange:?}");
    }
    assert!(
        refused(dir.path(), &["run", "x.toml", "--sede", "3"])
            .contains("a similar argument exists: '--seeds'")
    );
}
