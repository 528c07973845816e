//! Training by the program: equal results of all engines, resuming after a kill, divergence, sampling.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use lstm_lab::cell::CellName;
use lstm_lab::plan::sizing::ModelShape;
use lstm_lab::results::schema::{GradientRow, Row, RunRow, TrainingRow};
use lstm_lab::results::table;
use lstm_lab::settings::Settings;
use lstm_lab::settings::names::ModelName;
use tch::Kind;

use crate::support::cli::Finished;
use crate::support::{Case, lab};

/// Writes a config of the kind `training`.
fn config(dir: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = dir.join(format!("{name}.toml"));
    fs::write(&path, format!("kind = \"training\"\n{text}")).unwrap();
    path
}

fn run(dir: &Path, config: &Path, more: &[&str]) -> Finished {
    let config = config.to_str().unwrap();
    lab(dir, &[&["run", config, "--threads", "1", "-q"], more].concat())
}

/// Returns text from the best checkpoint of a config with one run.
fn sample(dir: &Path, name: &str, more: &[&str]) -> Finished {
    let mut runs = fs::read_dir(dir.join("results").join(name).join("checkpoints")).unwrap();
    let checkpoint = runs.next().unwrap().unwrap().path().join("best.safetensors");
    lab(dir, &[&["sample", checkpoint.to_str().unwrap()], more].concat())
}

fn rows<R: Row>(dir: &Path, name: &str) -> Vec<(Settings, R)> {
    table::read(&dir.join("results").join(name).join(R::FILE)).unwrap()
}

fn training(dir: &Path, name: &str) -> Vec<(Settings, TrainingRow)> {
    rows(dir, name)
}

fn series(
    rows: &[(Settings, TrainingRow)],
    of: impl Fn(&Settings) -> bool,
    split: &str,
    metric: &str,
) -> Vec<f64> {
    let fits = |(s, r): &&(Settings, TrainingRow)| r.split == split && r.metric == metric && of(s);
    rows.iter().filter(fits).map(|(_, r)| r.value).collect()
}

const TEXT: &str = "the quick brown fox jumps over the lazy dog, and the dog does not mind.\n";

#[test]
fn losses_of_100_steps_are_equal_for_every_engine() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(
        dir.path(),
        "engines",
        "[task]\nname = \"adding\"\n[grid]\ncell = [\"lstm\", \"gru\", \"rnn\"]\n\
         engine = [\"simd\", \"analytic\", \"fused\", \"builtin\", \"stepwise\"]\n\
         hidden_size = 20\nseq_len = 15\nbatch_size = 8\nlayers = 2\n\
         [training]\nsteps = 100\nlog_every = 1\nclip_norm = 1.0\ndropout = 0.1\neval_sequences = 16\n",
    );
    let output = run(dir.path(), &config, &[]);
    assert!(output.code == 0, "{}", output.stderr);
    let rows = training(dir.path(), "engines");
    for cell in ["lstm", "gru", "rnn"] {
        let of = |engine: &str| {
            series(
                &rows,
                |s| s.value("cell").as_deref() == Some(cell) && s.engine.to_string() == engine,
                "train",
                "loss",
            )
        };
        let reference = of("analytic");
        assert_eq!(reference.len(), 100);
        assert!(reference[99] < reference[0], "{cell}: nothing was learned");
        for engine in ["simd", "fused", "builtin", "stepwise"] {
            let losses = of(engine);
            assert_eq!(losses.len(), 100, "{cell} {engine}");
            for (step, (found, expected)) in losses.iter().zip(&reference).enumerate() {
                let error = (found - expected).abs() / expected;
                // f32 has 7 digits, and rounding errors accumulate over a hundred updates.
                assert!(error < 1e-3, "{cell} {engine} step {step}: {found} against {expected}");
            }
        }
    }
}

/// Starts a run and kills it after its first checkpoint. Returns true if the run was still alive.
fn run_killed(dir: &Path, config: &Path, checkpoints: &Path) -> bool {
    let mut command = Command::new(cargo_bin("lstm-lab"));
    command.current_dir(dir).arg("run").arg(config).args(["--threads", "1", "-q"]);
    let mut child = command.spawn().unwrap();
    let has_checkpoint = |run: io::Result<DirEntry>| run.unwrap().path().join("last.safetensors").exists();
    while !fs::read_dir(checkpoints).is_ok_and(|mut runs| runs.any(has_checkpoint)) {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before its first checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// The signal may arrive in the middle of a step or a write. The tests in `learning` stop runs at chosen
/// steps.
#[test]
fn run_killed_by_the_system_continues_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), TEXT.repeat(60)).unwrap();
    let text = r#"
