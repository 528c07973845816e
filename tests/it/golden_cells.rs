//! Comparison of the cells that PyTorch does not have with JAX (tests/golden/make_cells.py).

use std::collections::BTreeMap;

use lstm_lab::cell::{CellName, Parameters, State, cell as by_name};
use lstm_lab::diagnostics::{DiagnosticOptions, exact, norms};
use lstm_lab::engine::{EngineName, forward};
use lstm_lab::settings::names::Quantity;
use tch::{Kind, Tensor};

use crate::golden::{Tensors, tensors};
use crate::support::{DERIVED, assert_same, engines, log10, norms_of};

/// Given and expected tensors by cell.
fn golden() -> BTreeMap<CellName, (Tensors, Tensors)> {
    let json: serde_json::Value = serde_json::from_str(include_str!("../golden/cells.json")).unwrap();
    let of_cell = |(name, parts): (&String, &serde_json::Value)| {
        (name.parse().unwrap(), (tensors(&parts["given"]), tensors(&parts["expected"])))
    };
    json.as_object().unwrap().iter().map(of_cell).collect()
}

#[test]
fn golden_numbers_cover_every_cell() {
    let golden = golden();
    let missing = |cell: &&CellName| !golden.contains_key(*cell) && !DERIVED.contains(*cell);
    assert_eq!(CellName::ALL.iter().find(missing), None);
}

#[test]
fn every_engine_gives_what_jax_gave() {
    for (cell, (given, expected)) in golden() {
        for engine in engines(cell, Kind::Double) {
            let p = Parameters::from_named(by_name(cell), |name| Some(given.get(name)?.copy())).leaves();
            assert_eq!(p.layers.len(), 1);
            let leaf = |name: &str| given.get(name).map(|tensor| tensor.copy().set_requires_grad(true));
            let (input, h0, c0) = (leaf("input").unwrap(), leaf("h0").unwrap(), leaf("c0"));
            let initial = State { h: h0.shallow_clone(), c: c0.as_ref().map(Tensor::shallow_clone) };
            let run = forward(engine, &p, &input, Some(&[initial])).unwrap();
            let loss = (&run.output * &given["cotangent"]).sum(Kind::Double);
            let mut nodes = p.named();
            nodes.extend([("input".to_string(), &input), ("h0".to_string(), &h0)]);
            nodes.extend(c0.as_ref().map(|c0| ("c0".to_string(), c0)));
            let leaves: Vec<&Tensor> = nodes.iter().map(|(_, tensor)| *tensor).collect();
            let gradients = Tensor::run_backward(&[loss], &leaves, false, false);

            let close = |found: &Tensor, name: &str| {
                assert_same(found, &expected[name], 1e-13, &format!("{cell} {} {name}", engine.name()));
            };
            close(&run.output, "output");
            close(&run.final_states[0].h, "h_n");
            if let Some(c) = &run.final_states[0].c {
                close(c, "c_n");
            }
            for ((name, leaf), gradient) in nodes.iter().zip(&gradients) {
                if leaf.numel() > 0 {
                    close(gradient, &format!("grad.{name}"));
                }
            }
        }
    }
}

#[test]
fn adjoint_norms_are_those_of_jax() {
    for (cell, (given, expected)) in golden() {
        let p = Parameters::from_named(by_name(cell), |name| Some(given.get(name)?.copy()));
        let initial = State { h: given["h0"].copy(), c: given.get("c0").map(Tensor::copy) };
        let loss = |output: &Tensor, segment: std::ops::Range<usize>| {
            let part = given["cotangent"].narrow(0, segment.start as i64, segment.len() as i64);
            Some((output * part).sum(Kind::Double))
        };
        let (engine, options) = (EngineName::Recompute, DiagnosticOptions::default());
        let found = exact::profiles(engine, &p, &given["input"], Some(&[initial]), options, &loss).unwrap();
        let total_h = norms_of(&found, Quantity::TotalH, 0);
        for ((t, norm), expected) in total_h.iter().zip(norms(&expected["total_h"])) {
            assert!((log10(*norm) - log10(expected)).abs() < 1e-12, "{cell} step {t}");
        }
    }
}
