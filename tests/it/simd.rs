//! Comparison of the engine `simd` with the other engines in f64.

use lstm_lab::cell::CellName;
use lstm_lab::cell::{LayerParameters, Parameters, State, cell};
use lstm_lab::config;
use lstm_lab::data::Inputs;
use lstm_lab::device::cpu;
use lstm_lab::engine::EngineName;
use lstm_lab::engine::{Engine, Isa, SimdEngine, engine, forward, parity};
use lstm_lab::error::Error;
use lstm_lab::plan::{Machine, Plan};
use proptest::prelude::*;
use tch::{Kind, Tensor, no_grad};

use crate::support::{Case, DERIVED, assert_close, results};

/// Returns the engine `simd` with each instruction set of this processor.
fn every_isa() -> Vec<(Isa, SimdEngine)> {
    Isa::available().into_iter().map(|isa| (isa, SimdEngine::with_isa(isa))).collect()
}

/// Returns the results of an engine in `kind`, for the case's numbers rounded to f32.
fn run(engine: &dyn Engine, case: &Case, kind: Kind) -> Vec<(String, Tensor)> {
    let case = Case { kind: Kind::Float, ..*case };
    let to = |tensor: &Tensor| tensor.to_kind(kind);
    let first: Vec<State> = case.first().iter().map(|state| state.map(to)).collect();
    let p = case.parameters().to(kind, cpu());
    results(engine, &p, &to(&case.input()), &first, &to(&case.cotangent()))
}

/// Sizes as (layers, T, B, I, H), over partial and whole vectors.
const SIZES: [(usize, i64, i64, i64, i64); 7] = [
    (1, 1, 1, 1, 1),
    (2, 3, 2, 1, 5),
    (3, 7, 5, 9, 17),
    (1, 40, 1, 70, 64),
    (2, 11, 33, 31, 100),
    (1, 2, 300, 3, 20),
    (1, 700, 2, 3, 33),
];

/// Compares every instruction set in `kind` with another engine in f64.
fn check_sizes(reference: EngineName, kind: Kind, tolerance: f64) {
    for cell in DERIVED {
        for (layers, steps, batch, input, hidden) in SIZES {
            let case = Case { batch, input, hidden, ..Case::new(cell, layers, steps, Kind::Float) };
            let expected = run(engine(reference), &case, Kind::Double);
            for (isa, simd) in every_isa() {
                let found = run(&simd, &case, kind);
                assert_close(&found, &expected, tolerance, &format!("{isa:?} {case:?}"));
            }
        }
    }
}

#[test]
fn simd_over_partial_and_whole_vectors_agrees_with_stepwise() {
    check_sizes(EngineName::Stepwise, Kind::Float, 1e-5);
}

#[test]
fn simd_in_f64_over_partial_and_whole_vectors_agrees_with_builtin() {
    check_sizes(EngineName::Builtin, Kind::Double, 1e-12);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn simd_of_any_size_agrees_with_stepwise(
        cell in prop::sample::select(&DERIVED),
        layers in 1usize..3,
        (steps, batch) in (1i64..30, 1i64..20),
        (input, hidden) in (1i64..50, 1i64..80),
        seed in any::<u64>(),
    ) {
        let case = Case { cell, layers, steps, batch, input, hidden, kind: Kind::Float, seed };
        let expected = run(engine(EngineName::Stepwise), &case, Kind::Double);
        let found = run(engine(EngineName::Simd), &case, Kind::Float);
        for ((name, found), (_, expected)) in found.iter().zip(&expected) {
            prop_assert_eq!(found.size(), expected.size());
            let largest = |tensor: &Tensor| tensor.to_kind(Kind::Double).abs().max().double_value(&[]);
            // The error is not only relative, because the terms of a small network's gradient may cancel.
            let (error, allowed) = (largest(&(found - expected)), 1e-5 * (1.0 + largest(expected)));
            prop_assert!(error <= allowed, "{case:?} {name}: off by {error:.1e}, allowed {allowed:.1e}");
        }
    }
}

