//! The engine `analytic` as a node of libtorch's graph. The node itself is tested in the crate tch-autograd.

use lstm_lab::cell::CellName;
use lstm_lab::cell::State;
use lstm_lab::engine::EngineName;
use lstm_lab::engine::{engine, forward};
use tch::{Kind, Tensor};

use crate::support::{Case, DERIVED, assert_same};

fn backward(y: &Tensor, x: &Tensor, keep: bool) -> Result<Tensor, String> {
    let loss = y.sum(Kind::Double);
    let gradients = Tensor::f_run_backward(&[loss], &[x], keep, false);
    gradients.map(|mut gradients| gradients.remove(0)).map_err(|error| error.to_string())
}

/// Each thread has one loss, and the parameters are shared.
#[test]
fn analytic_backward_runs_on_other_threads() {
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

fn analytic_output(case: &Case, input: &Tensor) -> Tensor {
    forward(engine(EngineName::Analytic), &case.parameters().leaves(), input, None).unwrap().output
}

#[test]
fn analytic_output_changed_in_place_is_refused() {
    for cell in DERIVED {
        let case = Case::new(cell, 1, 4, Kind::Double);
        let input = case.input().set_requires_grad(true);
        let output = analytic_output(&case, &input);
        let _ = tch::no_grad(|| output.detach().zero_());
        let message = backward(&output, &input, false).unwrap_err();
        assert!(message.contains("was changed in place"), "{cell}: {message}");
    }
}

/// The layer runs twice, between other operations and on views.
#[test]
fn analytic_inside_a_larger_graph_matches_stepwise() {
    for cell in DERIVED {
        let case = Case { input: 7, ..Case::new(cell, 1, 6, Kind::Double) };
        let gradients = |name: EngineName| {
            let p = case.parameters().leaves();
            let x = case.input().set_requires_grad(true);
            let run =
                |input: &Tensor, first: Option<&[State]>| forward(engine(name), &p, input, first).unwrap();
            // The input is a view and not contiguous.
            let turned = (&x * 2.0).transpose(0, 2).contiguous().transpose(0, 2);
            let below = run(&turned, None);
            // The parameters are used again, on every second step, from the final states of the first run.
            let above = run(&below.output.slice(0, 0, None, 2), Some(&below.final_states));
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
fn analytic_frozen_parameters_leave_other_gradients_unchanged() {
    for cell in DERIVED {
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

/// Returns the resident memory of the process in KiB (Linux only).
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|line| line.starts_with("VmRSS:"))?.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn analytic_kept_graph_gives_the_same_gradient_twice() {
    for cell in DERIVED {
        let case = Case::new(cell, 2, 5, Kind::Double);
        let input = case.input().set_requires_grad(true);
        let output = analytic_output(&case, &input);
        let first = backward(&output, &input, true).unwrap();
        assert_eq!(backward(&output, &input, false).unwrap(), first, "{cell}");
        let message = backward(&output, &input, false).unwrap_err();
        assert!(message.contains("an earlier backward pass freed this graph"), "{cell}: {message}");
    }
}

/// At these sizes, a leak of a pass (states, a gradient, or an adjoint of one step, 16 KiB at least) adds
/// up. The sum is more than the other tests of the process can allocate.
#[cfg(target_os = "linux")]
#[test]
fn analytic_two_thousand_passes_leak_no_memory() {
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
    let before = resident().expect("Linux tells the memory of a process");
    (0..2_000).for_each(|_| pass());
    let after = resident().unwrap_or(u64::MAX);
    assert!(after < before + 24_000, "from {before} to {after} KiB: {} KiB a pass", (after - before) / 2_000);
}
