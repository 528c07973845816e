//! `lstm-lab trace`: given PyTorch's parameters and inputs in a file, PyTorch's results come out.

use std::fs;
use std::path::Path;

use lstm_lab::cell::CellName;
use lstm_lab::cell::State;
use lstm_lab::engine::EngineName;
use lstm_lab::safetensors_io::{Tensors, read, write};
use lstm_lab::settings::names::Quantity;
use lstm_lab::trace::TraceInput;
use proptest::prelude::*;
use tch::{Kind, Tensor};

use crate::golden::load;
use crate::support::{Case, assert_same, engines, lab};

/// Exit code and standard error of `lstm-lab trace`.
fn trace(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let traced = lab(dir, &[&["trace"], arguments].concat());
    (traced.code, traced.stderr)
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
            assert!(csv.starts_with("run_id,quantity,layer,t,lag,log10_norm,zero,step,kind,"), "{csv}");
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

/// One, two and three layers in f32, with and without what may be left out, against libtorch's own.
#[test]
fn every_engine_gives_what_libtorch_gives_in_f32_too() {
    for &cell in CellName::ALL {
        for layers in 1..=3 {
            let case = Case::new(cell, layers, 5, Kind::Float);
            let mut tensors: Tensors =
                case.parameters().named().into_iter().map(|(name, tensor)| (name, tensor.copy())).collect();
            tensors.insert("input".into(), case.input());
            if layers > 1 {
                let first = case.first();
                let stack = |of: &dyn Fn(&State) -> Tensor| {
                    Tensor::stack(&first.iter().map(of).collect::<Vec<_>>(), 0)
                };
                tensors.insert("h0".into(), stack(&|state| state.h.shallow_clone()));
                if cell == CellName::Lstm {
                    tensors.insert("c0".into(), stack(&|state| state.c.as_ref().unwrap().shallow_clone()));
                }
            }
            if layers > 2 {
                tensors.insert("grad_output".into(), case.cotangent());
            }
            let given = TraceInput::new(cell, tensors, Path::new("given"), lstm_lab::device::cpu()).unwrap();
            let expected = given.trace(EngineName::Builtin).unwrap();
            for engine in engines(Kind::Float).map(|engine| engine.name()) {
                let found = given.trace(engine).unwrap();
                let about = format!("{cell} {engine} {layers} layers");
                assert_eq!(found.tensors.len(), expected.tensors.len(), "{about}");
                for (name, expected) in &expected.tensors {
                    assert_same(&found.tensors[name], expected, 1e-5, &format!("{about}: {name}"));
                }
                // Builtin shows no c.
                let of_both = found.profiles.iter().filter(|profile| profile.quantity != Quantity::TotalC);
                assert_eq!(of_both.clone().count(), expected.profiles.len());
                for (found, expected) in of_both.zip(&expected.profiles) {
                    assert_eq!((found.quantity, found.layer), (expected.quantity, expected.layer), "{about}");
                    for ((t, a), (other, b)) in found.norms.iter().zip(&expected.norms) {
                        assert_eq!((t, a.log10().is_none()), (other, b.log10().is_none()), "{about}");
                        let difference = a.log10().unwrap_or(0.0) - b.log10().unwrap_or(0.0);
                        assert!(difference.abs() < 1e-5, "{about} {} step {t}: {a:?} {b:?}", found.quantity);
                    }
                }
            }
        }
    }
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
        refused(&bytes[..cut], "expected a complete safetensors file");
    }
    let huge = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    refused(&huge, "expected a complete safetensors file");
    let header = br#"{"input":{"dtype":"F64","shape":[4294967296,4294967296,8],"data_offsets":[0,0]}}"#;
    let lying = [&(header.len() as u64).to_le_bytes()[..], header].concat();
    refused(&lying, "expected a complete safetensors file");
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
        if name == "grad_outptu" {
            tensors.remove("grad_output");
        }
        match tensor {
            Some(tensor) => drop(tensors.insert(name.into(), tensor)),
            None => drop(tensors.remove(name)),
        }
        write(&path, &tensors, None).unwrap();
        refused(&fs::read(&path).unwrap(), needle);
    }
    for (name, needle) in [
        ("weight_ih_l0_reverse", "layers run forward only"),
        ("weight_hr_l0", "layers have no projection (proj_size)"),
    ] {
        let (mut tensors, _) = given(CellName::Lstm);
        tensors.insert(name.into(), zeros(&[1]).unwrap());
        write(&path, &tensors, None).unwrap();
        refused(&fs::read(&path).unwrap(), needle);
    }
    for (number, found) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let (tensors, _) = given(CellName::Lstm);
        let _ = tensors["weight_hh_l1"].get(7).get(2).fill_(number);
        let _ = tensors["weight_hh_l1"].get(9).fill_(number);
        write(&path, &tensors, None).unwrap();
        refused(
            &fs::read(&path).unwrap(),
            &format!("expected finite numbers in `weight_hh_l1`, found {found} at [7, 2]"),
        );
    }
    let (mut tensors, _) = given(CellName::Lstm);
    tensors.retain(|name, _| ["input", "weight_ih_l0", "weight_hh_l0"].contains(&name.as_str()));
    write(&path, &tensors, None).unwrap();
    refused(
        &fs::read(&path).unwrap(),
        "`bias_ih_l0`, found none (the file has: input, weight_hh_l0, weight_ih_l0)",
    );
    // A file for another cell: the numbers of gates do not fit.
    write(&path, &given(CellName::Gru).0, None).unwrap();
    refused(&fs::read(&path).unwrap(), "of shape [20, 4], found [15, 4]");
    let (code, said) = trace(dir.path(), &["none.safetensors", "--cell", "lstm"]);
    assert_eq!((code, said.contains("expected a safetensors file to read")), (2, true), "{said}");
}

