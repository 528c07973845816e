//! Adjoints beyond the range of floats.

use std::collections::BTreeMap;

use lstm_lab::cell::CellName;
use lstm_lab::cell::{LayerParameters, Parameters, StateSize, cell};
use lstm_lab::device::cpu;
use lstm_lab::diagnostics::{DiagnosticOptions, Norm, Profile, autograd, exact};
use lstm_lab::engine::EngineName;
use lstm_lab::engine::engine as by_name;
use lstm_lab::settings::names::Quantity;
use tch::{Kind, Tensor};

use crate::support::{Case, DERIVED, log10, norms_of, off};

/// The engines with exact norms in f64.
const NORMS: [EngineName; 3] = [EngineName::Analytic, EngineName::Recompute, EngineName::Simd];

fn tensor(numbers: Vec<f64>, shape: &[i64]) -> Tensor {
    Tensor::from_slice(&numbers).reshape(shape)
}

/// Returns the parameters of tests/golden/make_exact.py.
pub fn golden_parameters(name: CellName) -> Parameters {
    scaled_golden_parameters(name, 1.0)
}

fn scaled_golden_parameters(name: CellName, scale: f64) -> Parameters {
    let rows = 2 * cell(name).gates().len() as i64;
    let mut k = 0;
    let mut take = |shape: &[i64]| {
        let count = shape.iter().product::<i64>();
        let numbers = (k..k + count).map(|k| scale * ((37 * k + 11) % 64 - 32) as f64 / 64.0).collect();
        k += count;
        tensor(numbers, shape)
    };
    let (gates, size) = (rows / 2, StateSize::new(2, 0));
    let layer = LayerParameters {
        w_ih: take(&[rows, 2]),
        w_hh: take(&[rows, 2]),
        b_ih: take(&[rows]),
        b_hh: take(&[rows]),
        further: cell(name).layout().further.iter().map(|further| take(&further.size(gates, size))).collect(),
    };
    Parameters { cell: cell(name), layers: vec![layer] }
}

/// Returns the input of tests/golden/make_exact.py, `[T, 1, 2]`.
pub fn golden_input(steps: i64) -> Tensor {
    let input =
        (0..steps).flat_map(|t| (0..2).map(move |i| ((7 * t + 3 * i) % 11) as f64 / 16.0 - 5.0 / 16.0));
    tensor(input.collect(), &[steps, 1, 2])
}

/// log10 norms by cell, quantity and step.
type Norms = BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>>;

/// The content of tests/golden/exact.json.
#[derive(serde::Deserialize)]
pub struct Golden {
    /// Norms over 5000 steps.
    norms: Norms,
    /// Norms of a saturated network.
    saturated: Norms,
    /// log10 singular values by cell and lag, the largest first.
    pub singular: BTreeMap<String, BTreeMap<String, Vec<f64>>>,
}

pub fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/exact.json")).unwrap()
}

/// Compares adjoint norms of an engine with golden norms, to 1e-8 in log10. Returns the smallest.
fn assert_golden(engine: EngineName, golden: &Norms, steps: i64, scale: f64) -> f64 {
    let direction = Tensor::from_slice(&[0.75, -0.5]);
    let last = steps as usize;
    let loss = |output: &Tensor, segment: std::ops::Range<usize>| {
        (segment.end == last).then(|| (output.select(0, -1) * &direction).sum(Kind::Double))
    };
    let mut smallest = 0.0f64;
    for (name, golden) in golden {
        let name: CellName = name.parse().unwrap();
        if !by_name(engine).serves(cell(name)) {
            continue;
        }
        let p = scaled_golden_parameters(name, scale);
        let options = DiagnosticOptions::default();
        let found = exact::profiles(engine, &p, &golden_input(steps), None, options, &loss).unwrap();
        for (quantity, word) in [(Quantity::TotalH, "total_h"), (Quantity::TotalC, "total_c")] {
            for (t, expected) in &golden[word] {
                let t: usize = t.parse().unwrap();
                let (step, norm) = norms_of(&found, quantity, 0)[t - 1];
                assert_eq!(step, t);
                assert!((log10(norm) - expected).abs() < 1e-8, "{name} {word} {t}: {norm:?} {expected}");
                smallest = smallest.min(*expected);
            }
        }
    }
    smallest
}

#[test]
fn exact_norms_below_1e_minus_1000_equal_arbitrary_precision() {
    for engine in NORMS {
        let smallest = assert_golden(engine, &golden().norms, 5000, 1.0);
        assert!(smallest < -1000.0, "the golden numbers reach down to 1e{smallest}");
    }
}

/// 1 − h² would be 0 at most steps here, because tanh(a) rounds to 1 from |a| = 19 on.
#[test]
fn derived_norms_of_saturated_units_equal_arbitrary_precision() {
    for engine in [EngineName::Analytic, EngineName::Simd] {
        let smallest = assert_golden(engine, &golden().saturated, 300, 64.0);
        assert!(smallest < -1000.0, "the golden numbers reach down to 1e{smallest}");
    }
}

/// Returns log10 norms of all quantities, layers and steps of a long run of two layers.
fn long_run(engine: EngineName, name: CellName) -> Vec<(Quantity, usize, usize, f64)> {
    let case = Case { batch: 5, hidden: 21, input: 3, ..Case::new(name, 2, 5000, Kind::Double) };
    let loss = |output: &Tensor, segment: std::ops::Range<usize>| {
        (segment.end == 5000).then(|| output.select(0, -1).square().sum(Kind::Double))
    };
    let options = DiagnosticOptions::default();
    let found = exact::profiles(engine, &case.parameters(), &case.input(), None, options, &loss).unwrap();
    // The kernels do not give the part through later steps.
    let found = found.into_iter().filter(|profile| profile.quantity != Quantity::LaterH);
    let norms = found.flat_map(|Profile { quantity, layer, norms, .. }| {
        norms.into_iter().map(move |(t, norm)| (quantity, layer, t, log10(norm)))
    });
    norms.collect()
}

