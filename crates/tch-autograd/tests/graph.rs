//! A Rust closure as a node of libtorch's graph: chaining, lifetime, refusals.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tch::{Kind, Tensor};
use tch_autograd::{Error, Saved, custom_function};

fn leaf(numbers: &[f64]) -> Tensor {
    Tensor::from_slice(numbers).set_requires_grad(true)
}

/// Returns 3x through a closure that counts its calls in `calls`. The closure holds a handle on `calls`
/// while it lives.
fn triple(x: &Tensor, calls: &Arc<AtomicUsize>) -> Tensor {
    let calls = calls.clone();
    let value = tch::no_grad(|| x * 3.0);
    let outputs = custom_function(&[x], vec![value], move |grad| {
        calls.fetch_add(1, Ordering::SeqCst);
        Some(vec![grad.outputs[0].as_ref().map(|g| g * 3.0)])
    });
    outputs.unwrap().remove(0)
}

fn backward(y: &Tensor, x: &Tensor, keep: bool) -> Result<Tensor, String> {
    let loss = y.sum(Kind::Double);
    let gradients = Tensor::f_run_backward(&[loss], &[x], keep, false);
    gradients.map(|mut gradients| gradients.remove(0)).map_err(|error| error.to_string())
}

#[test]
fn closure_used_twice_in_one_graph_chains_with_other_operations() {
    let (x, calls) = (leaf(&[1.0, 2.0]), Arc::default());
    let y = triple(&x.exp(), &calls) + triple(&triple(&x, &calls), &calls);
    let gradient = backward(&y, &x, false).unwrap();
    let expected = (x.exp() * 3.0 + 9.0).detach();
    assert!(gradient.allclose(&expected, 1e-15, 0.0, false), "{gradient} {expected}");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn second_backward_pass_without_kept_graph_is_an_error() {
    let (x, calls) = (leaf(&[1.0]), Arc::default());
    let y = triple(&x, &calls);
    assert!(backward(&y, &x, true).is_ok() && backward(&y, &x, false).is_ok());
    let message = backward(&y, &x, false).unwrap_err();
    assert!(message.contains("an earlier backward pass freed this graph"), "{message}");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn closure_is_dropped_with_the_graph_or_after_its_backward_pass() {
    let (x, held) = (leaf(&[1.0]), Arc::new(AtomicUsize::new(0)));
    let y = triple(&x, &held);
    assert_eq!(Arc::strong_count(&held), 2);
    drop(backward(&y, &x, false).unwrap());
    assert_eq!(Arc::strong_count(&held), 1, "the backward pass frees the closure, though the output lives");
    let y = triple(&x, &held);
    drop(y);
    assert_eq!(Arc::strong_count(&held), 1, "the last output frees the closure");
    let y = tch::no_grad(|| triple(&x, &held));
    assert_eq!(Arc::strong_count(&held), 1, "the closure is not kept where gradients are off");
    assert!(!y.requires_grad());
}

#[test]
fn panic_in_the_closure_is_an_error_of_the_backward_pass() {
    let x = leaf(&[1.0]);
    let copy = || vec![tch::no_grad(|| &x * 1.0)];
    let y = custom_function(&[&x], copy(), |_| panic!("this went wrong: {}", 42)).unwrap();
    let message = backward(&y[0], &x, false).unwrap_err();
    assert!(message.contains("this went wrong: 42"), "{message}");
    let y = custom_function(&[&x], copy(), |_| Some(vec![])).unwrap();
    let message = backward(&y[0], &x, false).unwrap_err();
    assert!(message.contains("one entry for each input: expected 1, found 0"), "{message}");
}

#[test]
fn gradient_of_the_wrong_shape_is_an_error() {
    let x = leaf(&[1.0, 2.0]);
    let copy = tch::no_grad(|| &x * 1.0);
    let y = custom_function(&[&x], vec![copy], |_| Some(vec![Some(Tensor::from_slice(&[1.0; 3]))]));
    let message = backward(&y.unwrap()[0], &x, false).unwrap_err();
    assert!(message.contains("invalid gradient"), "{message}");
}

#[test]
fn absent_gradient_is_none_and_unneeded_one_is_marked() {
    let (a, b) = (leaf(&[1.0]), leaf(&[1.0]));
    let frozen = Tensor::from_slice(&[1.0]);
    let results = tch::no_grad(|| vec![&a * 2.0, &b * 5.0]);
    let outputs = custom_function(&[&a, &b, &frozen], results, |grad| {
        assert!(grad.outputs[0].is_some() && grad.outputs[1].is_none());
        assert_eq!(grad.needs_input_grad, [true, false, false]);
        Some(vec![grad.outputs[0].as_ref().map(|g| g * 2.0), None, None])
    });
    let gradient = backward(&outputs.unwrap()[0], &a, false).unwrap();
    assert_eq!(gradient, Tensor::from_slice(&[2.0]));
}

#[test]
fn create_graph_is_refused() {
    let (x, calls) = (leaf(&[1.0]), Arc::default());
    let loss = triple(&x, &calls).sum(Kind::Double);
    let message = Tensor::f_run_backward(&[loss], &[&x], true, true).unwrap_err().to_string();
    assert!(message.contains("cannot itself be differentiated"), "{message}");
}

#[test]
fn output_with_a_history_is_refused() {
    let x = leaf(&[1.0]);
    let fresh = tch::no_grad(|| &x * 2.0);
    let error = custom_function(&[&x], vec![fresh, x.shallow_clone()], |_| None).unwrap_err();
    assert_eq!(error, Error::OutputHasHistory(1));
    assert!(error.to_string().contains("output 1 requires a gradient already"), "{error}");
    assert!(x.is_leaf(), "a refused output is not changed");
}

#[test]
fn saved_tensor_changed_in_place_is_refused() {
    let x = leaf(&[1.0, 2.0]);
    let mut kept = tch::no_grad(|| &x * 2.0);
    let saved = Saved::new(&kept);
    let y = custom_function(&[&x], vec![tch::no_grad(|| &x * &x)], move |grad| {
        Some(vec![grad.outputs[0].as_ref().map(|g| g * saved.get())])
    });
    let _ = kept.g_add_scalar_(1.0);
    let message = backward(&y.unwrap()[0], &x, false).unwrap_err();
    assert!(message.contains("was changed in place since the forward pass"), "{message}");
}
