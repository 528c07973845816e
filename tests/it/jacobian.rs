//! Products of Jacobians, their singular values and Lyapunov exponents.

use std::collections::BTreeMap;

use lstm_lab::cell::CellName;
use lstm_lab::cell::{LayerParameters, Parameters, State, cell};
use lstm_lab::device::cpu;
use lstm_lab::diagnostics::gates::statistics;
use lstm_lab::diagnostics::jacobian::{JacobianOptions, Observation, Product, products};
use lstm_lab::engine::EngineName;
use lstm_lab::engine::{engine, forward};
use lstm_lab::error::Error;
use lstm_lab::settings::names::GateStatistic;
use lstm_lab::{Init, StackSize};
use tch::{Kind, Tensor};

use crate::exact::{golden, golden_input, golden_parameters};
use crate::support::{Case, DERIVED, EXACT};

const EVERY_STEP: JacobianOptions = JacobianOptions { qr_every: 1, burn_in: 0 };

fn zeros(shape: &[i64]) -> Tensor {
    Tensor::zeros(shape, (Kind::Double, cpu()))
}

/// Returns a tanh RNN that is linear, because its state stays 0. Every Jacobian is `w`.
fn linear(w: &Tensor) -> Parameters {
    let n = w.size()[0];
    let layer = LayerParameters {
        w_ih: zeros(&[n, 1]),
        w_hh: w.copy(),
        b_ih: zeros(&[n]),
        b_hh: zeros(&[n]),
        further: vec![],
    };
    Parameters { cell: cell(CellName::Rnn), layers: vec![layer] }
}

fn last(p: &Parameters, steps: i64, options: JacobianOptions) -> Product {
    let observation =
        |lag: usize| if lag + 1 == steps as usize { Observation::Spectrum } else { Observation::Nothing };
    let engine = EngineName::Analytic;
    products(engine, p, &zeros(&[steps, 1, 1]), None, options, observation).unwrap().remove(0)
}

/// Returns the matrix S Λ S⁻¹. Λ has a 2×2 block [[a, b], [−b, a]] for each pair with b ≠ 0, and a for
/// each other pair.
fn with_eigenvalues(blocks: &[(f64, f64)]) -> Tensor {
    let n: i64 = blocks.iter().map(|(_, b)| if *b == 0.0 { 1 } else { 2 }).sum();
    let mut lambda = vec![0.0; (n * n) as usize];
    let mut at = 0;
    for &(a, b) in blocks {
        lambda[at * (n as usize + 1)] = a;
        if b != 0.0 {
            lambda[at * n as usize + at + 1] = b;
            lambda[(at + 1) * n as usize + at] = -b;
            lambda[(at + 1) * (n as usize + 1)] = a;
            at += 1;
        }
        at += 1;
    }
    let lambda = Tensor::from_slice(&lambda).reshape([n, n]);
    let s: Vec<f64> = (0..n * n).map(|k| ((37 * k + 11) % 64 - 32) as f64 / 32.0).collect();
    let s: Tensor = Tensor::from_slice(&s).reshape([n, n]) + 2.0 * Tensor::eye(n, (Kind::Double, cpu()));
    s.matmul(&lambda).matmul(&s.inverse())
}

#[test]
fn lyapunov_exponents_of_lru_equal_log_moduli_of_its_factors() {
    let size = StackSize { input_size: 1, hidden_size: 5, layers: 1, proj_size: 0 };
    let p = Parameters::new(CellName::Lru, Init::pytorch(), size, 3, Kind::Double, cpu());
    // |λ| = exp(−exp(ν_log)), and each complex factor is a block of two real dimensions.
    let logs = Vec::<f64>::try_from(-p.layers[0].further[0].exp()).unwrap();
    let mut expected: Vec<f64> = logs.iter().flat_map(|log| [*log, *log]).collect();
    expected.sort_by(|a, b| b.total_cmp(a));
    let observation = |lag: usize| if lag == 49 { Observation::Spectrum } else { Observation::Nothing };
    let input = zeros(&[50, 1, 1]);
    let found = products(EngineName::Recompute, &p, &input, None, EVERY_STEP, observation).unwrap().remove(0);
    assert_eq!(found.lyapunov.len(), 10);
    for (found, expected) in found.lyapunov.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    }
}