[task]
name = "text"
file = "text.txt"
split = [0.8, 0.1, 0.1]
[grid]
cell = "lstm"
hidden_size = 24
seq_len = 20
batch_size = 4
layers = 2
[training]
epochs = 6
optimizer = "sgd"
momentum = 0.9
dropout = 0.2
log_every = 7
evaluate_every = 20
probe_every = 50
checkpoint_seconds = 0
eval_sequences = 8
"#;
    let whole = config(dir.path(), "whole", text);
    let output = run(dir.path(), &whole, &[]);
    assert_eq!(output.code, 0, "{}", output.stderr);

    let cut = config(dir.path(), "cut", text);
    let results = dir.path().join("results/cut");
    // On a busy machine the run can end before the signal. The test then starts again.
    let was_killed = (0..5).any(|_| {
        let _ = fs::remove_dir_all(&results);
        run_killed(dir.path(), &cut, &results.join("checkpoints"))
    });
    assert!(was_killed && !results.join("training.csv").exists());
    let output = run(dir.path(), &cut, &[]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    for file in ["training.csv", "gradients.csv"] {
        let read = |name: &str| fs::read_to_string(dir.path().join("results").join(name).join(file)).unwrap();
        assert!(read("whole").lines().count() > 10);
        assert_eq!(read("whole"), read("cut"), "{file}");
    }
}

/// A run that diverges at its first steps.
const WILD: &str = "[task]\nname = \"adding\"\n[grid]\ncell = \"rnn\"\nhidden_size = 8\nseq_len = 20\n\
                    batch_size = 4\n\
                    [training]\nsteps = 200\noptimizer = \"sgd\"\nlearning_rate = 1e30\neval_sequences = 4\n";

#[test]
fn diverged_run_fails_with_step_and_keeps_rows() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), "wild", &format!("{WILD}log_every = 1\n"));
    let output = run(dir.path(), &config, &[]);
    assert_eq!(output.code, 1);
    let said = output.stderr;
    assert!(said.contains("training diverged at step"), "{said}");
    assert!(said.contains("the last finite loss was"), "{said}");
    assert!(!training(dir.path(), "wild").is_empty());
}

/// A gradient that overflows before the first update: neither clipping nor the learning rate is at fault.
#[test]
fn diverged_run_that_clips_is_not_advised_to_clip() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[task]\nname = \"adding\"\n[grid]\ncell = \"rnn\"\ninit = \"gaussian(2)\"\n\
                hidden_size = 64\nseq_len = 300\n[training]\noptimizer = \"sgd\"\nlearning_rate = 10\n\
                clip_norm = 1\nsteps = 5\neval_sequences = 2\n";
    let config = config(dir.path(), "clips", text);
    let said = run(dir.path(), &config, &[]).stderr;
    assert!(said.contains("training diverged at step 1: the gradient's norm is "), "{said}");
    assert!(said.contains(", at step 1; no update was made before, so another init "), "{said}");
    assert!(!said.contains("clip_norm") && !said.contains("no finite loss"), "{said}");
}

/// A diverged run counts as unsolved, and reports the same when it is resumed from its checkpoint.
#[test]
fn diverged_run_is_reported_as_unsolved() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), "wild", &format!("{WILD}solved_loss = 0.01\ncheckpoint_seconds = 0\n"));
    let errors: Vec<Option<String>> = (0..2)
        .map(|_| {
            assert_eq!(run(dir.path(), &config, &[]).code, 1);
            rows::<RunRow>(dir.path(), "wild").remove(0).1.error
        })
        .collect();
    assert_eq!(errors[0], errors[1]);
    let rows = training(dir.path(), "wild");
    assert_eq!(series(&rows, |_| true, "train", "solved"), [0.0]);
    let report = fs::read_to_string(dir.path().join("results/wild/report.md")).unwrap();
    assert!(report.contains("0 of 1"), "{report}");
}

