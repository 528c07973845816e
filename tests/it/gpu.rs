//! The scripts for a machine with a GPU, as far as they work without one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lstm_lab::config;
use lstm_lab::data::Inputs;
use lstm_lab::plan::{Machine, Plan};

use crate::support::{lab, with_config};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/gpu").join(name)
}

fn output(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn compare_norms_finds_a_norm_that_differs() {
    let config = "kind = \"gradients\"\nseeds = [1, 2]\n[grid]\ncell = [\"rnn\", \"lstm\"]\n\
                  hidden_size = 2\nseq_len = 5\nbatch_size = 2\n";
    let dir = with_config("x.toml", config);
    for out in ["a", "b"] {
        let said = lab(dir.path(), &["run", "x.toml", "-q", "--device", "cpu", "--out", out]);
        assert_eq!(said.code, 0, "{}", said.stderr);
    }
    let compare = || {
        let mut command = Command::new("python3");
        output(command.current_dir(dir.path()).arg(script("compare_norms.py")).args(["a/x", "b/x"]))
    };
    let (code, said) = compare();
    assert!(code == Some(0) && said.contains("largest difference of log10: 0.0e+00"), "{said}");

    let table = dir.path().join("b/x/gradients.csv");
    let rows = fs::read_to_string(&table).unwrap();
    let norm = rows.lines().last().unwrap().split(',').find(|value| value.starts_with('-')).unwrap();
    let change = |new: &str| {
        let (head, tail) = rows.rsplit_once(norm).unwrap();
        fs::write(&table, format!("{head}{new}{tail}")).unwrap();
    };
    for (new, expected) in [("-99.5", "at most 1e-06"), ("NaN", "at most 1e-06"), ("", "are 0 in one")] {
        change(new);
        let (code, said) = compare();
        assert!(code == Some(1) && said.contains(expected), "`{new}`: {said}");
    }
    fs::write(&table, rows.lines().next().unwrap()).unwrap();
    let (code, said) = compare();
    assert!(code == Some(1) && said.contains("expected the same norms"), "{said}");
}

#[test]
fn check_and_build_refuse_wrong_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [(&str, &[&str], &str); 4] = [
        ("check", &[], "usage: .gpu/check OUT"),
        ("check", &["out", "--device"], "usage: .gpu/check OUT"),
        ("check", &["."], "expected a new folder, but . is there"),
        ("build", &["2.11.0"], "expected two versions, of PyTorch and of tch, or none; found: 2.11.0"),
    ];
    for (name, arguments, expected) in cases {
        let (code, said) = output(Command::new(script(name)).current_dir(dir.path()).args(arguments));
        assert!(code == Some(2) && said.contains(expected), "{name} {arguments:?}: {said}");
    }
}

#[test]
fn config_of_the_engine_cuda_needs_a_cuda_device_and_f32() {
    let plan = |device: &str, dtype: &str| {
        let text = format!(
            "kind = \"training\"\n[task]\nname = \"adding\"\n[grid]\nengine = \"cuda\"\ncell = \"lstm\"\n\
             dtype = \"{dtype}\"\nhidden_size = 4\nseq_len = 10\n[training]\nsteps = 1\n"
        );
        let dir = with_config("x.toml", &text);
        let spec = config::load(&dir.path().join("x.toml"), &[]).unwrap();
        let planned = Plan::new(&spec, &Inputs::default(), &Machine::new(device, 1, "avx2"));
        planned.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(plan("cuda:0", "f32"), Ok(()));
    let refused = plan("cpu", "f32").unwrap_err();
    assert!(refused.contains("the engine `cuda` needs a CUDA device, but the device is cpu"), "{refused}");
    let refused = plan("cuda:0", "f64").unwrap_err();
    assert!(refused.contains("the engine `cuda` works in f32 only"), "{refused}");
}

mod needs_nvrtc {
    use super::*;

    #[test]
    #[ignore = "needs NVRTC"]
    fn kernels_of_the_engine_cuda_compile_and_keep_their_sums_in_registers() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new("python3");
        command.arg(root.join("tests/it/compile_kernel.py")).arg(root.join("target/nvrtc"));
        let (code, said) = output(command.arg(root.join("src/engine/cuda/lstm.cu")).args(["80", "90"]));
        assert_eq!(code, Some(0), "{said}");
        let unspilled =
            said.matches("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads").count();
        assert_eq!(unspilled, 4, "two kernels for two compute capabilities: {said}");
    }
}
