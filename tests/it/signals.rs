//! Long runs from the user's view: their progress, and the signals that stop them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::support::{lab, with_config};

/// A training that writes no checkpoint by itself.
const TRAINING: &str = r#"
kind = "training"
seeds = [1, 2]
[task]
name = "adding"
[grid]
cell = "lstm"
hidden_size = 24
seq_len = 20
batch_size = 8
[training]
steps = 600
log_every = 7
eval_sequences = 8
checkpoint_seconds = 3600
"#;

/// Starts `lstm-lab run x.toml` with messages in JSON and with more arguments.
fn start(dir: &Path, more: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let mut command = Command::new(cargo_bin("lstm-lab"));
    command.current_dir(dir).args(["run", "x.toml", "--threads", "1", "--log-format", "json"]).args(more);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

/// Reads events up to one of this name.
fn wait_for(name: &str, stderr: &mut BufReader<ChildStderr>) -> Value {
    let mut lines = stderr.lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    lines.find(|event| event["event"] == name).unwrap_or_else(|| panic!("no event `{name}`"))
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Returns true if the event file of the only run has a tag.
fn has_event(dir: &Path, tag: &str) -> bool {
    let run = fs::read_dir(dir.join("events/x")).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_dir(run).unwrap().next().unwrap().unwrap().path();
    let bytes = fs::read(file).unwrap();
    bytes.windows(tag.len()).any(|window| window == tag.as_bytes())
}

#[test]
fn run_stopped_by_a_signal_keeps_a_checkpoint_and_continues_bit_for_bit() {
    let whole = with_config("x.toml", TRAINING);
    assert_eq!(lab(whole.path(), &["run", "x.toml", "--threads", "1"]).code, 0);
    for (signal, name, code) in
        [("-INT", "SIGINT", 130), ("-TERM", "SIGTERM", 143), ("-USR1", "SIGUSR1", 138)]
    {
        let dir = with_config("x.toml", TRAINING);
        let (mut child, mut stderr) = start(dir.path(), &["--tensorboard", "events"]);
        wait_for("progress", &mut stderr);
        send(signal, &child);
        let stopped = wait_for("stopped", &mut stderr);
        assert_eq!(stopped["signal"], name);
        let message = "kept 0 complete runs and the checkpoint of the stopped run; the same command line \
                       goes on from there";
        assert_eq!(stopped["message"], message);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(["valid/loss", "test/loss"].map(|tag| has_event(dir.path(), tag)), [true, false]);
        let again = lab(dir.path(), &["run", "x.toml", "--threads", "1"]);
        assert_eq!(again.code, 0, "{}", again.stderr);
        let read = |dir: &Path| fs::read_to_string(dir.join("results/x/training.csv")).unwrap();
        assert!(read(dir.path()).lines().count() > 100);
        assert_eq!(read(dir.path()), read(whole.path()), "{name}");
    }
}

#[test]
fn run_without_checkpoints_is_finished_and_a_second_signal_ends_at_once() {
    let config = |steps: usize| {
        format!(
            "kind = \"gradients\"\nseeds = [1, 2]\n[grid]\ncell = \"lstm\"\nhidden_size = 32\n\
             input_size = 2\nbatch_size = 16\nseq_len = {steps}\n"
        )
    };
    let dir = with_config("x.toml", &config(3000));
    let (mut child, mut stderr) = start(dir.path(), &[]);
    wait_for("progress", &mut stderr);
    send("-INT", &child);
    let message = wait_for("message", &mut stderr);
    assert!(message["message"].as_str().unwrap().contains("this run has no checkpoints"), "{message}");
    let done = wait_for("done", &mut stderr);
    let finished = wait_for("finished", &mut stderr);
    assert_eq!((&finished["done"], &finished["missing"]), (&1.into(), &1.into()), "{done}");
    assert_eq!(child.wait().unwrap().code(), Some(130));

    let dir = with_config("x.toml", &config(200_000));
    let (mut child, mut stderr) = start(dir.path(), &[]);
    wait_for("progress", &mut stderr);
    send("-INT", &child);
    wait_for("message", &mut stderr);
    send("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let rest: Vec<String> = stderr.lines().map(Result::unwrap).collect();
    assert!(rest.is_empty(), "nothing is said after the second signal: {rest:?}");
}

#[test]
fn progress_events_have_step_metric_and_time_left() {
    let text = "kind = [\"training\", \"gradients\", \"jacobian\", \"speed\"]\n[task]\nname = \"text\"\n\
                file = \"corpus.txt\"\n[grid]\ncell = \"rnn\"\nhidden_size = 4\nseq_len = 8\n\
                [training.grid]\nbatch_size = 1\n[training]\nsteps = 5\n\
                [speed]\nsamples = 4\nprocesses = 2\npass = \"forward\"\n";
    let dir = with_config("x.toml", text);
    fs::write(dir.path().join("corpus.txt"), "To be, or not to be, that is the question:\n".repeat(9))
        .unwrap();
    let said = lab(dir.path(), &["run", "x.toml", "--log-format", "json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let events = said.stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let events: Vec<Value> = events.filter(|event| event["event"] == "progress").collect();
    let plan = fs::read_to_string(dir.path().join("results/x/plan.csv")).unwrap();
    for (kind, steps, metric) in [
        ("training", 5, "loss".into()),
        ("gradients", 8, Value::Null),
        ("jacobian", 8, Value::Null),
        ("speed", 4, Value::Null),
    ] {
        let of_kind =
            plan.lines().find(|line| line.split(',').nth(1).is_some_and(|run| run.starts_with(kind)));
        let id = of_kind.unwrap().split(',').next().unwrap();
        let event = events.iter().find(|event| event["run_id"] == id);
        let event = event.unwrap_or_else(|| panic!("no progress of {kind} in {events:?}"));
        assert!(event["step"].as_u64().is_some_and(|step| step <= steps), "{event}");
        assert_eq!((&event["steps"], &event["metric"]), (&steps.into(), &metric), "{event}");
        assert_eq!(event["value"].is_f64(), kind == "training", "{event}");
        // Gradients and Jacobians have no estimate before their first step.
        let is_foreseen = ["jacobian", "speed"].contains(&kind);
        assert_eq!(event["seconds_left"].is_f64(), is_foreseen, "{event}");
    }
}
