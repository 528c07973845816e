//! The sLSTM with its stabiliser, compared with its equations without one.

use lstm_lab::cell::{CellName, Parameters, State, cell};
use lstm_lab::engine::{EngineName, engine, forward, gradients};
use tch::{Kind, Tensor};

use crate::support::{Case, assert_same, engines};

/// Returns h_1 … h_T, `[T, B, H]`, by eq. 8 to 14 of Beck et al. (2024), without m. The state is h, c and n.
fn without_stabiliser(p: &Parameters, input: &Tensor, mut state: [Tensor; 3]) -> Tensor {
    let layer = &p.layers[0];
    let mut output = Vec::new();
    for x in input.unbind(0) {
        let [h, c, n] = &state;
        let sums = x.matmul(&layer.w_ih.tr()) + h.matmul(&layer.w_hh.tr()) + &layer.b_ih + &layer.b_hh;
        let a = sums.chunk(4, 1);
        let (i, f, z, o) = (a[0].exp(), a[1].sigmoid(), a[2].tanh(), a[3].sigmoid());
        let (c, n) = (&f * c + &i * z, &f * n + &i);
        let h = o * &c / &n;
        output.push(h.shallow_clone());
        state = [h, c, n];
    }
    Tensor::stack(&output, 0)
}

fn case() -> Case {
    Case::new(CellName::Slstm, 1, 30, Kind::Double)
}

fn zeros(case: &Case) -> [Tensor; 3] {
    [0, 1, 2].map(|_| Tensor::zeros([case.batch, case.hidden], (Kind::Double, case.input().device())))
}

/// The gates are up to e⁷ here, which f64 holds without a stabiliser.
#[test]
fn output_and_gradients_equal_those_without_stabiliser() {
    let case = case();
    let cotangent = case.cotangent();
    let all = |output: &Tensor, p: &Parameters, input: &Tensor| {
        let mut nodes = p.tensors();
        nodes.push(input);
        gradients(&(output * &cotangent).sum(Kind::Double), &nodes)
    };
    let leaf = |tensor: Tensor| tensor.set_requires_grad(true);
    let (p, input) = (case.parameters().leaves(), leaf(case.input() * 3.0));
    let expected = without_stabiliser(&p, &input, zeros(&case));
    let expected_gradients = all(&expected, &p, &input);
    for engine in engines(case.cell, Kind::Double) {
        let (p, input) = (p.leaves(), leaf(input.detach().copy()));
        let found = forward(engine, &p, &input, None).unwrap().output;
        assert_same(&found, &expected, 1e-13, "output");
        for (found, expected) in all(&found, &p, &input).iter().zip(&expected_gradients) {
            assert_same(found, expected, 1e-12, engine.name().as_str());
        }
    }
}

#[test]
fn derivative_with_respect_to_the_stabiliser_is_zero() {
    let case = case();
    let p = case.parameters().leaves();
    let first = p.cell.zero_state(&p.layers[0], case.batch);
    let stepwise = engine(EngineName::Stepwise);
    let states = stepwise.states(p.cell, &p.layers[0], &case.input(), &first).unwrap();
    let output = Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
    let loss = (output * case.cotangent()).sum(Kind::Double);
    let of = |n: usize| states.iter().map(|state| &state.carried[n]).collect::<Vec<_>>();
    let found = gradients(&loss, &[of(1), of(2)].concat());
    let largest = |found: &[Tensor]| Tensor::stack(found, 0).abs().max().double_value(&[]);
    let (of_n, of_m) = found.split_at(states.len());
    assert!(largest(of_m) < 1e-14 * largest(of_n), "{} {}", largest(of_m), largest(of_n));
}

/// The factor of c and n that m stands for may be any: only the product with exp(m) counts.
#[test]
fn another_scale_of_the_first_state_gives_the_same_output() {
    let case = case();
    let (p, input, first) = (case.parameters(), case.input(), case.first());
    let [c, n, m] = &first[0].carried[..] else { panic!("three carried states") };
    let factor = 3f64;
    let scaled = State { h: first[0].h.copy(), carried: vec![c * factor, n * factor, m - factor.ln()] };
    let run = |first| forward(engine(EngineName::Fused), &p, &input, Some(&[first])).unwrap().output;
    let expected = run(first[0].shallow_clone());
    assert_same(&run(scaled), &expected, 1e-13, "output");
    let whole = [first[0].h.copy(), c * m.exp(), n * m.exp()];
    assert_same(&expected, &without_stabiliser(&p, &input, whole), 1e-13, "output without m");
}

/// Gates of e^±1000 and more are beyond the range of floats.
#[test]
fn large_inputs_give_finite_outputs_and_gradients() {
    for kind in [Kind::Float, Kind::Double] {
        let case = Case::new(CellName::Slstm, 2, 12, kind);
        for engine in engines(case.cell, kind) {
            for scale in [1e4, 1e6] {
                let (p, input) = (case.parameters().leaves(), case.input() * scale);
                let input = input.set_requires_grad(true);
                let run = forward(engine, &p, &input, None).unwrap();
                let mut found = p.tensors();
                found.push(&input);
                let mut found = gradients(&(&run.output * case.cotangent()).sum(kind), &found);
                found.push(run.output);
                found.extend(run.final_states.into_iter().flat_map(|state| state.carried));
                for tensor in found {
                    assert!(bool::try_from(tensor.isfinite().all()).unwrap(), "{} {scale}", engine.name());
                }
            }
        }
    }
    assert_eq!(cell(CellName::Slstm).carried().len(), 3);
}
