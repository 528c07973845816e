//! `lstm-lab trace`: given PyTorch's parameters and inputs in a file, PyTorch's results come out.

use std::fs;
use std::path::Path;

use lstm_lab::cell::{CellName, Recurrent, State, cell as by_name};
use lstm_lab::device::cpu;
use lstm_lab::engine::EngineName;
use lstm_lab::safetensors_io::{Tensors, read, write};
use lstm_lab::settings::names::Quantity;
use lstm_lab::trace::{TraceInput, TraceOptions};
use proptest::prelude::*;
use tch::{Kind, Tensor};

use crate::golden::{PYTORCH, load};
use crate::golden_cells::golden as golden_cells;
use crate::support::{Case, DERIVED, assert_same, engines, lab, with_config};

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
    for cell in PYTORCH {
        let (given, expected) = given(cell);
        write(&dir.path().join("given.safetensors"), &given).unwrap();
        for engine in engines(cell, Kind::Double).map(|engine| engine.name()) {
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
            assert!(
                csv.starts_with("run_id,quantity,layer,direction,t,lag,log10_norm,zero,step,kind,"),
                "{csv}"
            );
            // 6 steps of two layers: total_h, direct_h, and what is shown of later_h and total_c; the input.
            let with_later = engine != EngineName::Simd;
            let with_c = !by_name(cell).carried().is_empty() && engine != EngineName::Builtin;
            let quantities = 2 + usize::from(with_later) + usize::from(with_c);
            assert_eq!(csv.lines().count(), 1 + 6 * (2 * quantities + 1), "{cell} {engine}");
        }
    }
}

