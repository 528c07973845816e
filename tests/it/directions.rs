//! `lstm-lab trace` with layers of both directions, and with sequences of several lengths.

use std::path::Path;

use lstm_lab::cell::{CellName, LayerParameters, Parameters, State};
use lstm_lab::device::cpu;
use lstm_lab::diagnostics::{DiagnosticOptions, Norm, Profile, exact, network};
use lstm_lab::engine::{Direction, EngineName, Lengths, Network, zero_states};
use lstm_lab::safetensors_io::{Tensors, read, write};
use lstm_lab::settings::names::Quantity;
use lstm_lab::trace::{TraceInput, TraceOptions, TraceOutput};
use serde_json::Value;
use tch::{Kind, Tensor};

use crate::golden::tensors;
use crate::support::{Case, DERIVED, assert_same, lab, log10, with_config};

/// The networks of tests/golden/make_directions.py.
const NETWORKS: [&str; 3] = ["both", "both_lengths", "forward_lengths"];

/// The engines that measure both directions and lengths in f64.
const ENGINES: [EngineName; 3] = [EngineName::Analytic, EngineName::Recompute, EngineName::Simd];

/// Returns a network of PyTorch with two layers.
pub fn golden(cell: CellName, name: &str) -> Value {
    let text = match cell {
        CellName::Rnn => include_str!("../golden/directions_rnn.json"),
        CellName::Lstm => include_str!("../golden/directions_lstm.json"),
        CellName::Gru => include_str!("../golden/directions_gru.json"),
        _ => unreachable!("PyTorch has three cells"),
    };
    serde_json::from_str::<Value>(text).unwrap()[name].take()
}

/// The tensors of a network, as in a file.
pub fn given(golden: &Value) -> Tensors {
    let mut given = tensors(&golden["given"]);
    if let Some(lengths) = golden["lengths"].as_array() {
        let lengths: Vec<i64> = lengths.iter().map(|length| length.as_i64().unwrap()).collect();
        given.insert("lengths".into(), Tensor::from_slice(&lengths));
    }
    given
}

fn traced(cell: CellName, given: Tensors, engine: EngineName) -> TraceOutput {
    let input = TraceInput::new(TraceOptions::of(cell), given, Path::new("given"), cpu()).unwrap();
    input.trace(engine).unwrap()
}

/// Returns the name of a profile in the golden files.
fn name_of(profile: &Profile) -> String {
    let end = if profile.direction == Some(Direction::Reverse) { "_reverse" } else { "" };
    match profile.quantity {
        Quantity::InputX => "input_x".to_string(),
        quantity => format!("{quantity}_l{}{end}", profile.layer),
    }
}

