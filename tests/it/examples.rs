//! The examples, with few steps.

#[path = "../../examples/custom_autograd.rs"]
mod custom_autograd;
#[path = "../../examples/lstm.rs"]
mod lstm;
#[path = "../../examples/train_adding.rs"]
mod train_adding;

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
fn train_adding_example_beats_the_baseline() {
    let mut calls = 0;
    let losses = train_adding::train(300, |_, _| calls += 1).unwrap();
    assert_eq!((losses.len(), calls), (300, 300));
    let (early, late) = (mean(&losses[..10]), mean(&losses[290..]));
    assert!(early > 0.5 * train_adding::BASELINE, "the first updates already have a loss of {early}");
    assert!(late < 0.5 * train_adding::BASELINE, "the last updates have a loss of {late}");
}
