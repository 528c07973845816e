//! The Rust closure in libtorch's graph, and the hand-derived engine inside larger graphs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lstm_lab::autograd::{Saved, attach};
use lstm_lab::cell::CellName;
use lstm_lab::cell::State;
use lstm_lab::engine::EngineName;
use lstm_lab::engine::{engine, forward};
use tch::{Kind, Tensor};

use crate::support::{Case, assert_same};

fn leaf(numbers: &[f64]) -> Tensor {
    Tensor::from_slice(numbers).set_requires_grad(true)
}

/// y = 3x through a closure that counts its calls and lives until `alive` is dropped.
fn triple(x: &Tensor, calls: &Arc<AtomicUsize>) -> Tensor {
    let calls = calls.clone();
    let value = tch::no_grad(|| x * 3.0);
    let outputs = attach(&[x], vec![value], move |upstream| {
        calls.fetch_add(1, Ordering::SeqCst);
        Some(vec![upstream.gradients[0].as_ref().map(|g| g * 3.0)])
    });
    outputs.unwrap().remove(0)
}

fn backward(y: &Tensor, x: &Tensor, keep: bool) -> Result<Tensor, String> {
    let loss = y.sum(Kind::Double);
    let gradients = Tensor::f_run_backward(&[loss], &[x], keep, false);
    gradients.map(|mut gradients| gradients.remove(0)).map_err(|error| error.to_string())
}

