//! Every engine against `builtin`, and `builtin` against what a user of tch's `nn` gets.

use lstm_lab::cell::CellName;
use lstm_lab::device::{cpu, cuda_devices};
use lstm_lab::engine::EngineName;
use lstm_lab::engine::{agreement, engine};
use tch::nn::{self, RNN};
use tch::{Kind, Tensor};

use crate::support::{Case, assert_close, assert_same, engines, results};

#[test]
fn every_engine_gives_what_builtin_gives() {
    for (kind, tolerance) in [(Kind::Double, 1e-10), (Kind::Float, 1e-5)] {
        for &cell in CellName::ALL {
            for layers in [1, 2] {
                for steps in [1, 2, 3, 10, 50] {
                    let case = Case::new(cell, layers, steps, kind);
                    let (p, input, first, cotangent) =
                        (case.parameters(), case.input(), case.first(), case.cotangent());
                    let expected = results(engine(EngineName::Builtin), &p, &input, &first, &cotangent);
                    for engine in engines(kind) {
                        let found = results(engine, &p, &input, &first, &cotangent);
                        assert_close(&found, &expected, tolerance, &format!("{} {case:?}", engine.name()));
                    }
                }
            }
        }
    }
}

#[test]
fn sizes_of_one_work() {
    for &cell in CellName::ALL {
        let case = Case { batch: 1, input: 1, hidden: 1, ..Case::new(cell, 2, 4, Kind::Double) };
        let expected = results(
            engine(EngineName::Builtin),
            &case.parameters(),
            &case.input(),
            &case.first(),
            &case.cotangent(),
        );
        for engine in engines(Kind::Double) {
            let found = results(engine, &case.parameters(), &case.input(), &case.first(), &case.cotangent());
            assert_close(&found, &expected, 1e-10, &format!("{} {case:?}", engine.name()));
        }
    }
}

#[test]
fn builtin_is_what_tch_nn_gives_for_the_same_parameters() {
    let case = Case::new(CellName::Lstm, 2, 9, Kind::Float);
    let (p, input) = (case.parameters(), case.input());
    let vs = nn::VarStore::new(cpu());
    let config = nn::RNNConfig { num_layers: 2, batch_first: false, ..Default::default() };
    let lstm = nn::lstm(vs.root(), case.input, case.hidden, config);
    // By name: `VarStore::variables` has no order.
    let variables = vs.variables();
    tch::no_grad(|| {
        p.named().iter().for_each(|(name, tensor)| variables[name].shallow_clone().copy_(tensor))
    });
    // batch_first only concerns the input; tch makes its zero state for dimension 0, so it is given here.
    let zeros = Tensor::zeros([2, case.batch, case.hidden], (Kind::Float, cpu()));
    let (output, state) = lstm.seq_init(&input, &nn::LSTMState((zeros.copy(), zeros.copy())));
    let ours = lstm_lab::engine::forward(engine(EngineName::Builtin), &p, &input, None).unwrap();
    assert_eq!(ours.output, output.detach());
    for layer in 0..2 {
        assert_eq!(ours.last[layer as usize].h, state.h().get(layer));
        assert_eq!(ours.last[layer as usize].c.as_ref().unwrap(), &state.c().get(layer));
    }
}

#[test]
fn an_engine_that_computes_something_else_is_found_out() {
    let case = Case::new(CellName::Lstm, 1, 5, Kind::Double);
    let p = case.parameters();
    let other = Case { seed: 12, ..case }.parameters();
    let expected = results(engine(EngineName::Builtin), &p, &case.input(), &case.first(), &case.cotangent());
    let found = results(engine(EngineName::Builtin), &other, &case.input(), &case.first(), &case.cotangent());
    let error = agreement::relative_difference(&found[0].1, &expected[0].1);
    assert!(error > 0.01, "{error}");
    // The check itself refuses where the tolerance is below what rounding makes of two orders of summation.
    let check = |tolerance| {
        let fused = engine(EngineName::Fused);
        let builtin = engine(EngineName::Builtin);
        agreement::check(fused, builtin, &p, &case.input(), &case.cotangent(), tolerance)
    };
    check(1e-10).unwrap();
    let refused = check(0.0).unwrap_err().to_string();
    assert!(refused.contains("engine `fused` disagrees with `builtin`"), "{refused}");
}

#[test]
fn nan_is_never_agreement() {
    let one = Tensor::from_slice(&[1.0]);
    let nan = Tensor::from_slice(&[f64::NAN]);
    for (a, b) in [(&one, &nan), (&nan, &one), (&nan, &nan)] {
        assert!(agreement::relative_difference(a, b).is_nan());
    }
}

#[test]
fn wrong_shapes_are_refused_by_name() {
    let case = Case::new(CellName::Lstm, 1, 5, Kind::Double);
    let p = case.parameters();
    let fused = engine(EngineName::Fused);
    let wrong = Tensor::zeros([5, 3, 6], (Kind::Double, cpu()));
    let message = lstm_lab::engine::forward(fused, &p, &wrong, None).unwrap_err().to_string();
    assert_eq!(message, "input must be [T, B, 5] with T and B at least 1, but is [5, 3, 6]");
    let mut first = case.first();
    first[0].c = None;
    let message = lstm_lab::engine::forward(fused, &p, &case.input(), Some(&first)).unwrap_err().to_string();
    assert!(message.contains("c0 of layer 0"), "{message}");
}

#[test]
fn the_same_on_cuda() {
    if cuda_devices() == 0 {
        eprintln!("skipped: no CUDA device");
        return;
    }
    let cuda = lstm_lab::device::resolve(lstm_lab::device::DeviceChoice::Cuda(0)).unwrap();
    for &cell in CellName::ALL {
        let case = Case::new(cell, 2, 20, Kind::Double);
        let p = case.parameters();
        let on_cpu = agreement::results(engine(EngineName::Builtin), &p, &case.input(), &case.cotangent());
        let p = p.to(Kind::Double, cuda);
        for engine in engines(Kind::Double) {
            let on_cuda =
                agreement::results(engine, &p, &case.input().to(cuda), &case.cotangent().to(cuda)).unwrap();
            for ((name, found), (_, expected)) in on_cuda.iter().zip(on_cpu.as_ref().unwrap()) {
                assert_same(&found.to(cpu()), expected, 1e-9, &format!("{} {cell} {name}", engine.name()));
            }
        }
    }
}