/// The same layer appears twice in one graph, on views, and only some gradients are asked for.
#[test]
fn simd_twice_in_one_graph_agrees_with_stepwise() {
    for cell in DERIVED {
        let case = Case { batch: 4, input: 6, hidden: 6, ..Case::new(cell, 1, 9, Kind::Float) };
        let p = case.parameters();
        let gradients = |name: EngineName, kind: Kind| {
            let p = p.to(kind, cpu()).leaves();
            let wide = case.input().to_kind(kind).repeat([1, 1, 2]).set_requires_grad(true);
            // A view of every other feature, with the memory order of steps and sequences exchanged.
            let view = wide.slice(2, 0, 12, 2).transpose(0, 1).contiguous().transpose(0, 1);
            let below = forward(engine(name), &p, &view, None).unwrap();
            let above =
                forward(engine(name), &p, &below.output.flip([0]), Some(&below.final_states)).unwrap();
            // The gradient from above is expanded, and the last state has no gradient.
            let loss = above.output.sum(kind);
            let mut found = Tensor::run_backward(&[&loss], &[&wide, &p.layers[0].w_hh], true, false);
            // The graph was kept, so a second pass gives the same again.
            found.extend(Tensor::run_backward(&[&loss], &[&p.layers[0].b_ih], false, false));
            found.push(above.output.detach());
            found.into_iter().enumerate().map(|(n, t)| (n.to_string(), t)).collect::<Vec<_>>()
        };
        let expected = gradients(EngineName::Stepwise, Kind::Double);
        assert_close(&gradients(EngineName::Simd, Kind::Float), &expected, 1e-5, cell.as_str());
    }
}

#[test]
fn simd_without_gradients_gives_the_same_bits_and_no_graph() {
    for cell in DERIVED {
        let case = Case { hidden: 70, ..Case::new(cell, 2, 300, Kind::Float) };
        let (p, first) = (case.parameters().leaves(), case.first());
        let simd = engine(EngineName::Simd);
        let with = forward(simd, &p, &case.input(), Some(&first)).unwrap();
        let without = no_grad(|| forward(simd, &p, &case.input(), Some(&first)).unwrap());
        assert!(with.output.requires_grad() && !without.output.requires_grad());
        assert_eq!(with.output, without.output);
        for (with, without) in with.final_states.iter().zip(&without.final_states) {
            assert_eq!(with.h, without.h);
            assert_eq!(with.carried, without.carried);
        }
    }
}

#[test]
fn simd_loss_of_the_final_state_only_agrees_with_stepwise() {
    for cell in DERIVED {
        let case = Case::new(cell, 2, 8, Kind::Float);
        let gradients = |name: EngineName, kind: Kind| {
            let p = case.parameters().to(kind, cpu()).leaves();
            let last = forward(engine(name), &p, &case.input().to_kind(kind), None).unwrap().final_states;
            let state = last[1].carried.first().unwrap_or(&last[1].h);
            let found = Tensor::run_backward(&[state.sum(kind)], &p.tensors(), false, false);
            p.named().into_iter().map(|(name, _)| name).zip(found).collect::<Vec<_>>()
        };
        let expected = gradients(EngineName::Stepwise, Kind::Double);
        assert_close(&gradients(EngineName::Simd, Kind::Float), &expected, 1e-5, cell.as_str());
    }
}

/// Returns the results of an engine for the case with its input times `scale`.
fn scaled(engine: &dyn Engine, case: &Case, kind: Kind, scale: f64) -> Vec<(String, Tensor)> {
    let p = case.parameters().to(kind, cpu());
    let input = (case.input() * scale).to_kind(kind);
    parity::results(engine, &p, &input, &case.cotangent().to_kind(kind)).unwrap()
}

/// Returns the root mean square of an error, relative to that of the exact numbers.
fn error(found: &Tensor, exact: &Tensor) -> f64 {
    let size = |tensor: &Tensor| tensor.to_kind(Kind::Double).norm().double_value(&[]);
    size(&(found.to_kind(Kind::Double) - exact)) / size(exact)
}

/// Checks one case with every instruction set.
fn assert_error_at_most_twice_that_of_builtin(case: &Case, scale: f64) {
    let exact = scaled(engine(EngineName::Stepwise), case, Kind::Double, scale);
    let builtin = scaled(engine(EngineName::Builtin), case, Kind::Float, scale);
    for (isa, simd) in every_isa() {
        let found = scaled(&simd, case, Kind::Float, scale);
        for (((name, found), (_, builtin)), (_, exact)) in found.iter().zip(&builtin).zip(&exact) {
            let (ours, theirs) = (error(found, exact), error(builtin, exact));
            // The order of a sum may cost half a unit in the last place.
            let allowed = 2.0 * theirs + 0.5 * f64::from(f32::EPSILON);
            let context = format!("{isa:?} {} H {} input times {scale:e}, {name}", case.cell, case.hidden);
            assert!(ours <= allowed, "{context}: {ours:.1e}, builtin {theirs:.1e}");
        }
    }
}

