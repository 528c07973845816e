//! Adjoints by autograd, compared with theory and between engines.

use lstm_lab::cell::CellName;
use lstm_lab::cell::{LayerParameters, Parameters, cell};
use lstm_lab::device::cpu;
use lstm_lab::diagnostics::autograd::profiles;
use lstm_lab::diagnostics::{DiagnosticOptions, Norm, Profile, exact};
use lstm_lab::engine::EngineName;
use lstm_lab::engine::engine;
use lstm_lab::settings::names::Quantity;
use tch::{Kind, Tensor};

use crate::support::{Case, DERIVED, engines, log10, norms_of, off};

fn last(output: &Tensor) -> Tensor {
    output.select(0, -1).narrow(1, 0, 1).sum(Kind::Double)
}

/// tanh is linear at h = 0. With zero input the adjoint is exactly (Wᵀ)^lag times the gradient of the loss.
#[test]
fn adjoint_of_linear_rnn_equals_matrix_powers() {
    const DECAY: f64 = 0.9;
    let eye = Tensor::eye(4, (Kind::Double, cpu()));
    let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Double, cpu()));
    let layer = LayerParameters {
        w_ih: zeros(&[4, 2]),
        w_hh: eye * DECAY,
        b_ih: zeros(&[4]),
        b_hh: zeros(&[4]),
        further: vec![],
    };
    let p = Parameters { cell: cell(CellName::Rnn), layers: vec![layer] }.leaves();
    for engine in engines(CellName::Rnn, Kind::Double) {
        let found = profiles(engine, &p, &zeros(&[400, 3, 2]), None, 7, last).unwrap();
        for &(t, norm) in norms_of(&found, Quantity::TotalH, 0) {
            let expected = (400 - t) as f64 * DECAY.log10();
            assert!((log10(norm) - expected).abs() < 1e-12, "{}: step {t}", engine.name());
        }
        for &(t, norm) in norms_of(&found, Quantity::DirectH, 0) {
            assert_eq!(norm == Norm::Zero, t < 400, "only the last output enters the loss directly");
        }
    }
}

/// The loss is the sum of all states, and the states stay 0. Each later step adds a power of the decay.
#[test]
fn later_part_of_linear_rnn_is_a_geometric_sum() {
    const DECAY: f64 = 0.9;
    let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Double, cpu()));
    let layer = LayerParameters {
        w_ih: zeros(&[4, 2]),
        w_hh: Tensor::eye(4, (Kind::Double, cpu())) * DECAY,
        b_ih: zeros(&[4]),
        b_hh: zeros(&[4]),
        further: vec![],
    };
    let p = Parameters { cell: cell(CellName::Rnn), layers: vec![layer] }.leaves();
    let input = zeros(&[50, 3, 2]);
    let check = |found: &[Profile], engine: EngineName, every: usize| {
        let later = norms_of(found, Quantity::LaterH, 0);
        assert_eq!(later.len(), 50usize.div_ceil(every), "{engine}");
        for &(t, norm) in later {
            let lag = 50 - t as i32;
            if lag == 0 {
                assert_eq!(norm, Norm::Zero, "{engine}");
                continue;
            }
            let expected = 2.0 * DECAY * (1.0 - DECAY.powi(lag)) / (1.0 - DECAY);
            assert!((log10(norm) - expected.log10()).abs() < 1e-12, "{engine}: step {t}");
        }
    };
    for engine in engines(CellName::Rnn, Kind::Double) {
        let sum = |output: &Tensor| output.sum(Kind::Double);
        let found = profiles(engine, &p, &input, None, 7, sum).unwrap();
        let shows_all = engine.name().shows_states() || engine.name() == EngineName::Simd;
        check(&found, engine.name(), if shows_all { 1 } else { 7 });
        let found = profiles(engine, &p, &input, None, 7, last).unwrap();
        assert!(found.iter().all(|profile| profile.quantity != Quantity::LaterH), "{}", engine.name());
    }
    for name in [EngineName::Analytic, EngineName::Recompute] {
        let sum = |output: &Tensor, _| Some(output.sum(Kind::Double));
        let found = exact::profiles(name, &p, &input, None, DiagnosticOptions::default(), &sum).unwrap();
        check(&found, name, 1);
    }
}

