//! The gradient of parameters by lag, compared with autograd.

use lstm_lab::cell::{CellName, Parameters, State};
use lstm_lab::diagnostics::DiagnosticOptions;
use lstm_lab::diagnostics::weights::{WeightProfile, weight_profiles};
use lstm_lab::engine::{EngineName, engine, exact_engine, forward, zero_states};
use tch::{Kind, Tensor};

use crate::support::{Case, assert_near};

fn profiles(p: &Parameters, input: &Tensor, engine: EngineName) -> Vec<WeightProfile> {
    let steps = input.size()[0] as usize;
    let loss = |output: &Tensor, segment: std::ops::Range<usize>| {
        (segment.end == steps).then(|| output.get(-1).sum(Kind::Double))
    };
    weight_profiles(engine, p, input, None, DiagnosticOptions::default(), &loss).unwrap().1
}

/// Returns the gradient of the mean loss with respect to each parameter at each step: every step has its own
/// copy of the parameters.
fn terms_by_hand(p: &Parameters, input: &Tensor) -> Vec<Vec<Tensor>> {
    let (steps, batch) = (input.size()[0], input.size()[1]);
    let copies: Vec<Parameters> = (0..steps).map(|_| p.leaves()).collect();
    let mut states = zero_states(p, input);
    let mut below = Tensor::new();
    for (t, copy) in copies.iter().enumerate() {
        below = input.get(t as i64);
        for (layer, state) in copy.layers.iter().zip(&mut states) {
            let next: State = copy.cell.step(&copy.cell.prepare(layer), &below, state);
            below = next.h.shallow_clone();
            *state = next;
        }
    }
    let loss = below.sum(Kind::Double) / batch;
    let gradients = |copy: &Parameters| Tensor::run_backward(&[&loss], &copy.tensors(), true, false);
    copies.iter().map(gradients).collect()
}

#[test]
fn terms_equal_gradients_of_copies_of_the_parameters() {
    for &cell in CellName::ALL {
        let case = Case { batch: 3, input: 2, hidden: 4, ..Case::new(cell, 2, 6, Kind::Double) };
        let (p, input) = (case.parameters(), case.input());
        let terms = terms_by_hand(&p, &input);
        let found = profiles(&p, &input, exact_engine(p.cell));
        let tensors = p.tensors().into_iter().enumerate();
        let there: Vec<usize> = tensors.filter(|(_, tensor)| tensor.numel() > 0).map(|(n, _)| n).collect();
        assert_eq!(found.len(), there.len());
        for (&n, profile) in there.iter().zip(&found) {
            let mut sum = terms[0][n].zeros_like();
            let whole: Tensor = terms.iter().map(|step| &step[n]).fold(sum.copy(), |sum, term| sum + term);
            for (lag, part) in profile.parts.iter().enumerate() {
                let (term, what) = (&terms[5 - lag][n], format!("{cell} {} {lag}", profile.parameter));
                sum += term;
                let norm = |tensor: &Tensor| tensor.norm().double_value(&[]);
                assert_near(10f64.powf(part.log10_term), norm(term), &what);
                assert_near(10f64.powf(part.log10_sum), norm(&sum), &what);
                let share = (term * &whole).sum(Kind::Double).double_value(&[]) / norm(&whole).powi(2);
                assert_near(part.share, share, &what);
                assert_near(part.truncation_error, norm(&(&whole - &sum)) / norm(&whole), &what);
            }
        }
    }
}

#[test]
fn sums_of_all_terms_equal_autograd_over_many_segments() {
    for cell in [CellName::Lstm, CellName::MinGru, CellName::Cifg] {
        let case = Case { batch: 2, hidden: 5, ..Case::new(cell, 1, 90, Kind::Double) };
        let (p, input) = (case.parameters().leaves(), case.input());
        let output = forward(engine(EngineName::Stepwise), &p, &input, None).unwrap().output;
        let loss = output.get(-1).sum(Kind::Double) / 2.0;
        let expected = Tensor::run_backward(&[&loss], &p.tensors(), false, false);
        let expected: Vec<&Tensor> = expected.iter().filter(|tensor| tensor.numel() > 0).collect();
        let found = profiles(&p, &input, EngineName::Recompute);
        for (profile, expected) in found.iter().zip(expected) {
            let last = profile.parts.last().unwrap();
            let shares: f64 = profile.parts.iter().map(|part| part.share).sum();
            assert_near(10f64.powf(last.log10_sum), expected.norm().double_value(&[]), &profile.parameter);
            assert_near(shares, 1.0, &profile.parameter);
            assert!(last.truncation_error < 1e-14, "{}: {}", profile.parameter, last.truncation_error);
        }
    }
}

/// Far beyond the range of f64, the terms of a linear recurrence still fall by its factor.
#[test]
fn terms_beyond_the_range_of_floats_are_exact() {
    let steps = 3000;
    let case = Case { batch: 1, input: 1, hidden: 1, ..Case::new(CellName::Rnn, 1, steps, Kind::Double) };
    let p = case.parameters();
    let layer = &p.layers[0];
    for (parameter, value) in [(&layer.w_ih, 0.0), (&layer.b_ih, 0.0), (&layer.b_hh, 0.0), (&layer.w_hh, 0.5)]
    {
        let _ = parameter.shallow_clone().fill_(value);
    }
    let found = profiles(&p, &case.input(), EngineName::Analytic);
    let bias = found.iter().find(|profile| profile.parameter == "bias_hh_l0").unwrap();
    for (lag, part) in bias.parts.iter().enumerate() {
        assert_near(part.log10_term, lag as f64 * 0.5f64.log10(), &format!("lag {lag}"));
    }
    assert_near(bias.parts[0].truncation_error, 0.5, "half of the gradient is at lag 0");
}