/// Executes small runs of two seeds, and returns the config and their checkpoint directories.
fn two_seeds(dir: &Path) -> (std::path::PathBuf, [std::path::PathBuf; 2]) {
    let path = config(
        dir,
        "two",
        "seeds = [1, 2]\n[task]\nname = \"adding\"\n[grid]\ncell = \"rnn\"\nhidden_size = 4\nseq_len = 10\n\
         batch_size = 4\n\
         [training]\nsteps = 20\neval_sequences = 4\n",
    );
    let output = run(dir, &path, &[]);
    assert!(output.code == 0, "{}", output.stderr);
    let runs = rows::<RunRow>(dir, "two").into_iter();
    let places: Vec<_> = runs.map(|(_, run)| dir.join("results/two/checkpoints").join(run.run_id)).collect();
    (path, places.try_into().unwrap())
}

#[test]
fn best_checkpoint_of_another_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (config, [one, other]) = two_seeds(dir.path());
    fs::copy(other.join("best.safetensors"), one.join("best.safetensors")).unwrap();
    fs::remove_dir_all(dir.path().join("results/two/runs").join(one.file_name().unwrap())).unwrap();
    let output = run(dir.path(), &config, &[]);
    assert_eq!(output.code, 1);
    let said = output.stderr;
    assert!(said.contains("expected the best evaluation"), "{said}");
    fs::remove_file(one.join("best.safetensors")).unwrap();
    let said = run(dir.path(), &config, &[]).stderr;
    assert!(said.contains("the run cannot go on") && said.contains("--rerun begins anew"), "{said}");
    assert!(run(dir.path(), &config, &["--rerun"]).code == 0);
}

#[test]
fn unwritable_checkpoint_fails_run_without_rows() {
    let dir = tempfile::tempdir().unwrap();
    let (config, [one, other]) = two_seeds(dir.path());
    fs::remove_dir_all(dir.path().join("results/two/runs")).unwrap();
    fs::remove_dir_all(&one).unwrap();
    fs::create_dir_all(one.join("best.safetensors/in the way")).unwrap();
    let output = run(dir.path(), &config, &[]);
    assert_eq!(output.code, 1);
    let id = |place: &Path| place.file_name().unwrap().to_string_lossy().into_owned();
    let rows = training(dir.path(), "two");
    assert!(!rows.is_empty() && rows.iter().all(|(_, row)| row.run_id == id(&other)), "{rows:?}");
}

/// Reports show the last profile as the gradient after training.
#[test]
fn last_gradient_profile_is_at_last_step() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[task]\nname = \"adding\"\n[grid]\ncell = \"rnn\"\nhidden_size = 4\nseq_len = 10\n\
                batch_size = 4\n\
                [training]\nsteps = 20\neval_sequences = 4\nprobe_every = 15\n";
    let config = config(dir.path(), "profiles", text);
    assert!(run(dir.path(), &config, &[]).code == 0);
    let rows = rows::<GradientRow>(dir.path(), "profiles");
    let mut steps: Vec<usize> = rows.iter().map(|(_, row)| row.step.unwrap()).collect();
    steps.dedup();
    assert_eq!(steps, [0, 15, 20]);
}

#[test]
fn partial_files_of_killed_process_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (config, [one, _]) = two_seeds(dir.path());
    let id = one.file_name().unwrap().to_string_lossy().into_owned();
    let runs = dir.path().join("results/two/runs");
    let left = [one.join(".writing-abc"), runs.join(format!(".{id}-abc"))];
    fs::write(&left[0], "half").unwrap();
    fs::create_dir(&left[1]).unwrap();
    fs::remove_dir_all(runs.join(&id)).unwrap();
    assert!(run(dir.path(), &config, &[]).code == 0);
    assert!(left.iter().all(|path| !path.exists()) && runs.join(&id).exists());
}

#[test]
fn sequences_column_counts_training_sequences() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), TEXT.repeat(4)).unwrap();
    let text = "[task]\nname = \"text\"\nfile = \"text.txt\"\npredict = \"last_step\"\nstride = 40\n\
                split = [0.8, 0.1, 0.1]\n\
                [grid]\ncell = \"rnn\"\nhidden_size = 4\nseq_len = 20\nbatch_size = 32\n[training]\n\
                steps = 3\n\
                log_every = 1\n";
    let config = config(dir.path(), "few", text);
    let output = run(dir.path(), &config, &[]);
    assert!(output.code == 0, "{}", output.stderr);
    let rows = training(dir.path(), "few");
    let seen: Vec<usize> = rows
        .iter()
        .filter(|(_, row)| row.split == "train" && row.metric == "loss")
        .map(|(_, row)| row.sequences)
        .collect();
    // The train split has 230 of 288 characters, with an excerpt of 20 and its next character every 40.
    assert_eq!(seen, [6, 12, 18]);
}