/// With W_hh = 0, no gradient returns through h: only the forget gate carries c_t.
#[test]
fn adjoint_of_lstm_cell_state_decays_with_forget_gate() {
    let hidden = 3;
    let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Double, cpu()));
    let bias = zeros(&[4 * hidden]);
    let _ = bias.narrow(0, hidden, hidden).fill_(2.0);
    let layer = LayerParameters {
        w_ih: zeros(&[4 * hidden, 1]),
        w_hh: zeros(&[4 * hidden, hidden]),
        b_ih: bias,
        b_hh: zeros(&[4 * hidden]),
        further: vec![],
    };
    let p = Parameters { cell: cell(CellName::Lstm), layers: vec![layer] }.leaves();
    let found = profiles(engine(EngineName::Fused), &p, &zeros(&[300, 1, 1]), None, 1, last).unwrap();
    let total_c = norms_of(&found, Quantity::TotalC, 0);
    let forget = 1.0 / (1.0 + (-2.0f64).exp());
    let slope = (log10(total_c[299].1) - log10(total_c[0].1)) / 299.0;
    assert!((slope + forget.log10()).abs() < 1e-12, "{slope}");
}

#[test]
fn profiles_split_at_every_step_equal_stepwise() {
    for &cell in CellName::ALL {
        let case = Case::new(cell, 2, 20, Kind::Double);
        let p = case.parameters().leaves();
        let sum = |output: &Tensor| (output * case.cotangent()).sum(Kind::Double);
        let reference = profiles(engine(EngineName::Stepwise), &p, &case.input(), None, 1, sum).unwrap();
        for engine in engines(cell, Kind::Double) {
            let found = profiles(engine, &p, &case.input(), None, 1, sum).unwrap();
            for profile in &found {
                let expected = norms_of(&reference, profile.quantity, profile.layer);
                assert_eq!(profile.norms.len(), expected.len());
                for ((t, found), (_, expected)) in profile.norms.iter().zip(expected) {
                    assert!(
                        off(*found, *expected) < 1e-11,
                        "{cell} {} {} layer {} step {t}",
                        engine.name(),
                        profile.quantity,
                        profile.layer
                    );
                }
            }
        }
    }
}

#[test]
fn profiles_contain_every_layer_and_step() {
    let case = Case::new(CellName::Lstm, 2, 15, Kind::Double);
    let p = case.parameters().leaves();
    for engine in engines(CellName::Lstm, Kind::Double) {
        let found = profiles(engine, &p, &case.input(), None, 4, last).unwrap();
        for layer in 0..2 {
            let steps: Vec<usize> =
                norms_of(&found, Quantity::TotalH, layer).iter().map(|(t, _)| *t).collect();
            // The backward pass of `simd` stores the adjoints of all states.
            match engine.name().shows_states() || engine.name() == EngineName::Simd {
                false => assert_eq!(steps, [3, 7, 11, 15]),
                true => assert_eq!(steps, (1..=15).collect::<Vec<_>>()),
            }
            assert_eq!(norms_of(&found, Quantity::DirectH, layer).len(), 15);
        }
        assert_eq!(norms_of(&found, Quantity::InputX, 0).len(), 15);
    }
}

/// `simd` exposes no states, but its backward pass stores their adjoints. Two sizes cover different
/// partitions of the work.
#[test]
fn adjoints_stored_by_simd_equal_stepwise() {
    for cell in DERIVED {
        for (batch, hidden) in [(3, 5), (40, 33)] {
            let case = Case { batch, hidden, ..Case::new(cell, 2, 30, Kind::Float) };
            let all = |name, kind| {
                let p = case.parameters().to(kind, cpu()).leaves();
                let cotangent = case.cotangent().to_kind(kind);
                let loss = |output: &Tensor| (output * cotangent).sum(kind);
                profiles(engine(name), &p, &case.input().to_kind(kind), None, 1, loss).unwrap()
            };
            let found = all(EngineName::Simd, Kind::Float);
            let expected = all(EngineName::Stepwise, Kind::Double);
            assert_eq!(found.len(), expected.len(), "{cell}");
            for (found, expected) in found.iter().zip(&expected) {
                let (quantity, layer) = (expected.quantity, expected.layer);
                assert_eq!((found.quantity, found.layer), (quantity, layer));
                assert_eq!(found.norms.len(), expected.norms.len());
                for ((t, norm), (step, expected)) in found.norms.iter().zip(&expected.norms) {
                    assert_eq!(t, step);
                    let off = off(*norm, *expected);
                    assert!(off < 1e-5, "{cell}, {quantity} of layer {layer}, step {t}: off by {off:.1e}");
                }
            }
        }
    }
}
