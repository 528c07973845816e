//! The examples, with few steps.

#[path = "../../examples/custom_autograd.rs"]
mod custom_autograd;
#[path = "../../examples/lstm.rs"]
mod lstm;
#[path = "../../examples/own_cell.rs"]
mod own_cell;
#[path = "../../examples/train_adding.rs"]
mod train_adding;

use lstm_lab::EngineName;
use lstm_lab::engine::{engine, forward, parity};

fn mean(losses: &[f64]) -> f64 {
    losses.iter().sum::<f64>() / losses.len() as f64
}

#[test]
fn lstm_example_learns_and_matches_nn_lstm() {
    let outcome = lstm::train(30).unwrap();
    let (first, last) = (outcome.losses[0], outcome.losses[29]);
    assert!(last < 0.5 * first, "the loss went from {first} to {last}");
    assert!(outcome.difference < 1e-5, "differs from nn::lstm by {}", outcome.difference);
}

#[test]
fn custom_autograd_example_matches_autograd() {
    let [by_closure, by_autograd] = custom_autograd::gradients(20).unwrap();
    assert!(by_autograd.norm().double_value(&[]) > 1e-3);
    assert!(by_closure.allclose(&by_autograd, 1e-12, 1e-15, false), "{by_closure}{by_autograd}");
}

#[test]
fn own_cell_example_exact_norms_equal_autograd_and_go_below_floats() {
    let (p, x) = own_cell::case(&own_cell::UpdateGateRnn, 40);
    let by_autograd = own_cell::norms(EngineName::Stepwise, &p, &x).unwrap();
    let exact = own_cell::norms(EngineName::Recompute, &p, &x).unwrap();
    assert!(by_autograd[0] < by_autograd[39] - 1.0, "the gradient vanishes");
    for (t, (a, b)) in exact.iter().zip(&by_autograd).enumerate() {
        assert!((a - b).abs() < 1e-11, "step {t}: {a} {b}");
    }
    let (p, x) = own_cell::case(&own_cell::UpdateGateRnn, 3000);
    let first = own_cell::norms(EngineName::Recompute, &p, &x).unwrap()[0];
    assert!(first.is_finite() && first < -324.0, "the norm at the first step is 1e{first}");
}

#[test]
fn own_cell_example_engines_agree_and_others_refuse() {
    let (p, x) = own_cell::case(&own_cell::UpdateGateRnn, 9);
    let cotangent = x.narrow(2, 0, 1).expand([9, 2, 16], false).contiguous();
    for name in [EngineName::Fused, EngineName::Recompute] {
        parity::check(engine(name), engine(EngineName::Stepwise), &p, &x, &cotangent, 1e-12).unwrap();
    }
    for name in [EngineName::Analytic, EngineName::Scan, EngineName::Simd, EngineName::Builtin] {
        let message = forward(engine(name), &p, &x, None).unwrap_err().to_string();
        let engines = "`stepwise`, `fused`, `recompute`";
        assert_eq!(
            message,
            format!("engine `{name}` cannot run a cell without a name; these can: {engines}")
        );
    }
}

#[test]
fn train_adding_example_beats_the_baseline() {
    let mut calls = 0;
    let losses = train_adding::train(300, |_, _| calls += 1).unwrap();
    assert_eq!((losses.len(), calls), (300, 300));
    let (early, late) = (mean(&losses[..10]), mean(&losses[290..]));
    assert!(early > 0.5 * train_adding::BASELINE, "the first updates already have a loss of {early}");
    assert!(late < 0.5 * train_adding::BASELINE, "the last updates have a loss of {late}");
}