#[test]
fn sequence_too_large_for_memory_is_refused_before_the_first_run() {
    let dir = tempfile::tempdir().unwrap();
    for task in ["adding", "copy_memory", "temporal_order", "modular_sum", "xor", "selective_copy"] {
        let config = config(
            dir.path(),
            task,
            &format!(
                "[task]\nname = \"{task}\"\n[grid]\ncell = \"rnn\"\nhidden_size = 2\n\
                 seq_len = [1_000_000_000_000, 20]\nbatch_size = 2\n[training]\nsteps = 1\n\
                 eval_sequences = 2\n"
            ),
        );
        let output = run(dir.path(), &config, &[]);
        assert_eq!(output.code, 2, "{}", output.stderr);
        assert!(output.stderr.contains(":7: `grid.seq_len`: expected sizes that fit"), "{}", output.stderr);
        assert!(!dir.path().join("results").exists());
    }
}

/// The loss of 1000 sequences of the adding problem varies by 3.7 % around its expectation, so a fixed band
/// around chance would miss many of the networks that learned nothing. 36 or more of 40 have a probability of
/// 0.95 if each is found with 95 %.
#[test]
fn networks_that_learned_nothing_are_at_chance() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(
        dir.path(),
        "nothing",
        "[task]\nname = \"adding\"\n\
         [grid]\ncell = \"rnn\"\nengine = \"builtin\"\nhidden_size = 4\nseq_len = 60\nbatch_size = 50\n\
         [training]\nsteps = 60\nlearning_rate = 0.01\nevaluate_every = 60\neval_sequences = 1000\n",
    );
    let output = run(dir.path(), &config, &["--seeds", "40"]);
    assert!(output.code == 0, "{}", output.stderr);
    let rows = training(dir.path(), "nothing");
    let tests: Vec<&TrainingRow> =
        rows.iter().map(|(_, row)| row).filter(|row| row.split == "test" && row.metric == "loss").collect();
    let at_chance = tests.iter().filter(|row| row.over_chance_high.unwrap() >= 1.0).count();
    assert!(tests.len() == 40 && at_chance >= 36, "{at_chance} of {} are at chance", tests.len());
    let accuracies: Vec<f64> = rows
        .iter()
        .filter(|(_, row)| row.split == "test" && row.metric == "accuracy")
        .filter_map(|(_, row)| row.chance)
        .collect();
    // P(|s - 1| < 0.04) = 1 - 0.96² = 0.0784 for a sum s of two uniform numbers.
    let mean = accuracies.iter().sum::<f64>() / 40.0;
    assert!((mean - 0.0784).abs() < 0.005, "accuracy of the constant: {mean}");
}

/// The text repeats one line. A model that learns the line predicts each next character. A model that does
/// not learn stays at the unigram baseline.
#[test]
fn every_model_learns_text_below_chance_baseline() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), TEXT.repeat(60)).unwrap();
    let config = config(
        dir.path(),
        "models",
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.8, 0.1, 0.1]\n\
         [grid]\ncell = \"lstm\"\nhidden_size = 32\nseq_len = 24\nbatch_size = 4\n\
         [training]\nmodel = [\"recurrent\", \"attention\", \"transformer\"]\nsteps = 150\n\
         learning_rate = 0.01\n\
         clip_norm = 1.0\nprobe_every = 150\n",
    );
    let output = run(dir.path(), &config, &[]);
    assert!(output.code == 0, "{}", output.stderr);
    let rows = training(dir.path(), "models");
    for model in ["recurrent", "attention", "transformer"] {
        let of_test = |metric: &str| {
            let is_model = |s: &Settings| s.value("model").as_deref() == Some(model);
            let found =
                |(s, r): &&(Settings, TrainingRow)| is_model(s) && r.split == "test" && r.metric == metric;
            rows.iter().find(found).map(|(_, r)| r).unwrap()
        };
        let test = of_test("loss");
        let chance = test.chance.unwrap();
        assert!(chance > 2.5 && test.value < 0.5 * chance, "{model}: {} beside {chance}", test.value);
        let bits = of_test("bits_per_character").value;
        assert!((bits - test.value / std::f64::consts::LN_2).abs() < 1e-12);
    }
    let gradients = fs::read_to_string(dir.path().join("results/models/gradients.csv")).unwrap();
    assert!(gradients.contains("input_x") && gradients.contains("total_c"), "{gradients}");
    for figure in ["input_x-during-training.svg", "total_h-during-training.svg"] {
        assert!(dir.path().join("results/models/plots").join(figure).exists(), "{figure}");
    }
}