/// The bytes of a valid file, small enough that its header is most of it.
fn small_file(cell: CellName) -> Vec<u8> {
    let case = Case { batch: 1, input: 1, hidden: 1, ..Case::new(cell, 1, 2, Kind::Float) };
    let mut tensors: Tensors =
        case.parameters().named().into_iter().map(|(name, tensor)| (name, tensor.copy())).collect();
    tensors.insert("input".into(), case.input());
    let file = tempfile::NamedTempFile::new().unwrap();
    write(file.path(), &tensors, None).unwrap();
    fs::read(file.path()).unwrap()
}

/// The damage to a byte: another byte, another digit or mark of JSON (so that the header often stays
/// well-formed), or its removal.
#[derive(Debug, Clone)]
enum Damage {
    Byte(u8),
    Mark(char),
    Removed,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<u8>().prop_map(Damage::Byte),
        prop::sample::select("0123456789,[]{}:\"_lhFIU".chars().collect::<Vec<_>>()).prop_map(Damage::Mark),
        Just(Damage::Removed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_damaged_file_is_traced_or_refused_and_never_a_panic(
        cell in prop::sample::select(CellName::ALL),
        damages in prop::collection::vec((0.0f64..1.0, damage()), 1..4),
        cut in prop::option::weighted(0.1, 0.0f64..1.0),
    ) {
        let mut bytes = small_file(cell);
        for (place, damage) in damages {
            let place = (place * bytes.len() as f64) as usize;
            match damage {
                Damage::Byte(byte) => bytes[place] = byte,
                Damage::Mark(mark) => bytes[place] = mark as u8,
                Damage::Removed => drop(bytes.remove(place)),
            }
        }
        if let Some(cut) = cut {
            bytes.truncate((cut * bytes.len() as f64) as usize);
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &bytes).unwrap();
        let given = read(file.path())
            .and_then(|tensors| TraceInput::new(cell, tensors, file.path(), lstm_lab::device::cpu()));
        if let Ok(given) = given {
            given.trace(EngineName::Analytic).unwrap();
        }
    }
}