/// Each cell with recurrent matrices, with its own parameters and states.
#[test]
fn what_comes_out_is_what_jax_gave() {
    let dir = tempfile::tempdir().unwrap();
    for (name, (mut given, expected)) in golden_cells() {
        if by_name(name).layout().recurrent != Recurrent::Matrices {
            continue;
        }
        given.insert("grad_output".into(), given["cotangent"].copy());
        given.remove("cotangent");
        // The states of a file are those of all layers.
        let is_state =
            |name: &str| ["0", "_n"].iter().any(|end| name.ends_with(end)) && !name.contains("_l0");
        let in_file = |(name, tensor): (&String, &Tensor)| {
            (name.clone(), if is_state(name) { tensor.unsqueeze(0) } else { tensor.copy() })
        };
        let given: Tensors = given.iter().map(in_file).collect();
        let expected: Tensors = expected.iter().map(in_file).collect();
        write(&dir.path().join("given.safetensors"), &given).unwrap();
        let arguments = ["given.safetensors", "--cell", name.as_str(), "--engine", "stepwise"];
        let (code, said) = trace(dir.path(), &arguments);
        assert_eq!(code, 0, "{name}: {said}");
        let found = read(&dir.path().join("trace/trace.safetensors")).unwrap();
        let names: Vec<&String> = expected.keys().filter(|name| !name.starts_with("total_")).collect();
        assert_eq!(found.keys().collect::<Vec<_>>(), names);
        for tensor in names {
            assert_same(&found[tensor], &expected[tensor], 1e-12, &format!("{name} {tensor}"));
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
    write(&dir.path().join("given.safetensors"), &tensors).unwrap();
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
    for cell in PYTORCH {
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
                if !by_name(cell).carried().is_empty() {
                    tensors.insert("c0".into(), stack(&|state| state.carried[0].shallow_clone()));
                }
            }
            if layers > 2 {
                tensors.insert("grad_output".into(), case.cotangent());
            }
            let given =
                TraceInput::new(TraceOptions::of(cell), tensors, Path::new("given"), lstm_lab::device::cpu())
                    .unwrap();
            let expected = given.trace(EngineName::Builtin).unwrap();
            for engine in engines(cell, Kind::Float).map(|engine| engine.name()) {
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
    write(&path, &good).unwrap();
    let bytes = fs::read(&path).unwrap();
    for cut in [0, 4, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        refused(&bytes[..cut], "expected a complete safetensors file");
    }
    let huge = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    refused(&huge, "expected a complete safetensors file");
    let header = br#"{"input":{"dtype":"F64","shape":[4294967296,4294967296,8],"data_offsets":[0,0]}}"#;
    let lying = [&(header.len() as u64).to_le_bytes()[..], header].concat();
    refused(&lying, "expected a complete safetensors file");
    let header = br#"{"weight_ih_l0":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#;
    let whole = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 8]].concat();
    refused(&whole, "F32 or F64, found I64");

    let zeros = |shape: &[i64]| Some(Tensor::zeros(shape, (Kind::Double, lstm_lab::device::cpu())));
    let single = zeros(&[2, 3, 5]).map(|tensor| tensor.to_kind(Kind::Float));
    for (name, tensor, needle) in [
        ("input", None, "expected a tensor `input`, found none"),
        ("weight_hh_l1", None, "expected a tensor `weight_hh_l1`, found none"),
        ("weight_ih_l0", zeros(&[3, 3]), "`weight_ih_l0` of shape [20, I], found [3, 3]"),
        ("weight_ih_l3", zeros(&[20, 5]), "expected a tensor `weight_ih_l2`, found none"),
        ("bias_hh_l1", zeros(&[5]), "`bias_hh_l1` of shape [20], found [5]"),
        (
            "input",
            zeros(&[6, 3, 2]),
            "expected `input` of shape [T, B, 4], as `weight_ih_l0` is of 4 features, found [6, 3, 2]",
        ),
        ("input", zeros(&[0, 3, 4]), "expected `input` of shape [T, B, I]"),
        ("h0", single, "expected one dtype"),
        ("grad_outptu", zeros(&[1]), "`grad_outptu` means nothing here; did you mean `grad_output`?"),
    ] {
        let (mut tensors, _) = given(CellName::Lstm);
        if name == "grad_outptu" {
            tensors.remove("grad_output");
        }
        match tensor {
            Some(tensor) => drop(tensors.insert(name.into(), tensor)),
            None => drop(tensors.remove(name)),
        }
        write(&path, &tensors).unwrap();
        refused(&fs::read(&path).unwrap(), needle);
    }
    for (name, needle) in [
        (
            "weight_ih_l0_reverse",
            "expected a tensor `weight_ih_l1_reverse`, as `weight_ih_l0_reverse` makes all layers \
             bidirectional, found none",
        ),
        (
            "weight_hr_l0",
            "`weight_hr_l0` is a projection (proj_size = 1); expected the cell `lstm_projected`, found the \
             cell `lstm`",
        ),
    ] {
        let (mut tensors, _) = given(CellName::Lstm);
        tensors.insert(name.into(), zeros(&[1]).unwrap());
        write(&path, &tensors).unwrap();
        refused(&fs::read(&path).unwrap(), needle);
    }
    for (number, found) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let (tensors, _) = given(CellName::Lstm);
        let _ = tensors["weight_hh_l1"].get(7).get(2).fill_(number);
        let _ = tensors["weight_hh_l1"].get(9).fill_(number);
        write(&path, &tensors).unwrap();
        refused(
            &fs::read(&path).unwrap(),
            &format!("expected finite numbers in `weight_hh_l1`, found {found} at [7, 2]"),
        );
    }
    // A file for another cell: the numbers of gates do not fit.
    write(&path, &given(CellName::Gru).0).unwrap();
    refused(
        &fs::read(&path).unwrap(),
        "expected `weight_hh_l0` of shape [4·H, H] for the cell `lstm`, found [15, 5]; that looks like the \
         cell `gru`",
    );
    for pickle in [&b"PK\x03\x04model/data.pkl"[..], b"\x80\x02}q\x00."] {
        refused(pickle, "a pickle, as torch.save writes; save the model with safetensors.torch.save_file(");
    }
    let (code, said) = trace(dir.path(), &["none.safetensors", "--cell", "lstm"]);
    assert_eq!((code, said.contains("expected a safetensors file to read")), (2, true), "{said}");
}

/// Traces a file with the given arguments, and returns the results and the standard output.
fn traced(tensors: &Tensors, cell: &str, arguments: &[&str]) -> (Tensors, String) {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("x.safetensors"), tensors).unwrap();
    let said = lab(dir.path(), &[&["trace", "x.safetensors", "--cell", cell], arguments].concat());
    assert_eq!(said.code, 0, "{}", said.stderr);
    (read(&dir.path().join("trace/trace.safetensors")).unwrap(), said.stdout)
}

/// Asserts that two traces have the same results.
fn assert_equal(found: &Tensors, expected: &Tensors) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    expected.iter().for_each(|(name, expected)| assert_same(&found[name], expected, 1e-12, name));
}