#[test]
fn trace_of_both_directions_and_of_lengths_gives_the_numbers_of_pytorch() {
    for (cell, name) in DERIVED.into_iter().flat_map(|cell| NETWORKS.map(|name| (cell, name))) {
        let golden = golden(cell, name);
        let expected = tensors(&golden["expected"]);
        for engine in ENGINES {
            let about = format!("{cell} {name} {engine}");
            let found = traced(cell, given(&golden), engine);
            assert_eq!(found.tensors.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            for (tensor, expected) in &expected {
                assert_same(&found.tensors[tensor], expected, 1e-12, &format!("{about} {tensor}"));
            }
            let norms = golden["log10_norms"].as_object().unwrap();
            let mut compared = 0;
            for profile in &found.profiles {
                let is_named = profile.direction.is_some() == name.starts_with("both");
                assert!(is_named || profile.quantity == Quantity::InputX, "{about} {profile:?}");
                let Some(by_lag) = norms.get(&name_of(profile)) else { continue };
                compared += 1;
                let by_lag = by_lag.as_array().unwrap();
                assert_eq!(profile.norms.len(), by_lag.len(), "{about}");
                for (t, norm) in &profile.norms {
                    let lag = by_lag.len() - t;
                    let difference = log10(*norm) - by_lag[lag].as_f64().unwrap();
                    assert!(difference.abs() < 1e-12, "{about} {} lag {lag}: {norm:?}", name_of(profile));
                }
            }
            assert_eq!(compared, norms.len(), "{about}");
        }
    }
}

/// Zeros in the weights that read the other direction make the directions two networks of their own.
fn independent(forward: &Parameters, reverse: &Parameters) -> Network {
    let padded = |p: &Parameters, is_reverse: bool| {
        let layer = |(k, layer): (usize, &LayerParameters)| {
            let mut layer = layer.shallow_clone();
            if k > 0 {
                let zeros = layer.w_ih.zeros_like();
                let both = if is_reverse { [&zeros, &layer.w_ih] } else { [&layer.w_ih, &zeros] };
                layer.w_ih = Tensor::cat(&both, 1);
            }
            layer
        };
        Parameters { cell: p.cell, layers: p.layers.iter().enumerate().map(layer).collect() }
    };
    Network { forward: padded(forward, false), reverse: Some(padded(reverse, true)) }
}

/// The profiles of layers that run forward, for a loss on the last step.
fn of_last_step(engine: EngineName, p: &Parameters, input: &Tensor) -> Vec<Profile> {
    let last = input.size()[0] as usize;
    let options = DiagnosticOptions::default();
    exact::profiles(engine, p, input, None, options, &|output, steps| {
        (steps.end == last).then(|| output.select(0, -1).sum(Kind::Double))
    })
    .unwrap()
}

/// A cell with the steps of its sequence. The norms of the first three leave the range of f64.
fn long_cases() -> Vec<(EngineName, Case)> {
    let case = |name, steps, seed| Case { seed, hidden: 4, ..Case::new(name, 2, steps, Kind::Double) };
    let derived = [(CellName::Rnn, 900), (CellName::Lstm, 1500), (CellName::Gru, 1500)];
    let derived = derived.map(|(name, steps)| (EngineName::Analytic, case(name, steps, 1)));
    let others = [CellName::LstmPeephole, CellName::LstmProjected, CellName::Slstm, CellName::Mgu];
    derived.into_iter().chain(others.map(|name| (EngineName::Recompute, case(name, 30, 1)))).collect()
}

#[test]
fn independent_directions_have_the_norms_of_two_networks_beyond_the_range_of_f64() {
    for (engine, case) in long_cases() {
        let (forward, reverse) = (case.parameters(), Case { seed: 2, ..case }.parameters());
        let network = independent(&forward, &reverse);
        let (input, output) = (case.input(), forward.output_size());
        let gradient = Tensor::zeros([case.steps, case.batch, 2 * output], (Kind::Double, cpu()));
        let _ = gradient.get(case.steps - 1).narrow(1, 0, output).fill_(1.0);
        let _ = gradient.get(0).narrow(1, output, output).fill_(1.0);
        let states: Vec<State> = (0..2).flat_map(|_| zero_states(&forward, &input)).collect();
        let lengths = Lengths::equal(case.steps, case.batch);
        let found = network::profiles(engine, &network, &input, &states, &gradient, &lengths).unwrap();
        let mut smallest = 0.0f64;
        for (direction, p, input) in [
            (Direction::Forward, &forward, input.shallow_clone()),
            (Direction::Reverse, &reverse, input.flip([0])),
        ] {
            let expected = of_last_step(engine, p, &input);
            let expected = expected.iter().filter(|profile| profile.quantity != Quantity::InputX);
            let found = found.iter().filter(|profile| profile.direction == Some(direction));
            assert_eq!(found.clone().count(), expected.clone().count());
            for (found, expected) in found.zip(expected) {
                assert_eq!((found.quantity, found.layer), (expected.quantity, expected.layer));
                for ((t, found_norm), (_, norm)) in found.norms.iter().zip(&expected.norms) {
                    let (a, b) = (log10(*found_norm), log10(*norm));
                    let about = format!("{} {direction} {} step {t}", case.cell, found.quantity);
                    assert!(a == b || (a - b).abs() < 1e-10, "{about}: {a} {b}");
                    smallest = smallest.min(if b.is_finite() { b } else { 0.0 });
                }
            }
        }
        assert!(case.steps < 100 || smallest < -330.0, "{}: 1e{smallest}", case.cell);
    }
}

/// log10 of the mean of numbers given by log10.
fn log10_mean(numbers: &[f64]) -> f64 {
    let largest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = numbers.iter().map(|number| 10f64.powf(number - largest)).sum();
    largest + (sum / numbers.len() as f64).log10()
}

#[test]
fn lengths_give_the_mean_norms_of_single_sequences_by_lag() {
    for (engine, case) in long_cases() {
        let (p, input) = (case.parameters(), case.input());
        let each = [case.steps / 3, case.steps, case.steps / 2];
        let lengths = Lengths::new(each.to_vec());
        let gradient = Tensor::zeros([case.steps, case.batch, p.output_size()], (Kind::Double, cpu()));
        let single: Vec<Vec<Profile>> = (0..)
            .zip(each)
            .map(|(b, length)| {
                let _ = gradient.get(length - 1).get(b).fill_(1.0);
                of_last_step(engine, &p, &input.narrow(1, b, 1).narrow(0, 0, length))
            })
            .collect();
        let states = zero_states(&p, &input);
        let network = Network { forward: p, reverse: None };
        let found = network::profiles(engine, &network, &input, &states, &gradient, &lengths).unwrap();
        assert_eq!(found.len(), single[0].len());
        for (n, profile) in found.iter().enumerate() {
            for (t, norm) in &profile.norms {
                let lag = case.steps as usize - t;
                let at_lag = |profiles: &Vec<Profile>| {
                    let norms = &profiles[n].norms;
                    Some(log10(norms[norms.len().checked_sub(lag + 1)?].1))
                };
                let expected = log10_mean(&single.iter().filter_map(at_lag).collect::<Vec<_>>());
                let about = format!("{} {} layer {} lag {lag}", case.cell, profile.quantity, profile.layer);
                let is_same =
                    *norm == Norm::Zero && expected.is_nan() || (log10(*norm) - expected).abs() < 1e-10;
                assert!(is_same, "{about}: {norm:?} {expected}");
            }
        }
    }
}

#[test]
fn loss_without_a_gradient_is_the_state_at_the_end_of_each_direction() {
    let mut given = given(&golden(CellName::Lstm, "both_lengths"));
    given.remove("grad_output");
    let found = traced(CellName::Lstm, given, EngineName::Analytic);
    let hidden = found.tensors["h_n"].size()[2];
    let of_output = |profile: &&Profile| profile.quantity == Quantity::DirectH && profile.layer == 1;
    let profiles: Vec<&Profile> = found.profiles.iter().filter(of_output).collect();
    assert_eq!(profiles.len(), 2);
    for (profile, direction) in profiles.iter().zip(Direction::ALL) {
        assert_eq!(profile.direction, Some(*direction));
        let (end, before) = profile.norms.split_last().unwrap();
        assert!((log10(end.1) - (hidden as f64).sqrt().log10()).abs() < 1e-15, "{end:?}");
        assert!(before.iter().all(|(_, norm)| *norm == Norm::Zero), "{before:?}");
    }
}

/// Exit code, standard output and standard error of a trace of these tensors.
fn said(tensors: &Tensors, dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    write(&dir.join("x.safetensors"), tensors).unwrap();
    let said = lab(dir, &[&["trace", "x.safetensors", "--cell", "lstm"], arguments].concat());
    (said.code, said.stdout, said.stderr)
}

#[test]
fn trace_names_directions_in_the_table_and_lengths_in_its_output() {
    let dir = tempfile::tempdir().unwrap();
    let golden = golden(CellName::Lstm, "both_lengths");
    let mut given = given(&golden);
    given.remove("grad_output");
    let (code, out, error) = said(&given, dir.path(), &["--engine", "recompute"]);
    assert_eq!(code, 0, "{error}");
    let lines = "\ndirections: forward and reverse\nlengths: 2 to 6 steps\nloss: the sum of the output at \
                 the step at which each direction ends (`grad_output`: another)\n";
    assert!(out.starts_with("lstm: T=6 B=3 I=3 H=4 layers=2\n") && out.contains(lines), "{out}");
    let mut reader = csv::Reader::from_path(dir.path().join("trace/gradients.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|found| found == name).unwrap();
    let mut curves: Vec<[String; 3]> = reader
        .records()
        .map(|row| {
            ["quantity", "layer", "direction"].map(|name| row.as_ref().unwrap()[place(name)].to_string())
        })
        .collect();
    curves.dedup();
    let of_h: Vec<String> =
        curves.iter().filter(|curve| curve[0] == "total_h").map(|curve| curve[1..].join(" ")).collect();
    assert_eq!(of_h, ["0 forward", "0 reverse", "1 forward", "1 reverse"]);
    assert_eq!(curves.last().unwrap(), &["input_x", "0", ""].map(String::from));
    // Lengths and sequences from another file, with the batch first.
    let names = ["input", "lengths", "h0", "c0"];
    let mut sequences: Tensors =
        names.map(|name| (name.to_string(), given.remove(name).unwrap())).into_iter().collect();
    let turned = sequences["input"].transpose(0, 1).contiguous();
    sequences.insert("input".into(), turned);
    write(&dir.path().join("sequences.safetensors"), &sequences).unwrap();
    let expected = read(&dir.path().join("trace/trace.safetensors")).unwrap();
    let arguments = ["--input", "sequences.safetensors", "--batch-first", "--engine", "recompute"];
    let (code, _, error) = said(&given, dir.path(), &arguments);
    assert_eq!(code, 0, "{error}");
    let found = read(&dir.path().join("trace/trace.safetensors")).unwrap();
    assert_same(&found["output"], &expected["output"].transpose(0, 1), 0.0, "output");
    assert_same(&found["h_n"], &expected["h_n"], 0.0, "h_n");
}

#[test]
fn trace_halves_are_read_as_f32_and_said() {
    let dir = tempfile::tempdir().unwrap();
    for (kind, name) in [(Kind::Half, "F16"), (Kind::BFloat16, "BF16")] {
        let mut given = given(&golden(CellName::Lstm, "both"));
        let is_weight = |name: &str| name.contains("_l");
        for (name, tensor) in given.iter_mut() {
            *tensor = tensor.to_kind(if is_weight(name) { kind } else { Kind::Float });
        }
        let (code, out, error) = said(&given, dir.path(), &[]);
        assert!(code == 0 && out.contains(&format!("\ndtype: f32, converted from {name}\n")), "{out}{error}");
        let found = read(&dir.path().join("trace/trace.safetensors")).unwrap();
        given.values_mut().for_each(|tensor| *tensor = tensor.to_kind(Kind::Float));
        let expected = traced(CellName::Lstm, given, EngineName::Analytic).tensors;
        for (name, expected) in &expected {
            assert_same(&found[name], expected, 0.0, name);
        }
    }
}

#[test]
fn wrong_lengths_directions_and_engines_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(&mut Tensors), arguments: &[&str], problem: &str| {
        let mut given = given(&golden(CellName::Lstm, "both_lengths"));
        change(&mut given);
        let (code, _, error) = said(&given, dir.path(), arguments);
        assert!(code == 2 && error.contains(problem), "expected `{problem}` in: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    };
    let set = |tensor: Tensor| {
        move |given: &mut Tensors| drop(given.insert("lengths".into(), tensor.shallow_clone()))
    };
    for (lengths, problem) in [
        (Tensor::from_slice(&[3i64, 6]), "expected `lengths` of shape [3], one for each sequence, found [2]"),
        (
            Tensor::from_slice(&[3i64, 7, 2]),
            "lengths from 1 to 6, the steps of `input`, in `lengths`, found 7 at [1]",
        ),
        (Tensor::from_slice(&[3i64, 6, 0]), "found 0 at [2]"),
        (Tensor::from_slice(&[3.0f64, 6.0, 2.0]), "expected `lengths` in I64 or I32, found F64"),
    ] {
        refused(&set(lengths), &[], problem);
    }
    let without = |name: &'static str| move |given: &mut Tensors| drop(given.remove(name));
    refused(&without("weight_hh_l1_reverse"), &[], "expected a tensor `weight_hh_l1_reverse`, found none");
    let bidirectional = "expected a tensor `weight_ih_l1_reverse`, as `bias_hh_l0_reverse` makes all layers";
    refused(&without("weight_ih_l1_reverse"), &[], bidirectional);
    refused(&without("weight_ih_l1"), &[], "expected a tensor `weight_ih_l1`, found none");
    let exact =
        "expected an engine with exact norms for a reverse direction: analytic, recompute, or simd in f64";
    refused(&|_| (), &["--engine", "builtin"], &format!("--engine builtin: {exact}"));
    let forward = |given: &mut Tensors| {
        *given = self::given(&golden(CellName::Lstm, "forward_lengths"));
    };
    refused(&forward, &["--engine", "stepwise"], "exact norms for sequences with `lengths`: analytic");
    let misspelt = |given: &mut Tensors| {
        let lengths = given.remove("lengths").unwrap();
        given.insert("length".into(), lengths);
    };
    refused(&misspelt, &[], "`length` means nothing here; did you mean `lengths`?");
    let h0 = |given: &mut Tensors| {
        let first = given["h0"].narrow(0, 0, 2);
        given.insert("h0".into(), first);
    };
    refused(&h0, &[], "expected `h0` of shape [4, 3, 4], found [2, 3, 4]");
}

#[test]
fn init_file_with_a_reverse_direction_is_refused() {
    let config = "kind = \"gradients\"\n[grid]\ncell = \"lstm\"\ninit = { file = \"x.safetensors\" }\n\
                  input_size = 3\nhidden_size = 4\nlayers = 2\nseq_len = 9\n";
    let dir = with_config("small.toml", config);
    let given = given(&golden(CellName::Lstm, "both"));
    let weights = given.into_iter().filter(|(name, _)| name.contains("_l")).collect();
    write(&dir.path().join("x.safetensors"), &weights).unwrap();
    let checked = lab(dir.path(), &["check", "small.toml"]);
    let problem = "x.safetensors: expected layers of the forward direction alone, found \
                   `bias_hh_l0_reverse` of a reverse direction; `lstm-lab trace ";
    let end = "x.safetensors --cell lstm` measures both directions\n";
    let said = checked.stderr;
    assert!(checked.code == 2 && said.contains("small.toml:4: `grid.init`: "), "{said}");
    assert!(said.contains(problem) && said.ends_with(end), "{said}");
}
