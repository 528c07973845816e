//! `lstm-lab trace`: given PyTorch's parameters and inputs in a file, PyTorch's results come out.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use lstm_lab::config::names::{CellName, EngineName};
use lstm_lab::tensors::{Tensors, read, write};
use tch::{Kind, Tensor};

use crate::golden::load;
use crate::support::{assert_same, engines};

fn trace(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let output =
        Command::cargo_bin("lstm-lab").unwrap().current_dir(dir).arg("trace").args(arguments).output();
    let output = output.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The golden tensors under the names that `trace` wants.
fn given(cell: CellName) -> (Tensors, Tensors) {
    let (mut given, expected) = load(cell);
    let cotangent = given.remove("cotangent").unwrap();
    given.insert("grad_output".into(), cotangent);
    (given, expected)
}

#[test]
fn what_comes_out_is_what_pytorch_gave() {
    let dir = tempfile::tempdir().unwrap();
    for &cell in CellName::ALL {
        let (given, expected) = given(cell);
        write(&dir.path().join("given.safetensors"), &given, None).unwrap();
        for engine in engines(Kind::Double).map(|engine| engine.name()) {
            let (code, said) = trace(
                dir.path(),
                &["given.safetensors", "--cell", cell.as_str(), "--engine", engine.as_str()],
            );
            assert_eq!(code, 0, "{said}");
            let found = read(&dir.path().join("trace/trace.safetensors")).unwrap();
            let names: Vec<&String> = expected.keys().filter(|name| !name.starts_with("total_")).collect();
            assert_eq!(found.keys().collect::<Vec<_>>(), names);
            for name in names {
                assert_same(&found[name], &expected[name], 1e-12, &format!("{cell} {engine} {name}"));
            }
            let csv = fs::read_to_string(dir.path().join("trace/gradients.csv")).unwrap();
            assert!(csv.lines().next().unwrap().ends_with(",layer,step"));
            // 6 steps of two layers, total_h and direct_h, total_c where it is shown, and the input.
            let with_c = cell == CellName::Lstm && engine != EngineName::Builtin;
            assert_eq!(csv.lines().count(), 1 + 6 * (2 * (2 + usize::from(with_c)) + 1), "{cell} {engine}");
        }
    }
}

#[test]
fn without_states_and_gradient_zeros_and_the_last_step_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (mut tensors, _) = given(CellName::Lstm);
    for name in ["h0", "c0", "grad_output"] {
        tensors.remove(name);
    }
    tensors.values_mut().for_each(|tensor| *tensor = tensor.to_kind(Kind::Float));
    write(&dir.path().join("given.safetensors"), &tensors, None).unwrap();
    let (code, said) = trace(dir.path(), &["given.safetensors", "--cell", "lstm", "--out", "out"]);
    assert_eq!(code, 0, "{said}");
    let found = read(&dir.path().join("out/trace.safetensors")).unwrap();
    assert_eq!(found["grad.h0"].size(), [2, 3, 5]);
    assert!(found.values().all(|tensor| tensor.kind() == Kind::Float), "the dtype of what was given");
    assert_eq!(found["grad.c0"].size(), [2, 3, 5]);
    assert_same(&found["h_n"].get(1), &found["output"].get(-1), 0.0, "the last state is the last output");
}

#[test]
fn bad_files_are_refused_with_a_reason_and_never_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.safetensors");
    let refused = |bytes: &[u8], needle: &str| {
        fs::write(&path, bytes).unwrap();
        let (code, said) = trace(dir.path(), &["bad.safetensors", "--cell", "lstm"]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(needle), "expected `{needle}` in: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    };
    let (good, _) = given(CellName::Lstm);
    write(&path, &good, None).unwrap();
    let bytes = fs::read(&path).unwrap();
    for cut in [0, 4, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        refused(&bytes[..cut], "expected a whole safetensors file");
    }
    let huge = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    refused(&huge, "expected a whole safetensors file");
    let header = br#"{"input":{"dtype":"F64","shape":[4294967296,4294967296,8],"data_offsets":[0,0]}}"#;
    let lying = [&(header.len() as u64).to_le_bytes()[..], header].concat();
    refused(&lying, "expected a whole safetensors file");
    let header = br#"{"input":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#;
    refused(&[&(header.len() as u64).to_le_bytes()[..], header, &[0; 8]].concat(), "F32 or F64, found I64");

    let zeros = |shape: &[i64]| Some(Tensor::zeros(shape, (Kind::Double, lstm_lab::device::cpu())));
    let single = zeros(&[2, 3, 5]).map(|tensor| tensor.to_kind(Kind::Float));
    for (name, tensor, needle) in [
        ("input", None, "expected a tensor `input`, found none"),
        ("bias_hh_l1", None, "expected a tensor `bias_hh_l1`, found none"),
        ("weight_ih_l0", zeros(&[3, 3]), "`weight_ih_l0` of shape [20, 4], found [3, 3]"),
        ("input", zeros(&[0, 3, 4]), "expected `input` of shape [T, B, I]"),
        ("h0", single, "expected one dtype"),
        (
            "grad_outptu",
            zeros(&[1]),
            "`grad_outptu` means nothing for the cell `lstm`; did you mean `grad_output`?",
        ),
    ] {
        let (mut tensors, _) = given(CellName::Lstm);
        match tensor {
            Some(tensor) => drop(tensors.insert(name.into(), tensor)),
            None => drop(tensors.remove(name)),
        }
        write(&path, &tensors, None).unwrap();
        refused(&fs::read(&path).unwrap(), needle);
    }
    // A file for another cell: the numbers of gates do not fit.
    write(&path, &given(CellName::Gru).0, None).unwrap();
    refused(&fs::read(&path).unwrap(), "of shape [20, 4], found [15, 4]");
    let (code, said) = trace(dir.path(), &["none.safetensors", "--cell", "lstm"]);
    assert_eq!((code, said.contains("expected a safetensors file to read")), (2, true), "{said}");
}