/// The tensors with a prefix before the names of parameters.
fn prefixed(tensors: &Tensors, prefix: &str) -> Tensors {
    let name = |name: &str| if name.contains("_l") { format!("{prefix}{name}") } else { name.to_string() };
    tensors.iter().map(|(old, tensor)| (name(old), tensor.copy())).collect()
}

#[test]
fn trace_says_how_it_understood_the_file() {
    let (given, _) = given(CellName::Lstm);
    let (_, said) = traced(&given, "lstm", &[]);
    let expected = "lstm: T=6 B=3 I=4 H=5 layers=2\nlayout: PyTorch's (--layout: keras or onnx)\n\
                    input: [T, B, I] (--batch-first: [B, T, I])\ngates: ifgo, PyTorch's (--gates: \
                    another)\ntrace/trace.safetensors (on ";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn trace_state_dict_of_a_larger_model_is_read_by_its_prefix() {
    let (given, _) = given(CellName::Lstm);
    let mut model = prefixed(&given, "encoder.rnn.");
    let (plain, _) = traced(&given, "lstm", &[]);
    model.insert("encoder.weight".into(), Tensor::zeros([2, 2], (Kind::Double, lstm_lab::device::cpu())));
    model.insert("steps".into(), Tensor::from_slice(&[1.0f64]));
    let (found, said) = traced(&model, "lstm", &[]);
    assert_equal(&found, &plain);
    assert!(said.contains("\nprefix: encoder.rnn.\nnot read: encoder.weight, steps\n"), "{said}");
    model.extend(prefixed(&given, "decoder."));
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("x.safetensors"), &model).unwrap();
    let (code, said) = trace(dir.path(), &["x.safetensors", "--cell", "lstm"]);
    let problem = "found 2: `decoder.`, `encoder.rnn.`; --prefix chooses one";
    assert!(code == 2 && said.contains(problem), "{said}");
    for prefix in ["decoder", "encoder.rnn."] {
        assert_equal(&traced(&model, "lstm", &["--prefix", prefix]).0, &plain);
    }
}

#[test]
fn trace_absent_biases_are_zeros_and_said() {
    for (cell, absent) in
        [(CellName::Lstm, ["bias_ih_l0", "bias_hh_l1"]), (CellName::Gru, ["bias_ih_l1", "bias_hh_l1"])]
    {
        let (mut given, _) = given(cell);
        absent.iter().for_each(|name| drop(given.get_mut(*name).unwrap().zero_()));
        let (expected, _) = traced(&given, cell.as_str(), &[]);
        absent.iter().for_each(|name| drop(given.remove(*name)));
        let (found, said) = traced(&given, cell.as_str(), &[]);
        assert_equal(&found, &expected);
        assert!(said.contains(&format!("\nzeros, because absent: {}, {}\n", absent[0], absent[1])), "{said}");
    }
}

/// The rows of a parameter or its gradient, with the blocks of gates in another order.
fn blocks(tensor: &Tensor, order: &[usize]) -> Tensor {
    let blocks = tensor.chunk(order.len() as i64, 0);
    Tensor::cat(&order.iter().map(|gate| &blocks[*gate]).collect::<Vec<_>>(), 0)
}

#[test]
fn trace_gates_in_another_order_give_the_same_results_in_that_order() {
    for (cell, order, places) in
        [(CellName::Lstm, "iofg", &[0, 3, 1, 2][..]), (CellName::Gru, "zrn", &[1, 0, 2])]
    {
        let (given, _) = given(cell);
        let (expected, _) = traced(&given, cell.as_str(), &[]);
        let reordered = |tensors: &Tensors| -> Tensors {
            let is_parameter = |name: &str| name.contains("_l") && !name.starts_with("h_");
            let one = |(name, tensor): (&String, &Tensor)| {
                let tensor = if is_parameter(name) { blocks(tensor, places) } else { tensor.copy() };
                (name.clone(), tensor)
            };
            tensors.iter().map(one).collect()
        };
        let (found, said) = traced(&reordered(&given), cell.as_str(), &["--gates", order]);
        assert_equal(&found, &reordered(&expected));
        assert!(said.contains(&format!("\ngates: {order}\n")), "{said}");
    }
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("x.safetensors"), &given(CellName::Lstm).0).unwrap();
    let (code, said) = trace(dir.path(), &["x.safetensors", "--cell", "lstm", "--gates", "iofc"]);
    assert!(code == 2 && said.contains("found `iofc`; did you mean `iofg`?"), "{said}");
}