#[test]
fn sample_continues_text_and_refuses_unknown_characters() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), TEXT.repeat(60)).unwrap();
    let config = config(
        dir.path(),
        "sampled",
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.8, 0.1, 0.1]\n\
         [grid]\ncell = \"gru\"\nhidden_size = 48\nseq_len = 30\nbatch_size = 4\n\
         [training]\nsteps = 250\nlearning_rate = 0.01\nclip_norm = 1.0\n",
    );
    assert!(run(dir.path(), &config, &[]).code == 0);
    let sample = |more: &[&str]| sample(dir.path(), "sampled", more);
    let likeliest = sample(&["--prime", "the quick brown", "--length", "20", "--temperature", "0"]);
    assert_eq!(likeliest.stdout, "the quick brown fox jumps over the \n");
    let [one, again, other] =
        ["1", "1", "2"].map(|seed| sample(&["--seed", seed, "--temperature", "3"]).stdout);
    assert_eq!(one, again);
    assert_ne!(one, other);
    let unknown = sample(&["--prime", "the Q\u{fc}ick"]);
    assert_eq!(unknown.code, 2);
    let said = unknown.stderr;
    assert!(said.contains("found \"Q\", \"\u{fc}\""), "{said}");
    for (arguments, said) in
        [(["--temperature=-1", "--seed=1"], "--temperature"), (["--prime=", "--seed=1"], "found none")]
    {
        let output = sample(&arguments);
        assert_eq!(output.code, 2, "{}", output.stderr);
        assert!(output.stderr.contains(said), "{arguments:?}: {}", output.stderr);
    }
    fs::write(dir.path().join("no.safetensors"), "x").unwrap();
    let output = lab(dir.path(), &["sample", "no.safetensors"]);
    assert_eq!(output.code, 2);
}

/// A file that is no text is learned from by its bytes, by both kinds that read a text.
#[test]
fn bytes_of_any_file_are_learned_and_sampled() {
    let dir = tempfile::tempdir().unwrap();
    let line = [&b"z\xc3\xb6lf \xff\x00 \xfe"[..], b"\r\n"].concat();
    fs::write(dir.path().join("any.bin"), line.repeat(400)).unwrap();
    let task = "[task]\nfile = \"any.bin\"\ntokenizer = \"byte\"\n";
    let text = format!(
        "{task}split = [0.8, 0.1, 0.1]\n[grid]\ncell = \"gru\"\nhidden_size = 32\nseq_len = 20\n\
         batch_size = 4\n[training]\nsteps = 200\nlearning_rate = 0.01\nclip_norm = 1.0\n"
    );
    let learned = run(dir.path(), &config(dir.path(), "bytes", &text), &[]);
    assert_eq!(learned.code, 0, "{}", learned.stderr);
    let rows = training(dir.path(), "bytes");
    let bits = series(&rows, |_| true, "test", "bits_per_byte");
    assert!(matches!(bits[..], [bits] if bits < 0.1), "{bits:?}");
    // The 11 different bytes of a line, and the unknown ones.
    assert!(rows.iter().all(|(settings, _)| settings.input_size == 12), "{:?}", rows[0].0);
    let found = sample(dir.path(), "bytes", &["--prime", "zö", "--length", "8", "--temperature", "0"]);
    assert_eq!(found.stdout, "zölf \u{fffd}\0 \u{fffd}\r\n");
    let unknown = sample(dir.path(), "bytes", &["--prime", "é"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("expected bytes"), "{}", unknown.stderr);

    let gradients = dir.path().join("gradients.toml");
    fs::write(&gradients, format!("kind = \"gradients\"\n{task}[grid]\ncell = \"rnn\"\nseq_len = 9\n"))
        .unwrap();
    let output = run(dir.path(), &gradients, &[]);
    assert_eq!(output.code, 0, "{}", output.stderr);
}

/// A model trained on excerpts of five characters, each from a zero state, is sampled in the same way.
#[test]
fn sample_of_excerpt_model_depends_on_last_excerpt_only() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), TEXT.repeat(60)).unwrap();
    let config = config(
        dir.path(),
        "excerpts",
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.8, 0.1, 0.1]\npredict = \"last_step\"\n\
         [grid]\ncell = \"lstm\"\nhidden_size = 16\nseq_len = 5\nbatch_size = 8\n\
         [training]\nsteps = 60\nlearning_rate = 0.01\n",
    );
    assert!(run(dir.path(), &config, &[]).code == 0);
    let continued = |prime: &str| {
        let more = ["--length", "80", "--temperature", "0.7", "--prime", prime];
        let sampled = sample(dir.path(), "excerpts", &more);
        assert_eq!(sampled.code, 0, "{}", sampled.stderr);
        sampled.stdout[prime.len()..].to_string()
    };
    assert_eq!(continued("brown"), continued("over the quick brown"));
    assert_ne!(continued("brown"), continued("quick"), "it looks at what it is given");
}