#[test]
fn simd_error_with_every_isa_is_at_most_twice_that_of_builtin() {
    for cell in DERIVED {
        for (hidden, steps) in [(7, 50), (64, 20), (130, 300)] {
            for scale in [1.0, 1e4, 1e-3, 1e-39] {
                let case = Case { hidden, input: 24, ..Case::new(cell, 1, steps, Kind::Float) };
                assert_error_at_most_twice_that_of_builtin(&case, scale);
            }
        }
    }
}

#[test]
fn simd_with_every_isa_of_non_finite_input_is_nan_where_builtin_is() {
    for cell in DERIVED {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let case = Case { batch: 5, hidden: 21, ..Case::new(cell, 2, 6, Kind::Float) };
            let input = case.input();
            let _ = input.get(2).get(1).get(3).fill_(number);
            let run = |engine: &dyn Engine| {
                parity::results(engine, &case.parameters(), &input, &case.cotangent()).unwrap()
            };
            let expected = run(engine(EngineName::Builtin));
            for (isa, simd) in every_isa() {
                for ((name, found), (_, expected)) in run(&simd).iter().zip(&expected) {
                    assert_eq!(found.isnan(), expected.isnan(), "{isa:?} {cell} {number} {name}");
                }
            }
        }
    }
}

#[test]
fn simd_of_another_dtype_is_refused_with_an_alternative() {
    let case = Case::new(CellName::Lstm, 1, 3, Kind::Float);
    let half = |tensor: &Tensor| tensor.to_kind(Kind::Half);
    let p = case.parameters().to(Kind::Half, cpu());
    let error = forward(engine(EngineName::Simd), &p, &half(&case.input()), None).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
    assert!(error.to_string().contains("half on cpu") && error.to_string().contains("`analytic`"), "{error}");
}

#[test]
fn forward_of_mixed_dtypes_is_refused() {
    let case = Case::new(CellName::Lstm, 1, 3, Kind::Double);
    for name in [EngineName::Simd, EngineName::Builtin] {
        let run = |p: &Parameters, input: &Tensor, first: &[State]| {
            forward(engine(name), p, input, Some(first)).unwrap_err()
        };
        let single = case.input().to_kind(Kind::Float);
        let error = run(&case.parameters(), &single, &case.first());
        let expected = "expected parameters and states in the input's dtype, f32, but found f64";
        assert_eq!(error.to_string(), expected, "{name}");
        let p = case.parameters().to(Kind::Float, cpu());
        let error = run(&p, &single, &case.first());
        assert!(matches!(error, Error::MixedDtypes { .. }), "{error}");
    }
}

#[test]
fn simd_of_strided_parameters_gives_the_same_bits() {
    let case = Case::new(CellName::Gru, 1, 6, Kind::Float);
    let p = case.parameters();
    let transposed = |tensor: &Tensor| tensor.tr().contiguous().tr();
    let layer = &p.layers[0];
    let strided = LayerParameters {
        w_ih: transposed(&layer.w_ih),
        w_hh: transposed(&layer.w_hh),
        b_ih: layer.b_ih.shallow_clone(),
        b_hh: layer.b_hh.shallow_clone(),
        further: vec![],
    };
    assert!(!strided.w_hh.is_contiguous());
    let strided = Parameters { cell: cell(CellName::Gru), layers: vec![strided] };
    let run = |p: &Parameters| {
        results(engine(EngineName::Simd), p, &case.input(), &case.first(), &case.cotangent())
    };
    for ((name, found), (_, expected)) in run(&strided).iter().zip(run(&p)) {
        assert_eq!(*found, expected, "{name}");
    }
}

#[test]
fn config_of_simd_on_another_device_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("c.toml");
    let load = |dtype: &str| {
        let text = format!(
            "kind = \"speed\"\n[grid]\nengine = [\"simd\", \"builtin\"]\ndtype = \"{dtype}\"\n\
             hidden_size = 4\nseq_len = 4\nbatch_size = 1\ninput_size = 4\n"
        );
        std::fs::write(&file, text).unwrap();
        config::load(&file, &[])
    };
    let f64 = load("f64").unwrap();
    assert!(Plan::new(&f64, &Inputs::default(), &Machine::new("cpu", 1, "avx2")).is_ok());
    let spec = load("f32").unwrap();
    assert!(Plan::new(&spec, &Inputs::default(), &Machine::new("cpu", 1, "avx2")).is_ok());
    let refused =
        Plan::new(&spec, &Inputs::default(), &Machine::new("cuda:0", 1, "avx2")).unwrap_err().to_string();
    assert!(refused.contains("cuda:0") && refused.contains("`analytic`"), "{refused}");
}