#[test]
fn a_closure_is_used_twice_in_one_graph_and_chains_with_other_operations() {
    let (x, calls) = (leaf(&[1.0, 2.0]), Arc::default());
    let y = triple(&x.exp(), &calls) + triple(&triple(&x, &calls), &calls);
    let gradient = backward(&y, &x, false).unwrap();
    assert_same(&gradient, &(x.exp() * 3.0 + 9.0).detach(), 1e-15, "gradient");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn a_kept_graph_serves_twice_and_a_freed_one_says_so() {
    let (x, calls) = (leaf(&[1.0]), Arc::default());
    let y = triple(&x, &calls);
    assert!(backward(&y, &x, true).is_ok() && backward(&y, &x, false).is_ok());
    let message = backward(&y, &x, false).unwrap_err();
    assert!(message.contains("a backward pass went through this graph before"), "{message}");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn the_closure_is_dropped_with_the_graph_or_after_its_backward_pass() {
    let (x, held) = (leaf(&[1.0]), Arc::new(AtomicUsize::new(0)));
    let y = triple(&x, &held);
    assert_eq!(Arc::strong_count(&held), 2);
    drop(backward(&y, &x, false).unwrap());
    assert_eq!(Arc::strong_count(&held), 1, "freed by the backward pass, though the output lives");
    let y = triple(&x, &held);
    drop(y);
    assert_eq!(Arc::strong_count(&held), 1, "freed with the last output");
    let y = tch::no_grad(|| triple(&x, &held));
    assert_eq!(Arc::strong_count(&held), 1, "not kept where gradients are off");
    assert!(!y.requires_grad());
}

#[test]
fn a_panic_becomes_an_error_of_the_backward_pass() {
    let x = leaf(&[1.0]);
    let y = attach(&[&x], vec![tch::no_grad(|| &x * 1.0)], |_| panic!("this went wrong: {}", 42)).unwrap();
    let message = backward(&y[0], &x, false).unwrap_err();
    assert!(message.contains("this went wrong: 42"), "{message}");
    let y = attach(&[&x], vec![tch::no_grad(|| &x * 1.0)], |_| Some(vec![])).unwrap();
    let message = backward(&y[0], &x, false).unwrap_err();
    assert!(message.contains("one entry for each input"), "{message}");
}

#[test]
fn a_gradient_of_the_wrong_shape_is_an_error_and_no_wrong_gradient() {
    let x = leaf(&[1.0, 2.0]);
    let y =
        attach(&[&x], vec![tch::no_grad(|| &x * 1.0)], |_| Some(vec![Some(Tensor::from_slice(&[1.0; 3]))]));
    let message = backward(&y.unwrap()[0], &x, false).unwrap_err();
    assert!(message.contains("invalid gradient"), "{message}");
}

/// One loss a thread, all through parameters that they share.
#[test]
fn backward_passes_run_on_other_threads() {
    let case = Case::new(CellName::Lstm, 1, 6, Kind::Double);
    let p = case.parameters().leaves();
    let gradient = |loss: Tensor| Tensor::run_backward(&[loss], &[&p.layers[0].w_hh], false, false).remove(0);
    let loss = |scale: f64| {
        let output = forward(engine(EngineName::Analytic), &p, &case.input(), None).unwrap().output;
        (output * scale).sum(Kind::Double)
    };
    let expected = gradient(loss(1.0));
    let losses: Vec<(f64, Tensor)> = (1..5).map(|n| (f64::from(n), loss(f64::from(n)))).collect();
    let threads: Vec<_> = losses
        .into_iter()
        .map(|(scale, loss)| {
            let w_hh = p.layers[0].w_hh.shallow_clone();
            let work = move || Tensor::run_backward(&[loss], &[&w_hh], false, false).remove(0);
            (scale, std::thread::spawn(work))
        })
        .collect();
    for (scale, thread) in threads {
        assert_same(&thread.join().unwrap(), &(&expected * scale), 1e-14, "a thread's gradient");
    }
}

#[test]
fn an_undefined_gradient_is_none_and_an_unwanted_one_is_marked() {
    let (a, b) = (leaf(&[1.0]), leaf(&[1.0]));
    let frozen = Tensor::from_slice(&[1.0]);
    let results = tch::no_grad(|| vec![&a * 2.0, &b * 5.0]);
    let outputs = attach(&[&a, &b, &frozen], results, |upstream| {
        assert!(upstream.gradients[0].is_some() && upstream.gradients[1].is_none());
        assert_eq!(upstream.wanted, [true, false, false]);
        Some(vec![upstream.gradients[0].as_ref().map(|g| g * 2.0), None, None])
    });
    let gradient = backward(&outputs.unwrap()[0], &a, false).unwrap();
    assert_eq!(gradient, Tensor::from_slice(&[2.0]));
}

#[test]
fn what_is_hand_written_is_not_differentiated_again() {
    let (x, calls) = (leaf(&[1.0]), Arc::default());
    let loss = triple(&x, &calls).sum(Kind::Double);
    let message = Tensor::f_run_backward(&[loss], &[&x], true, true).unwrap_err().to_string();
    assert!(message.contains("cannot itself be differentiated"), "{message}");
}

#[test]
fn an_output_that_has_a_history_is_refused() {
    let x = leaf(&[1.0]);
    let error = attach(&[&x], vec![x.shallow_clone()], |_| None).unwrap_err().to_string();
    assert!(error.contains("has a history of its own"), "{error}");
    assert!(x.is_leaf(), "and left as it was");
}

#[test]
fn a_saved_tensor_that_was_changed_is_refused() {
    let x = leaf(&[1.0, 2.0]);
    let mut kept = tch::no_grad(|| &x * 2.0);
    let saved = Saved::new(&kept);
    let y = attach(&[&x], vec![tch::no_grad(|| &x * &x)], move |upstream| {
        Some(vec![upstream.gradients[0].as_ref().map(|g| g * saved.get())])
    });
    let _ = kept.g_add_scalar_(1.0);
    let message = backward(&y.unwrap()[0], &x, false).unwrap_err();
    assert!(message.contains("was changed in place since the forward pass"), "{message}");
}

fn analytic_output(case: &Case, input: &Tensor) -> Tensor {
    forward(engine(EngineName::Analytic), &case.parameters().leaves(), input, None).unwrap().output
}

#[test]
fn the_analytic_engine_refuses_a_changed_output_instead_of_a_wrong_gradient() {
    for &cell in CellName::ALL {
        let case = Case::new(cell, 1, 4, Kind::Double);
        let input = case.input().set_requires_grad(true);
        let output = analytic_output(&case, &input);
        let _ = tch::no_grad(|| output.detach().zero_());
        let message = backward(&output, &input, false).unwrap_err();
        assert!(message.contains("was changed in place"), "{cell}: {message}");
    }
}

/// The analytic engine between other operations: an embedding below, twice the same layer, views, and a readout.
#[test]
fn the_analytic_engine_works_inside_a_larger_graph() {
    for &cell in CellName::ALL {
        let case = Case { input: 7, ..Case::new(cell, 1, 6, Kind::Double) };
        let gradients = |name: EngineName| {
            let p = case.parameters().leaves();
            let x = case.input().set_requires_grad(true);
            let run =
                |input: &Tensor, first: Option<&[State]>| forward(engine(name), &p, input, first).unwrap();
            // An input that is a view, and not contiguous.
            let turned = (&x * 2.0).transpose(0, 2).contiguous().transpose(0, 2);
            let below = run(&turned, None);
            // The same parameters again, on every other step, from the state where the first left off.
            let above = run(&below.output.slice(0, 0, None, 2), Some(&below.last));
            let loss =
                above.output.square().sum(Kind::Double) + below.output.narrow(2, 0, 1).sum(Kind::Double);
            let mut nodes = p.tensors();
            nodes.push(&x);
            Tensor::run_backward(&[loss], &nodes, false, false)
        };
        let expected = gradients(EngineName::Stepwise);
        for (found, expected) in gradients(EngineName::Analytic).iter().zip(&expected) {
            assert_same(found, expected, 1e-12, &cell.to_string());
        }
    }
}

#[test]
fn frozen_parameters_get_no_gradient_and_the_others_the_same() {
    for &cell in CellName::ALL {
        let case = Case::new(cell, 1, 5, Kind::Double);
        let gradient = |frozen: bool| {
            let p = case.parameters().leaves();
            if frozen {
                for tensor in [&p.layers[0].w_ih, &p.layers[0].b_ih, &p.layers[0].b_hh] {
                    let _ = tensor.set_requires_grad(false);
                }
            }
            let output = forward(engine(EngineName::Analytic), &p, &case.input(), None).unwrap().output;
            backward(&output, &p.layers[0].w_hh, false).unwrap()
        };
        assert_eq!(gradient(true), gradient(false), "{cell}");
    }
}

/// Resident memory now, in KiB (Linux).
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|line| line.starts_with("VmRSS:"))?.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn the_analytic_engine_goes_back_twice_through_a_kept_graph() {
    for &cell in CellName::ALL {
        let case = Case::new(cell, 2, 5, Kind::Double);
        let input = case.input().set_requires_grad(true);
        let output = analytic_output(&case, &input);
        let first = backward(&output, &input, true).unwrap();
        assert_eq!(backward(&output, &input, false).unwrap(), first, "{cell}");
        let message = backward(&output, &input, false).unwrap_err();
        assert!(message.contains("a backward pass went through this graph before"), "{cell}: {message}");
    }
}

/// Sizes at which whatever a pass keeps (the states, a gradient, an adjoint of one step: 16 KiB at least) adds up to more
/// than the tests beside this one can take in the same process.
#[test]
fn ten_thousand_passes_leave_no_memory_behind() {
    let case = Case { batch: 64, hidden: 64, input: 64, ..Case::new(CellName::Lstm, 1, 2, Kind::Float) };
    let p = case.parameters().leaves();
    let input = case.input().set_requires_grad(true);
    let pass = || {
        let output = forward(engine(EngineName::Analytic), &p, &input, None).unwrap().output;
        let mut nodes = p.tensors();
        nodes.push(&input);
        drop(Tensor::run_backward(&[output.sum(Kind::Float)], &nodes, false, false));
    };
    (0..500).for_each(|_| pass());
    let Some(before) = resident() else {
        eprintln!("skipped: this system does not tell a process's memory");
        return;
    };
    (0..10_000).for_each(|_| pass());
    let after = resident().unwrap_or(u64::MAX);
    assert!(after < before + 120_000, "from {before} to {after} KiB: {} bytes a pass", (after - before) / 10);
}
