//! Comparison of the cells that PyTorch does not have with JAX (tests/golden/make_cells.py).

use std::collections::BTreeMap;

use lstm_lab::cell::{CellName, Parameters, State, cell as by_name};
use lstm_lab::diagnostics::{DiagnosticOptions, exact, norms};
use lstm_lab::engine::{EngineName, forward};
use lstm_lab::settings::names::Quantity;
use tch::{Kind, Tensor};

use crate::golden::{PYTORCH, Tensors, tensors};
use crate::support::{assert_same, engines, log10, norms_of};

/// Given and expected tensors by cell.
pub fn golden() -> BTreeMap<CellName, (Tensors, Tensors)> {
    let json: serde_json::Value = serde_json::from_str(include_str!("../golden/cells.json")).unwrap();
    let of_cell = |(name, parts): (&String, &serde_json::Value)| {
        (name.parse().unwrap(), (tensors(&parts["given"]), tensors(&parts["expected"])))
    };
    json.as_object().unwrap().iter().map(of_cell).collect()
}

#[test]
fn golden_numbers_cover_every_cell() {
    let golden = golden();
    let missing = |cell: &&CellName| !golden.contains_key(*cell) && !PYTORCH.contains(*cell);
    assert_eq!(CellName::ALL.iter().find(missing), None);
}

/// The given initial state.
fn initial(cell: CellName, given: &Tensors) -> State {
    let carried = by_name(cell).carried().iter().map(|name| name.as_str());
    State::from_tensors(std::iter::once("h").chain(carried).map(|name| given[&format!("{name}0")].copy()))
}

#[test]
fn every_engine_gives_what_jax_gave() {
    for (cell, (given, expected)) in golden() {
        for engine in engines(cell, Kind::Double) {
            let p = Parameters::from_named(by_name(cell), |name| Some(given.get(name)?.copy())).leaves();
            assert_eq!(p.layers.len(), 1);
            let leaf = |name: &str| given.get(name).map(|tensor| tensor.copy().set_requires_grad(true));
            let (input, carried) = (leaf("input").unwrap(), p.cell.carried());
            let initial = initial(cell, &given).map(|tensor| tensor.copy().set_requires_grad(true));
            let run = forward(engine, &p, &input, Some(&[initial.shallow_clone()])).unwrap();
            let loss = (&run.output * &given["cotangent"]).sum(Kind::Double);
            let mut nodes = p.named();
            nodes.push(("input".to_string(), &input));
            let named = initial.named(carried).into_iter();
            nodes.extend(named.map(|(name, tensor)| (format!("{name}0"), tensor)));
            let leaves: Vec<&Tensor> = nodes.iter().map(|(_, tensor)| *tensor).collect();
            let gradients = Tensor::run_backward(&[loss], &leaves, false, false);

            let close = |found: &Tensor, name: &str| {
                assert_same(found, &expected[name], 1e-13, &format!("{cell} {} {name}", engine.name()));
            };
            close(&run.output, "output");
            for (name, tensor) in run.final_states[0].named(carried) {
                close(tensor, &format!("{name}_n"));
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
        let initial = initial(cell, &given);
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