/// A model of words starts after an end of line if the prime has no word.
#[test]
fn sample_of_word_model_without_prime_begins_a_line() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), TEXT.repeat(60)).unwrap();
    let config = config(
        dir.path(),
        "words",
        "[task]\nname = \"text\"\nfile = \"text.txt\"\ntokenizer = \"word\"\nsplit = [0.8, 0.1, 0.1]\n\
         [grid]\ncell = \"gru\"\nhidden_size = 32\nseq_len = 17\nbatch_size = 4\n\
         [training]\nsteps = 150\nlearning_rate = 0.01\nclip_norm = 1.0\n",
    );
    assert!(run(dir.path(), &config, &[]).code == 0);
    for prime in [&[][..], &["--prime", ""], &["--prime", " \n "]] {
        let output =
            sample(dir.path(), "words", &[&["--length", "19", "--temperature", "0"], prime].concat());
        assert!(output.code == 0, "{}", output.stderr);
        assert_eq!(output.stdout, format!("{TEXT}the\n"), "{prime:?}");
    }
}

#[test]
fn outputs_of_every_model_are_causal() {
    use lstm_lab::cell::CellName;
    use lstm_lab::device::Dtype;
    use lstm_lab::device::cpu;
    use lstm_lab::engine::EngineName;
    use lstm_lab::model::{ForwardArgs, Interventions, ModelConfig, model};
    use tch::Tensor;

    for name in lstm_lab::settings::names::ModelName::ALL {
        let config = ModelConfig {
            model: *name,
            cell: Some(CellName::Lstm),
            engine: Some(EngineName::Fused),
            init: Some("pytorch".into()),
            layer_sizes: vec![8, 8],
            proj_size: 0,
            heads: 2,
            positions: 12,
            symbols: None,
            encoding: None,
            input_size: 3,
            outputs: 5,
            dropout: 0.0,
            interventions: Interventions::default(),
            dtype: Dtype::F64,
        };
        let model = model(&config, 1, cpu());
        let input = Tensor::randn([12, 2, 3], (tch::Kind::Double, cpu()));
        let leaf = input.set_requires_grad(true);
        let said = model.run(&leaf, ForwardArgs { initial: None, output_steps: 12, dropout: None }).unwrap();
        assert_eq!(said.outputs.size(), [12, 2, 5]);
        // The output after step 7 depends on the steps up to 7 only.
        let gradient =
            Tensor::run_backward(&[said.outputs.get(6).sum(said.outputs.kind())], &[&leaf], false, false);
        let norms = gradient[0].abs().sum_dim_intlist([1, 2].as_slice(), false, tch::Kind::Double);
        let norms = Vec::<f64>::try_from(norms).unwrap();
        assert!(norms[..7].iter().all(|norm| *norm > 0.0), "{name}: {norms:?}");
        assert!(norms[7..].iter().all(|norm| *norm == 0.0), "{name}: {norms:?}");
        // The last outputs do not depend on how many are requested.
        let few = model.run(&leaf, ForwardArgs { initial: None, output_steps: 3, dropout: None }).unwrap();
        assert!(few.outputs.allclose(&said.outputs.narrow(0, 9, 3), 1e-12, 1e-12, false), "{name}");
    }
}