#[test]
fn lyapunov_exponents_of_linear_rnn_equal_log_eigenvalues() {
    let eigenvalues = [1.25, -0.75, 0.5, -0.125, 0.01];
    let p = linear(&with_eigenvalues(&eigenvalues.map(|a| (a, 0.0))));
    for qr_every in [1, 3] {
        let found = last(&p, 400, JacobianOptions { qr_every, burn_in: 200 });
        for (found, eigenvalue) in found.lyapunov.iter().zip(eigenvalues) {
            let expected = eigenvalue.abs().ln();
            assert!((found - expected).abs() < 1e-9, "every {qr_every}: {found}, expected {expected}");
        }
    }
}

#[test]
fn lyapunov_exponents_of_complex_pair_are_equal() {
    let p = linear(&with_eigenvalues(&[(0.6, 0.7), (0.3, 0.0)]));
    let found = last(&p, 4_000, JacobianOptions { qr_every: 1, burn_in: 400 }).lyapunov;
    let pair = 0.6f64.hypot(0.7).ln();
    // The directions of a complex pair rotate, so its mean converges as 1/T.
    for (found, expected) in found.iter().zip([pair, pair, 0.3f64.ln()]) {
        assert!((found - expected).abs() < 3e-3, "{found}, expected {expected}");
    }
    assert!((found[0] + found[1] - 2.0 * pair).abs() < 1e-6, "the rotation does not affect the sum");
}

#[test]
fn singular_values_far_apart_equal_arbitrary_precision() {
    let input = golden_input(1000);
    let golden = golden();
    let mut widest = 0.0f64;
    let pairs = DERIVED.iter().flat_map(|name| EXACT.map(|engine| (*name, engine)));
    for (name, engine) in pairs {
        for options in [EVERY_STEP, JacobianOptions { qr_every: 2, burn_in: 7 }] {
            let found = products(engine, &golden_parameters(name), &input, None, options, |lag| {
                if [1, 10, 100, 999].contains(&lag) { Observation::Spectrum } else { Observation::Nothing }
            })
            .unwrap();
            assert_eq!(found.len(), 4);
            for product in found {
                let expected = &golden.singular[name.as_str()][&product.lag.to_string()];
                assert_eq!(product.log10_singular.len(), expected.len());
                for (found, expected) in product.log10_singular.iter().zip(expected) {
                    let lag = product.lag;
                    assert!((found - expected).abs() < 1e-8, "{name}, lag {lag}: {found} {expected}");
                }
                widest = widest.max(expected[0] - expected[expected.len() - 1]);
            }
        }
    }
    assert!(widest > 300.0, "the golden condition numbers reach beyond a float's range: 1e{widest}");
}

/// Returns ∂s_T/∂s_t by autograd through `stepwise`, one row at a time.
fn by_autograd(p: &Parameters, input: &Tensor, lag: i64) -> Tensor {
    let stepwise = engine(EngineName::Stepwise);
    let steps = input.size()[0];
    let before = forward(stepwise, p, &input.narrow(0, 0, steps - lag), None).unwrap().final_states;
    let leaf = |tensor: &Tensor| tensor.detach().set_requires_grad(true);
    let state: Vec<State> = before.iter().map(|state| state.map(leaf)).collect();
    let after = forward(stepwise, p, &input.narrow(0, steps - lag, lag), Some(&state)).unwrap().final_states;
    let flat = |states: &[State]| {
        states.iter().flat_map(State::tensors).map(Tensor::shallow_clone).collect::<Vec<_>>()
    };
    let (nodes, outputs) = (flat(&state), Tensor::cat(&flat(&after), 1));
    let rows: Vec<Tensor> = (0..outputs.size()[1])
        .map(|n| Tensor::cat(&Tensor::run_backward(&[outputs.get(0).get(n)], &nodes, true, false), 1))
        .collect();
    Tensor::cat(&rows, 0)
}

