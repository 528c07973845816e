//! Comparison with numbers from PyTorch itself (tests/golden/make.py).

use std::collections::BTreeMap;

use lstm_lab::cell::CellName;
use lstm_lab::cell::{Parameters, State, cell};
use lstm_lab::diagnostics::autograd::profiles;
use lstm_lab::diagnostics::norms;
use lstm_lab::engine::EngineName;
use lstm_lab::engine::engine;
use lstm_lab::settings::names::Quantity;
use tch::{Kind, Tensor};

use crate::support::{assert_same, engines};

/// The cells of tests/golden/make.py.
pub const PYTORCH: [CellName; 4] = [CellName::Rnn, CellName::Lstm, CellName::Gru, CellName::LstmProjected];

pub type Tensors = BTreeMap<String, Tensor>;

pub fn load(cell: CellName) -> (Tensors, Tensors) {
    let text = match cell {
        CellName::Rnn => include_str!("../golden/rnn.json"),
        CellName::Lstm => include_str!("../golden/lstm.json"),
        CellName::Gru => include_str!("../golden/gru.json"),
        CellName::LstmProjected => include_str!("../golden/lstm_projected.json"),
        _ => unreachable!("no numbers of PyTorch"),
    };
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    (tensors(&json["given"]), tensors(&json["expected"]))
}

/// Reads tensors by name from JSON.
pub fn tensors(json: &serde_json::Value) -> Tensors {
    let tensor = |entry: &serde_json::Value| {
        let shape: Vec<i64> = serde_json::from_value(entry["shape"].clone()).unwrap();
        let data: Vec<f64> = serde_json::from_value(entry["data"].clone()).unwrap();
        Tensor::from_slice(&data).reshape(shape)
    };
    json.as_object().unwrap().iter().map(|(name, entry)| (name.clone(), tensor(entry))).collect()
}

fn parameters(name: CellName, given: &Tensors, layers: usize) -> Parameters {
    let mut p = Parameters::from_named(cell(name), |name| Some(given.get(name)?.shallow_clone()));
    p.layers.truncate(layers);
    p
}

#[test]
fn every_engine_gives_what_pytorch_gave() {
    for cell in PYTORCH {
        let (given, expected) = load(cell);
        for engine in engines(cell, Kind::Double) {
            let p = parameters(cell, &given, 2).leaves();
            let leaf = |name: &str| given[name].copy().set_requires_grad(true);
            let (input, h0) = (leaf("input"), leaf("h0"));
            let c0 = given.contains_key("c0").then(|| leaf("c0"));
            let of_layer =
                |layer| State::from_tensors(std::iter::once(&h0).chain(&c0).map(|tensor| tensor.get(layer)));
            let first: Vec<State> = (0..2).map(of_layer).collect();
            let run = lstm_lab::engine::forward(engine, &p, &input, Some(&first)).unwrap();
            let loss = (&run.output * &given["cotangent"]).sum(Kind::Double);
            let mut nodes = p.named();
            nodes.extend([("input".to_string(), &input), ("h0".to_string(), &h0)]);
            nodes.extend(c0.as_ref().map(|c0| ("c0".to_string(), c0)));
            let tensors: Vec<&Tensor> = nodes.iter().map(|(_, tensor)| *tensor).collect();
            let gradients = Tensor::run_backward(&[loss], &tensors, false, false);

            let close = |found: &Tensor, name: &str| {
                assert_same(found, &expected[name], 1e-12, &format!("{cell} {} {name}", engine.name()));
            };
            close(&run.output, "output");
            close(&Tensor::stack(&run.final_states.iter().map(|s| &s.h).collect::<Vec<_>>(), 0), "h_n");
            if c0.is_some() {
                close(
                    &Tensor::stack(&run.final_states.iter().map(|s| &s.carried[0]).collect::<Vec<_>>(), 0),
                    "c_n",
                );
            }
            for ((name, _), gradient) in nodes.iter().zip(&gradients) {
                close(gradient, &format!("grad.{name}"));
            }
        }
    }
}

#[test]
fn adjoint_norms_are_those_of_pytorch_with_retain_grad() {
    for cell in PYTORCH {
        let (given, expected) = load(cell);
        let p = parameters(cell, &given, 1).leaves();
        for name in engines(cell, Kind::Double).map(|engine| engine.name()) {
            let loss = |output: &Tensor| (output * &given["cotangent"]).sum(Kind::Double);
            let found = profiles(engine(name), &p, &given["input"], None, 1, loss).unwrap();
            for (quantity, golden) in [(Quantity::TotalH, "total_h"), (Quantity::TotalC, "total_c")] {
                let profile = found.iter().find(|profile| profile.quantity == quantity);
                // The rnn and the gru have no c. An engine without visible states is probed by cuts, which
                // give no c. The backward pass of `simd` stores the adjoints of c.
                let shows_c = name.shows_states() || name == EngineName::Simd;
                let shown = expected.contains_key(golden) && (golden == "total_h" || shows_c);
                assert_eq!(profile.is_some(), shown, "{cell} {name} {golden}");
                let Some(profile) = profile else { continue };
                for ((_, found), expected) in profile.norms.iter().zip(norms(&expected[golden])) {
                    match (found, expected) {
                        (lstm_lab::diagnostics::Norm::Log10(a), lstm_lab::diagnostics::Norm::Log10(b)) => {
                            assert!((a - b).abs() < 1e-12, "{cell} {name} {golden}: {a} {b}");
                        }
                        (a, b) => assert_eq!(*a, b),
                    }
                }
            }
        }
    }
}