#[test]
fn engine_auto_selects_supported_engines() {
    use lstm_lab::config;
    use lstm_lab::data::Inputs;
    use lstm_lab::plan::{Machine, Plan};

    let dir = tempfile::tempdir().unwrap();
    let task = "[task]\nname = \"adding\"\n[grid]\ncell = \"lstm\"\n";
    let path = config(dir.path(), "auto", task);
    let engine_on = |changes: &[&str], device: &str, isa: &'static str| {
        let changes: Vec<String> = changes.iter().map(|change| change.to_string()).collect();
        let spec = config::load(&path, &changes).unwrap();
        let machine = Machine::new(device, 1, isa);
        Plan::new(&spec, &Inputs::default(), &machine).unwrap().runs[0].word("engine")
    };
    let engine = |changes: &[&str], device: &str| engine_on(changes, device, "avx2");
    assert_eq!(engine_on(&[], "cpu", "portable"), "builtin");
    assert_eq!(engine(&[], "cpu"), "simd");
    assert_eq!(engine_on(&["grid.dtype=f64"], "cpu", "portable"), "analytic");
    assert_eq!(engine(&["grid.dtype=f64"], "cpu"), "simd");
    assert_eq!(engine(&[], "cuda:0"), "builtin");
    assert_eq!(engine(&["grid.engine=fused"], "cpu"), "fused");
    let speed = ["kind=speed", "task.name=noise", "grid.engine=auto"];
    let all = "stepwise fused analytic simd builtin";
    assert_eq!(engine(&speed, "cpu"), all);
    assert_eq!(engine(&[&speed[..], &["grid.dtype=f64"]].concat(), "cpu"), all);
    assert_eq!(engine(&speed, "cuda:0"), "stepwise fused analytic builtin");
    let gradients = ["kind=gradients", "task.name=noise"];
    assert_eq!(engine(&gradients, "cpu"), "analytic");
    assert_eq!(engine(&[&gradients[..], &["grid.cell=janet"]].concat(), "cpu"), "recompute");
}

/// The test covers every model and cell with one parameter budget, on numbers and on embedded symbols.
/// Counts are compared with the models.
#[test]
fn parameter_budget_sets_hidden_size_of_every_model() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), TEXT.repeat(20)).unwrap();
    let text =
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nencoding = \"embedding\"\nsplit = [0.8, 0.1, 0.1]\n";
    let adding = "[task]\nname = \"adding\"\nvariant = \"1997\"\n";
    for (name, task, input_size) in [("text", text, "input_size = 5\n"), ("adding", adding, "")] {
        let grid = format!(
            "[grid]\ncell = [\"rnn\", \"lstm\", \"gru\"]\n{input_size}layers = 2\nseq_len = 20\n\
             batch_size = 4\n\
             [training]\nmodel = [\"recurrent\", \"attention\", \"transformer\"]\n\
             parameter_budget = 12_000\nsteps = 1\n\
             eval_sequences = 4\n"
        );
        let config = config(dir.path(), name, &format!("{task}{grid}"));
        let output = run(dir.path(), &config, &[]);
        assert!(output.code == 0, "{}", output.stderr);
        let runs = rows::<RunRow>(dir.path(), name);
        assert_eq!(runs.len(), 3 + 3 + 1);
        // The vocabulary has letters, space, comma, point, line break, and one symbol for unknown
        // characters.
        let symbols = TEXT.chars().collect::<std::collections::BTreeSet<_>>().len() + 1;
        for (settings, run) in runs {
            let model = settings.model();
            let frame = ModelShape {
                model,
                cell: settings.cell.unwrap_or(CellName::Rnn),
                proj_size: settings.proj_size.unwrap_or(0) as i64,
                heads: 4,
                input_size: settings.input_size,
                outputs: if name == "text" { symbols } else { 1 },
                embedded: if name == "text" { symbols } else { 0 },
                positions: if name == "text" { 20 } else { 22 },
            };
            let parameters = run.parameters.unwrap();
            let layers = [settings.hidden_size; 2];
            assert_eq!(parameters as u128, frame.parameters(&layers), "{model} {:?}", settings.cell);
            assert!(parameters.abs_diff(12_000) < 1500, "{model} {:?}: {parameters}", settings.cell);
        }
    }
}

#[test]
fn parameter_counts_of_layers_are_those_of_drawn_parameters() {
    for &cell in CellName::ALL {
        let case = Case::new(cell, 3, 1, Kind::Double);
        let shape = ModelShape {
            model: ModelName::Recurrent,
            cell,
            proj_size: case.size().proj_size,
            heads: 1,
            input_size: case.input as usize,
            outputs: 1,
            embedded: 0,
            positions: 1,
        };
        let drawn: usize = case.parameters().tensors().iter().map(|tensor| tensor.numel()).sum();
        assert_eq!(shape.recurrent_layers(&[case.hidden as usize; 3]), drawn as u128, "{cell}");
    }
}

