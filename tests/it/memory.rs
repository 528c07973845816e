//! The memory that runs need: its estimate, and the refusal of runs that need more than there is.

use std::path::Path;

use lstm_lab::results::schema::RunRow;
use lstm_lab::results::table;

use crate::support::{lab, with_config};

const GRADIENTS: &str = "kind = \"gradients\"\n[grid]\ncell = \"rnn\"\nseq_len = 6\nbatch_size = 2\n";

/// The peak of the memory of a process with one run, in bytes.
fn peak(config: &str) -> f64 {
    let dir = with_config("x.toml", config);
    let said = lab(dir.path(), &["run", "x.toml", "-q", "--device", "cpu", "--threads", "1"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let runs = table::read::<RunRow>(&dir.path().join("results/x/runs.csv")).unwrap();
    runs[0].1.peak_memory.unwrap() as f64
}

/// The estimate that `check` prints, in bytes.
fn estimate(config: &str) -> f64 {
    let dir = with_config("x.toml", config);
    let said = lab(dir.path(), &["check", "x.toml", "--device", "cpu"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let amount = said.stdout.lines().find_map(|line| line.trim().strip_prefix("memory: about "));
    let amount = amount.unwrap_or_else(|| panic!("{}", said.stdout));
    let (number, unit) = amount.split(',').next().unwrap().split_once(' ').unwrap();
    let factor = match unit {
        "MiB" => 2f64.powi(20),
        "GiB" => 2f64.powi(30),
        other => panic!("{other}"),
    };
    number.parse::<f64>().unwrap() * factor
}

#[test]
#[cfg(target_os = "linux")]
fn check_estimate_is_within_a_factor_of_two_of_the_peak() {
    let program = peak(&format!("{GRADIENTS}hidden_size = 2\n"));
    let shape = "cell = \"lstm\"\nseq_len = 500\nbatch_size = 64\nhidden_size = 128\n";
    for (name, config) in [
        (
            "training",
            format!(
                "kind = \"training\"\n[task]\nname = \"adding\"\n[grid]\nengine = \"builtin\"\n{shape}\
                 [training]\nsteps = 1\neval_sequences = 1\n"
            ),
        ),
        ("gradients", format!("kind = \"gradients\"\n[grid]\nengine = \"fused\"\ndtype = \"f32\"\n{shape}")),
        (
            "speed",
            format!("kind = \"speed\"\n[grid]\n{shape}[speed]\nsamples = 1\nwarmup = 1\npass = \"train\"\n"),
        ),
        ("parameters", format!("{GRADIENTS}hidden_size = 2500\n")),
    ] {
        let (found, estimated) = (peak(&config) - program, estimate(&config));
        let ratio = estimated / found;
        assert!(found > 2e8 && (0.5..2.0).contains(&ratio), "{name}: {estimated:.3e} for {found:.3e}");
    }
}

#[test]
fn check_and_run_impossible_sizes_are_refused_at_their_key() {
    let dir = with_config("x.toml", &format!("{GRADIENTS}hidden_size = [4, 1_000_000_000]\n"));
    for command in ["check", "run"] {
        let said = lab(dir.path(), &[command, "x.toml", "--device", "cpu"]);
        assert_eq!(said.code, 2, "{}", said.stderr);
        let start = "lstm-lab: x.toml:6: `grid.hidden_size`: expected sizes that fit into memory: the run \
                     `gradients rnn [analytic] pytorch noise T=6 B=2 I=32 H=1000000000 f64 seed=1` needs at \
                     least 42 EiB, and ";
        assert!(
            said.stderr.starts_with(start) && said.stderr.ends_with(" is the limit here\n"),
            "{}",
            said.stderr
        );
    }
    assert!(!dir.path().join("results").exists());
    for (set, key) in [
        ("grid.seq_len=1_000_000_000_000", "grid.seq_len"),
        ("grid.batch_size=1_000_000_000_000", "grid.batch_size"),
        ("grid.input_size=1_000_000_000_000", "grid.input_size"),
    ] {
        let said = lab(dir.path(), &["check", "x.toml", "--set", "grid.hidden_size=4", "--set", set]);
        assert_eq!(said.code, 2, "{set}: {}", said.stderr);
        assert!(said.stderr.contains(&format!("`{key}`: expected sizes that fit")), "{}", said.stderr);
    }
    // A product of the largest sizes does not fit into 128 bits.
    let largest =
        ["hidden_size", "seq_len", "batch_size", "input_size"].map(|key| format!("grid.{key}=1099511627776"));
    let sets: Vec<&str> = largest.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let said =
        lab(dir.path(), &[&["check", "x.toml", "--set", "grid.layers=1000"], sets.as_slice()].concat());
    assert!(said.code == 2 && said.stderr.contains(" EiB, and "), "{}", said.stderr);
}

/// Runs the program with a limit of its address space, in KiB.
#[cfg(target_os = "linux")]
fn limited(dir: &Path, kibibytes: u64, arguments: &str) -> (i32, String) {
    let program = assert_cmd::cargo::cargo_bin("lstm-lab");
    let script = format!("ulimit -v {kibibytes}; exec {} {arguments}", program.display());
    let output = std::process::Command::new("sh").current_dir(dir).args(["-c", &script]).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
#[cfg(target_os = "linux")]
fn check_limit_of_the_process_counts() {
    let dir = with_config("x.toml", &format!("{GRADIENTS}hidden_size = 20_000\n"));
    let (code, said) = limited(dir.path(), 8 << 20, "check x.toml --device cpu");
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("x.toml:6: `grid.hidden_size`: ") && said.contains("18 GiB, and 8.0 GiB is"),
        "{said}"
    );
    let (code, said) = limited(dir.path(), 8 << 20, "check x.toml --device cpu --set grid.hidden_size=2000");
    assert_eq!(code, 0, "{said}");
}
