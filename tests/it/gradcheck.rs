//! Comparison of every gradient with central differences in f64.

use lstm_lab::cell::CellName;
use lstm_lab::cell::{Parameters, State};
use lstm_lab::engine::{Engine, forward};
use tch::{Kind, Tensor};

use crate::support::{Case, engines, results};

/// Returns the loss whose gradients `results` gives.
fn loss(engine: &dyn Engine, p: &Parameters, input: &Tensor, first: &[State], cotangent: &Tensor) -> f64 {
    let run = forward(engine, p, input, Some(first)).unwrap();
    let mut loss = (&run.output * cotangent).sum(Kind::Double);
    for state in &run.final_states {
        for tensor in state.tensors() {
            loss += tensor.sin().sum(Kind::Double);
        }
    }
    loss.double_value(&[])
}

#[test]
fn gradients_are_those_of_central_differences() {
    const STEP: f64 = 1e-5;
    for &cell in CellName::ALL {
        let case = Case { batch: 2, input: 3, hidden: 2, ..Case::new(cell, 2, 4, Kind::Double) };
        let (p, input, first, cotangent) = (case.parameters(), case.input(), case.first(), case.cotangent());
        for engine in engines(cell, Kind::Double) {
            let found = results(engine, &p, &input, &first, &cotangent);
            let mut tensors: Vec<(String, Tensor)> =
                p.named().into_iter().map(|(name, tensor)| (name, tensor.shallow_clone())).collect();
            tensors.push(("input".into(), input.shallow_clone()));
            for (layer, state) in first.iter().enumerate() {
                let named = state.named(p.cell.carried()).into_iter();
                tensors.extend(
                    named.map(|(name, tensor)| (format!("{name}0[{layer}]"), tensor.shallow_clone())),
                );
            }
            for (name, tensor) in tensors {
                let gradient = &found.iter().find(|(n, _)| *n == format!("grad.{name}")).unwrap().1;
                let (flat, gradient) = (tensor.view(-1), gradient.reshape([-1]));
                for n in 0..flat.size()[0] {
                    let value = flat.double_value(&[n]);
                    let at = |by: f64| {
                        let _ = flat.get(n).fill_(value + by);
                        loss(engine, &p, &input, &first, &cotangent)
                    };
                    let difference = |step: f64| (at(step) - at(-step)) / (2.0 * step);
                    // Two steps cancel the error of second order: a normalisation of two units bends
                    // strongly.
                    let numeric = (4.0 * difference(STEP) - difference(2.0 * STEP)) / 3.0;
                    let _ = flat.get(n).fill_(value);
                    let exact = gradient.double_value(&[n]);
                    assert!(
                        (numeric - exact).abs() < 1e-8 * (1.0 + exact.abs()),
                        "{cell} {} grad.{name}[{n}]: {exact} by autograd, {numeric} by differences",
                        engine.name()
                    );
                }
            }
        }
    }
}