/// An epoch of half the text has half the steps.
#[test]
fn train_fraction_scales_steps_of_epoch() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text.txt"), TEXT.repeat(60)).unwrap();
    for (name, targets) in [("every", ""), ("last", "predict = \"last_step\"\n")] {
        let text = format!(
            "[task]\nname = \"text\"\nfile = \"text.txt\"\n{targets}\
             [grid]\ncell = \"rnn\"\nhidden_size = 4\nseq_len = 10\nbatch_size = 4\n\
             [training]\nepochs = 1\ntrain_fraction = [0.5, 1]\neval_sequences = 8\n"
        );
        let config = config(dir.path(), name, &text);
        let output = run(dir.path(), &config, &[]);
        assert!(output.code == 0, "{}", output.stderr);
        let runs = rows::<RunRow>(dir.path(), name);
        let fractions: Vec<_> = runs.iter().map(|(settings, _)| settings.train_fraction).collect();
        assert_eq!(fractions, [Some(0.5), Some(1.0)]);
        let rows = training(dir.path(), name);
        let steps = |id: &str| {
            rows.iter().filter(|(_, row)| row.run_id == id).map(|(_, row)| row.step).max().unwrap()
        };
        let (half, whole) = (steps(&runs[0].1.run_id), steps(&runs[1].1.run_id));
        assert!(whole > 50 && half.abs_diff(whole / 2) <= 2, "{half} of {whole}");
    }
}

/// Noise on the weights changes the gradient of an update. The update itself starts from the weights without
/// noise: a learning rate near 0 leaves the weights, and so the held-out loss, as they are.
#[test]
fn weight_noise_changes_gradients_and_leaves_the_weights() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[task]\nname = \"adding\"\n[grid]\ncell = \"lstm\"\nhidden_size = 8\nseq_len = 10\n\
                batch_size = 4\n[training]\nweight_noise = [0, 0.1]\nlearning_rate = 1e-12\n\
                steps = 5\neval_sequences = 16\nevaluate_every = 5\nlog_every = 5\noptimizer = \"sgd\"\n";
    let config = config(dir.path(), "noise", text);
    let output = run(dir.path(), &config, &[]);
    assert!(output.code == 0, "{}", output.stderr);
    let rows = training(dir.path(), "noise");
    let of = |noise: f64, split: &str, metric: &str| {
        series(&rows, |settings| settings.weight_noise == Some(noise), split, metric)
    };
    let [clean, noisy] = [0.0, 0.1].map(|noise| of(noise, "train", "gradient_norm"));
    assert!(clean.len() == 1 && noisy.len() == 1 && (clean[0] - noisy[0]).abs() > 1e-3 * clean[0]);
    assert_eq!(of(0.0, "valid", "loss"), of(0.1, "valid", "loss"));
}

/// The sequences of a length are those that a run of that length is tested on.
#[test]
fn test_of_a_length_equals_test_of_a_run_of_that_length() {
    let dir = tempfile::tempdir().unwrap();
    for task in ["modular_sum", "xor", "selective_copy", "copy_memory", "adding", "temporal_order"] {
        let text = format!(
            "[task]\nname = \"{task}\"\n[grid]\ncell = \"lstm\"\nhidden_size = 4\nseq_len = 12\n\
             batch_size = 3\n[training]\nsteps = 4\neval_sequences = 8\ntest_lengths = [12, 40]\n"
        );
        let config = config(dir.path(), task, &text);
        assert_eq!(run(dir.path(), &config, &[]).code, 0, "{task}");
        let rows: Vec<TrainingRow> = training(dir.path(), task).into_iter().map(|(_, row)| row).collect();
        let of = |split: &str, length: Option<usize>| -> Vec<(String, f64, Option<f64>, usize)> {
            let fits = |row: &&TrainingRow| row.split == split && row.length == length;
            rows.iter()
                .filter(fits)
                .map(|row| (row.metric.clone(), row.value, row.chance, row.step))
                .collect()
        };
        let same = of("lengths", Some(12));
        assert_eq!(same.len(), 2, "{task}: loss and accuracy");
        assert_eq!(same, of("test", None), "{task}");
        let longer = of("lengths", Some(40));
        assert!(longer.len() == 2 && longer[0].1 != same[0].1, "{task}: {longer:?}");
        assert_eq!(of("lengths", None), [], "{task}");
    }
}