#[test]
fn norm_and_singular_values_of_stacks_equal_autograd() {
    let served = |name: CellName| EXACT.into_iter().filter(move |method| engine(*method).serves(cell(name)));
    for (name, method) in CellName::ALL.iter().flat_map(|name| served(*name).map(|method| (*name, method))) {
        for layers in [1, 2] {
            let case = Case { batch: 1, ..Case::new(name, layers, 9, Kind::Double) };
            let (p, input) = (case.parameters(), case.input());
            let found = products(method, &p, &input, None, EVERY_STEP, |_| Observation::Spectrum).unwrap();
            assert_eq!(found.len(), 9);
            assert!(found[0].log10_singular.iter().all(|log10| *log10 == 0.0), "the identity at lag 0");
            for lag in [1usize, 4, 8] {
                let (_, values, _) = by_autograd(&p, &input, lag as i64).svd(true, false);
                let values: Vec<f64> = Vec::try_from(&values).unwrap();
                let frobenius = values.iter().map(|x| x * x).sum::<f64>().sqrt().log10();
                // A ReLU that is inactive at one step makes the product 0.
                let both_zero = found[lag].log10_frobenius == frobenius;
                assert!(both_zero || (found[lag].log10_frobenius - frobenius).abs() < 1e-12, "{name} {lag}");
                for (found, expected) in found[lag].log10_singular.iter().zip(&values) {
                    // The SVD in f64 has an error of 1e-16 of the largest value.
                    let found = 10f64.powf(*found);
                    assert!((found - expected).abs() < 1e-13 * values[0].max(1.0), "{name} {lag}");
                }
            }
        }
    }
}

#[test]
fn product_of_zero_jacobians_is_zero_without_nan() {
    let found = last(&linear(&zeros(&[3, 3])), 20, JacobianOptions { qr_every: 2, burn_in: 5 });
    let zeros = [f64::NEG_INFINITY; 3];
    assert_eq!(
        (found.log10_frobenius, found.log10_singular, found.lyapunov),
        (zeros[0], zeros.to_vec(), zeros.to_vec())
    );
}

#[test]
fn products_of_two_sequences_are_refused() {
    let p = linear(&zeros(&[3, 3]));
    let error =
        products(EngineName::Analytic, &p, &zeros(&[4, 2, 1]), None, EVERY_STEP, |_| Observation::Norm)
            .unwrap_err();
    assert!(matches!(error, Error::Shape { .. }), "{error}");
}

#[test]
fn gate_statistics_of_constant_gates_equal_equations() {
    let zeros_like = Tensor::zeros_like;
    let case = Case::new(CellName::Lstm, 2, 30, Kind::Double);
    let mut p = case.parameters();
    for layer in &mut p.layers {
        // There are only biases: i is σ(0), f is σ(5), g is tanh(−2), o is σ(−5) for any input.
        layer.w_ih = zeros_like(&layer.w_ih);
        let biases: Vec<f64> = [0.0, 5.0, -2.0, -5.0].iter().flat_map(|b| [*b; 7]).collect();
        layer.b_ih = Tensor::from_slice(&biases);
        layer.b_hh = zeros_like(&layer.b_hh);
        layer.w_hh = zeros_like(&layer.w_hh);
    }
    let found: BTreeMap<(usize, &str, &str), f64> = statistics(&p, &case.input(), None)
        .unwrap()
        .iter()
        .map(|value| ((value.layer, value.gate, value.statistic.as_str()), value.value))
        .collect();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let expected = [
        ("i", GateStatistic::Mean, 0.5),
        ("i", GateStatistic::SaturatedHigh, 0.0),
        ("f", GateStatistic::Mean, sigmoid(5.0)),
        ("f", GateStatistic::MeanLog10, sigmoid(5.0).log10()),
        ("f", GateStatistic::SaturatedHigh, 1.0),
        ("f", GateStatistic::SaturatedLow, 0.0),
        ("g", GateStatistic::Mean, (-2f64).tanh()),
        ("g", GateStatistic::SaturatedLow, 1.0),
        ("o", GateStatistic::SaturatedLow, 1.0),
    ];
    for layer in [0, 1] {
        for (gate, statistic, value) in expected {
            let found = found[&(layer, gate, statistic.as_str())];
            assert!((found - value).abs() < 1e-14, "{gate} {statistic}: {found} {value}");
        }
        assert!(!found.contains_key(&(layer, "g", "mean_log10")), "g may be negative");
    }
}

#[test]
fn spectral_radius_and_norm_equal_recurrent_matrix() {
    // The eigenvalues are ±0.6 i, so the radius is 0.6. The singular values are 3 and 0.12.
    let p = linear(&Tensor::from_slice(&[0.0, 3.0, -0.12, 0.0]).reshape([2, 2]));
    let found = statistics(&p, &zeros(&[5, 1, 1]), None).unwrap();
    let value = |statistic| found.iter().find(|v| v.statistic == statistic).unwrap().value;
    assert!((value(GateStatistic::SpectralRadius) - 0.6f64.log10()).abs() < 1e-14);
    assert!((value(GateStatistic::SpectralNorm) - 3f64.log10()).abs() < 1e-14);
}