#[test]
fn trace_norms_that_overflow_are_counted() {
    // The gradient grows tenfold with each step back, from near the largest number of f32.
    let dir = tempfile::tempdir().unwrap();
    let one = |value: f32, shape: &[i64]| Tensor::full(shape, f64::from(value), (Kind::Float, cpu()));
    let tensors: Tensors = [
        ("weight_ih_l0", one(1.0, &[1, 1])),
        ("weight_hh_l0", one(10.0, &[1, 1])),
        ("input", one(0.0, &[4, 1, 1])),
        ("grad_output", one(1e37, &[4, 1, 1])),
    ]
    .map(|(name, tensor)| (name.to_string(), tensor))
    .into();
    write(&dir.path().join("x.safetensors"), &tensors).unwrap();
    let said = |engine: &str| {
        let said = lab(dir.path(), &["trace", "x.safetensors", "--cell", "rnn", "--engine", engine]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stdout
    };
    assert!(said("simd").contains("norms; the engine `analytic` follows gradients of any size\n"));
    assert!(!said("analytic").contains("not finite"));
}

#[test]
fn trace_batch_first_turns_sequences_and_their_results() {
    let (mut given, _) = given(CellName::Lstm);
    let (mut expected, _) = traced(&given, "lstm", &[]);
    for (tensors, names) in
        [(&mut given, ["input", "grad_output"]), (&mut expected, ["output", "grad.input"])]
    {
        for name in names {
            let turned = tensors[name].transpose(0, 1).contiguous();
            tensors.insert(name.into(), turned);
        }
    }
    let (found, said) = traced(&given, "lstm", &["--batch-first"]);
    assert_equal(&found, &expected);
    assert!(
        said.starts_with("lstm: T=6 B=3 I=4 H=5 layers=2\n") && said.contains("\ninput: [B, T, I]\n"),
        "{said}"
    );
}

#[test]
fn trace_checkpoint_of_a_run_is_read_with_an_input_from_another_file() {
    let config = "kind = \"training\"\n[task]\nname = \"adding\"\n[grid]\ncell = \"gru\"\nhidden_size = 3\n\
                  seq_len = 10\n[training]\nsteps = 1\neval_sequences = 2\n";
    let dir = with_config("x.toml", config);
    let ran = lab(dir.path(), &["run", "x.toml", "-q", "--device", "cpu"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let run = fs::read_dir(dir.path().join("results/x/checkpoints")).unwrap().next().unwrap().unwrap().path();
    let checkpoint = run.join("best.safetensors").display().to_string();
    let alone = lab(dir.path(), &["trace", &checkpoint, "--cell", "gru"]);
    assert!(
        alone.code == 2 && alone.stderr.ends_with("--input names a file that has it\n"),
        "{}",
        alone.stderr
    );
    let input = Tensor::ones([4, 2, 2], (Kind::Float, lstm_lab::device::cpu()));
    write(&dir.path().join("input.safetensors"), &Tensors::from([("input".into(), input)])).unwrap();
    let said = lab(dir.path(), &["trace", &checkpoint, "--cell", "gru", "--input", "input.safetensors"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.starts_with("gru: T=4 B=2 I=2 H=3 layers=1\n"), "{}", said.stdout);
    let foreign = said.stdout.split("\nprefix: parameter.\nnot read: ").nth(1).unwrap();
    assert!(foreign.lines().next().unwrap().contains("optimizer.first"), "{}", said.stdout);
}

/// The bytes of a valid file, small enough that its header is most of it.
fn small_file(cell: CellName) -> Vec<u8> {
    let case = Case { batch: 1, input: 1, hidden: 1, ..Case::new(cell, 1, 2, Kind::Float) };
    let mut tensors: Tensors =
        case.parameters().named().into_iter().map(|(name, tensor)| (name, tensor.copy())).collect();
    tensors.insert("input".into(), case.input());
    let file = tempfile::NamedTempFile::new().unwrap();
    write(file.path(), &tensors).unwrap();
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
        cell in prop::sample::select(&DERIVED),
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
        let (options, device) = (TraceOptions::of(cell), lstm_lab::device::cpu());
        let given =
            read(file.path()).and_then(|tensors| TraceInput::new(options, tensors, file.path(), device));
        if let Ok(given) = given {
            given.trace(EngineName::Analytic).unwrap();
        }
    }
}