#[test]
fn simd_norms_of_5000_steps_equal_analytic() {
    for name in DERIVED {
        let (found, expected) = (long_run(EngineName::Simd, name), long_run(EngineName::Analytic, name));
        assert_eq!(found.len(), expected.len());
        assert!(expected.iter().any(|(.., norm)| (-1e9..-400.0).contains(norm)), "{name} stays in range");
        for ((quantity, layer, t, found), (other, _, _, expected)) in found.into_iter().zip(expected) {
            assert_eq!(quantity, other);
            let same = found == expected || (found - expected).abs() < 1e-10;
            assert!(same, "{name} {quantity} of layer {layer}, step {t}: {found} {expected}");
        }
    }
}

#[test]
fn exact_profiles_in_float_range_equal_autograd() {
    let served =
        |engine: EngineName| CellName::ALL.iter().filter(move |name| by_name(engine).serves(cell(**name)));
    let pairs = NORMS.iter().flat_map(|engine| served(*engine).map(|cell| (*engine, *cell)));
    for (method, name) in pairs {
        for layers in [1, 3] {
            let case = Case::new(name, layers, 37, Kind::Double);
            let (p, cotangent) = (case.parameters(), case.cotangent());
            let stepwise = by_name(EngineName::Stepwise);
            let sum = |output: &Tensor| (output * &cotangent).sum(Kind::Double);
            let expected = autograd::profiles(stepwise, &p.leaves(), &case.input(), None, 1, sum).unwrap();
            let found = exact::profiles(
                method,
                &p,
                &case.input(),
                None,
                DiagnosticOptions::default(),
                &|output, segment| {
                    let part = cotangent.narrow(0, segment.start as i64, segment.len() as i64);
                    Some((output * part).sum(Kind::Double))
                },
            )
            .unwrap();
            // The kernels do not give the part through later steps.
            let has_it =
                |profile: &&Profile| method != EngineName::Simd || profile.quantity != Quantity::LaterH;
            let expected: Vec<&Profile> = expected.iter().filter(has_it).collect();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert_eq!((found.quantity, found.layer), (expected.quantity, expected.layer));
                for ((t, a), (_, b)) in found.norms.iter().zip(&expected.norms) {
                    assert!(off(*a, *b) < 1e-11, "{method} {name} {} step {t}", found.quantity);
                }
            }
        }
    }
}

/// Returns profiles of a linear cell: its state stays 0 without input and biases. The adjoint is then a
/// power of a number. Only the recurrent matrix of the candidate is not 0: it is `gain` times the
/// identity.
fn linear(engine: EngineName, name: CellName, gain: f64, steps: i64) -> Vec<Profile> {
    let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Double, cpu()));
    let rows = 3 * cell(name).gates().len() as i64;
    let w_hh = zeros(&[rows, 3]);
    let eye = Tensor::eye(3, (Kind::Double, cpu())) * gain;
    w_hh.narrow(0, 3 * cell(name).candidate() as i64, 3).copy_(&eye);
    let (b_ih, b_hh) = (zeros(&[rows]), zeros(&[rows]));
    let layer = LayerParameters { w_ih: zeros(&[rows, 1]), w_hh, b_ih, b_hh, further: vec![] };
    let p = Parameters { cell: cell(name), layers: vec![layer] };
    let last = steps as usize;
    let loss = |output: &Tensor, segment: std::ops::Range<usize>| {
        (segment.end == last).then(|| output.select(0, -1).narrow(1, 0, 1).sum(Kind::Double))
    };
    exact::profiles(engine, &p, &zeros(&[steps, 2, 1]), None, DiagnosticOptions::default(), &loss).unwrap()
}

#[test]
fn exact_profiles_of_linear_cells_explode_and_vanish_beyond_f64() {
    let cases = DERIVED.iter().flat_map(|name| [(*name, 8.0), (*name, 0.3)]);
    for (engine, (name, gain)) in cases.flat_map(|case| NORMS.map(|engine| (engine, case))) {
        let found = linear(engine, name, gain, 4001);
        // All gates are ½. The adjoint of c gets a factor of ½ from the forget gate and W/4 through h and g.
        let (quantity, at_the_end, per_step) = match name {
            CellName::Rnn => (Quantity::TotalH, 1.0, gain),
            CellName::Gru => (Quantity::TotalH, 1.0, 0.5 + 0.25 * gain),
            _ => (Quantity::TotalC, 0.5f64, 0.5 + 0.25 * gain),
        };
        for &(t, norm) in norms_of(&found, quantity, 0) {
            let expected = at_the_end.log10() + (4001 - t) as f64 * per_step.log10();
            assert!((log10(norm) - expected).abs() < 1e-9, "{name} {gain} {t}: {norm:?} {expected}");
        }
        let far = log10(norms_of(&found, quantity, 0)[0].1);
        assert!(far.abs() > 310.0, "{name} {gain}: {far} is in the range of f64");
    }
}

#[test]
fn exact_norm_of_zero_gradient_is_zero_variant() {
    for engine in NORMS {
        let found = linear(engine, CellName::Rnn, 0.0, 50);
        let norms = norms_of(&found, Quantity::TotalH, 0);
        assert_eq!(norms[49], (50, Norm::Log10(0.0)));
        assert!(norms[..49].iter().all(|(_, norm)| *norm == Norm::Zero), "{norms:?}");
    }
}
