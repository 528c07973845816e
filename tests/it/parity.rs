//! Comparison of every engine with `builtin`, and of `builtin` with tch's `nn`.

use lstm_lab::cell::{Cell, CellName, LayerParameters, State, cell as by_name};
use lstm_lab::device::cpu;
use lstm_lab::engine::{Engine, EngineName, engine, parity};
use lstm_lab::error::Error;
use tch::nn::{self, RNN};
use tch::{Kind, Tensor};

use crate::support::{Case, assert_close, assert_same, engines, results};

/// Returns the engine that the others are compared with: libtorch's, or the textbook equations for a cell
/// that libtorch does not have.
fn reference(cell: CellName) -> EngineName {
    let is_there = engine(EngineName::Builtin).serves(by_name(cell));
    if is_there { EngineName::Builtin } else { EngineName::Stepwise }
}

#[test]
fn every_engine_any_length_and_depth_matches_the_reference() {
    for (kind, tolerance) in [(Kind::Double, 1e-10), (Kind::Float, 1e-5)] {
        for &cell in CellName::ALL {
            let reference = reference(cell);
            // A division by a small deviation enlarges the rounding of f32.
            let is_normalised = cell == CellName::LstmLayernorm && kind == Kind::Float;
            let tolerance = if is_normalised { 1e-4 } else { tolerance };
            for layers in [1, 2] {
                for steps in [1, 2, 25] {
                    let case = Case::new(cell, layers, steps, kind);
                    let (p, input, first, cotangent) =
                        (case.parameters(), case.input(), case.first(), case.cotangent());
                    let expected = results(engine(reference), &p, &input, &first, &cotangent);
                    for engine in engines(cell, kind) {
                        let found = results(engine, &p, &input, &first, &cotangent);
                        assert_close(&found, &expected, tolerance, &format!("{} {case:?}", engine.name()));
                    }
                }
            }
        }
    }
}

#[test]
fn every_engine_sizes_of_one_match_the_reference() {
    for &cell in CellName::ALL {
        let case = Case { batch: 1, input: 1, ..Case::new(cell, 2, 4, Kind::Double).smallest() };
        let expected = results(
            engine(reference(cell)),
            &case.parameters(),
            &case.input(),
            &case.first(),
            &case.cotangent(),
        );
        for engine in engines(cell, Kind::Double) {
            let found = results(engine, &case.parameters(), &case.input(), &case.first(), &case.cotangent());
            assert_close(&found, &expected, 1e-10, &format!("{} {case:?}", engine.name()));
        }
    }
}

#[test]
fn builtin_same_parameters_matches_tch_nn() {
    let case = Case::new(CellName::Lstm, 2, 9, Kind::Float);
    let (p, input) = (case.parameters(), case.input());
    let vs = nn::VarStore::new(cpu());
    let config = nn::RNNConfig { num_layers: 2, batch_first: false, ..Default::default() };
    let lstm = nn::lstm(vs.root(), case.input, case.hidden, config);
    // The variables are found by name, because `VarStore::variables` has no order.
    let variables = vs.variables();
    tch::no_grad(|| {
        p.named().iter().for_each(|(name, tensor)| variables[name].shallow_clone().copy_(tensor))
    });
    // batch_first only concerns the input. tch makes its zero state for dimension 0, so the state is given
    // here.
    let zeros = Tensor::zeros([2, case.batch, case.hidden], (Kind::Float, cpu()));
    let (output, state) = lstm.seq_init(&input, &nn::LSTMState((zeros.copy(), zeros.copy())));
    let ours = lstm_lab::engine::forward(engine(EngineName::Builtin), &p, &input, None).unwrap();
    assert_eq!(ours.output, output.detach());
    for layer in 0..2 {
        assert_eq!(ours.final_states[layer as usize].h, state.h().get(layer));
        assert_eq!(ours.final_states[layer as usize].carried[0], state.c().get(layer));
    }
}

/// The builtin engine with one result changed by a thousandth: a value, or the gradient of a value.
struct Wrong(&'static str);

impl Wrong {
    /// Returns `tensor`, with its gradient 1.001 times as large if `name` is the wrong result.
    fn gradient(&self, name: &str, tensor: &Tensor) -> Tensor {
        if self.0 != name {
            return tensor.shallow_clone();
        }
        tensor + (tensor - tensor.detach()) * 1e-3
    }

    /// Returns `tensor`, 1.001 times as large if `name` is the wrong result.
    fn value(&self, name: &str, tensor: Tensor) -> Tensor {
        if self.0 == name { tensor * 1.001 } else { tensor }
    }
}

impl Engine for Wrong {
    fn name(&self) -> EngineName {
        EngineName::Fused
    }

    fn layer(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        first: &State,
    ) -> (Tensor, State) {
        let p = LayerParameters {
            w_ih: self.gradient("grad.weight_ih_l0", &p.w_ih),
            w_hh: self.gradient("grad.weight_hh_l0", &p.w_hh),
            b_ih: self.gradient("grad.bias_ih_l0", &p.b_ih),
            b_hh: self.gradient("grad.bias_hh_l0", &p.b_hh),
            further: vec![],
        };
        let input = self.gradient("grad.input", input);
        let (output, last) = engine(EngineName::Builtin).layer(cell, &p, &input, first);
        let last = State {
            h: self.value("h_n of layer 0", last.h),
            carried: last.carried.into_iter().map(|c| self.value("c_n of layer 0", c)).collect(),
        };
        (self.value("output", output), last)
    }
}

#[test]
fn check_engine_with_one_wrong_result_names_the_result() {
    let case = Case::new(CellName::Lstm, 1, 5, Kind::Double);
    let p = case.parameters();
    let check = |wrong: &'static str| {
        let builtin = engine(EngineName::Builtin);
        parity::check(&Wrong(wrong), builtin, &p, &case.input(), &case.cotangent(), 1e-9)
    };
    check("none").unwrap();
    let results = parity::results(&Wrong("none"), &p, &case.input(), &case.cotangent()).unwrap();
    let names = [
        "output", "h_n of layer 0", "c_n of layer 0", "grad.weight_ih_l0", "grad.weight_hh_l0",
        "grad.bias_ih_l0", "grad.bias_hh_l0", "grad.input",
    ];
    assert_eq!(results.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
    for name in names {
        match check(name) {
            Err(Error::Disagreement { what, error, .. }) => {
                assert_eq!(what, name);
                assert!((error / 1e-3 - 1.0).abs() < 1e-6, "{name}: {error}");
            }
            other => panic!("{name}: expected a disagreement, found {other:?}"),
        }
    }
}

#[test]
fn relative_difference_nan_is_nan() {
    let one = Tensor::from_slice(&[1.0]);
    let nan = Tensor::from_slice(&[f64::NAN]);
    for (a, b) in [(&one, &nan), (&nan, &one), (&nan, &nan)] {
        assert!(parity::relative_difference(a, b).is_nan());
    }
}

#[test]
fn forward_of_a_cell_without_the_engine_names_those_that_run_it() {
    let case = Case::new(CellName::Janet, 1, 5, Kind::Double);
    let forward = |name| lstm_lab::engine::forward(engine(name), &case.parameters(), &case.input(), None);
    for name in [EngineName::Analytic, EngineName::Simd, EngineName::Builtin] {
        let message = forward(name).unwrap_err().to_string();
        let expected = format!(
            "engine `{name}` cannot run the cell `janet`; these can: `stepwise`, `fused`, `recompute`"
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn forward_wrong_shape_is_refused_by_name() {
    let case = Case::new(CellName::Lstm, 2, 5, Kind::Double);
    let p = case.parameters();
    let fused = engine(EngineName::Fused);
    let wrong = Tensor::zeros([5, 3, 6], (Kind::Double, cpu()));
    let message = lstm_lab::engine::forward(fused, &p, &wrong, None).unwrap_err().to_string();
    assert_eq!(message, "input must be [T, B, 5] with T and B at least 1, but is [5, 3, 6]");
    let mut first = case.first();
    first[0].carried.clear();
    let message = lstm_lab::engine::forward(fused, &p, &case.input(), Some(&first)).unwrap_err().to_string();
    assert_eq!(message, "c0 of layer 0 must be [3, 7], but is []");
    let mut first = case.first();
    let extra = first[1].h.copy();
    first[1].carried.push(extra);
    let message = lstm_lab::engine::forward(fused, &p, &case.input(), Some(&first)).unwrap_err().to_string();
    assert_eq!(message, "state of layer 1 must be h and 1 carried states, but is [2]");
}

#[test]
fn forward_states_of_a_projection_have_two_sizes() {
    let case = Case::new(CellName::LstmProjected, 2, 5, Kind::Double);
    let (p, fused) = (case.parameters(), engine(EngineName::Fused));
    assert_eq!((p.input_size(), p.hidden_size(), p.output_size()), (5, 7, 3));
    let shapes: Vec<_> = p.named().into_iter().map(|(name, tensor)| (name, tensor.size())).collect();
    let of_layer = |input: i64, k: usize| {
        [
            ("weight_ih", vec![28, input]),
            ("weight_hh", vec![28, 3]),
            ("bias_ih", vec![28]),
            ("bias_hh", vec![28]),
            ("weight_hr", vec![3, 7]),
        ]
        .map(|(name, shape)| (format!("{name}_l{k}"), shape))
    };
    assert_eq!(shapes, [of_layer(5, 0), of_layer(3, 1)].concat());
    let run = lstm_lab::engine::forward(fused, &p, &case.input(), None).unwrap();
    assert_eq!(run.output.size(), [5, 3, 3]);
    assert!(run.final_states.iter().all(|state| state.sizes() == [3, 7]));
    for (n, message) in
        ["h0 of layer 1 must be [3, 3], but is [3, 2]", "c0 of layer 1 must be [3, 7], but is [3, 2]"]
            .into_iter()
            .enumerate()
    {
        let mut first = case.first();
        let mut tensors: Vec<Tensor> = first[1].tensors().into_iter().map(Tensor::shallow_clone).collect();
        tensors[n] = tensors[n].narrow(1, 0, 2);
        first[1] = State::from_tensors(tensors);
        let refused = lstm_lab::engine::forward(fused, &p, &case.input(), Some(&first)).unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
}

mod needs_cuda {
    use super::*;

    #[test]
    #[ignore = "needs CUDA"]
    fn every_engine_on_cuda_matches_builtin_on_the_cpu() {
        let cuda = lstm_lab::device::resolve(lstm_lab::device::DeviceChoice::Cuda(0)).unwrap();
        let sample = Tensor::zeros([1], (Kind::Double, cuda));
        for &cell in CellName::ALL {
            let case = Case::new(cell, 2, 20, Kind::Double);
            let p = case.parameters();
            let on_cpu = parity::results(engine(reference(cell)), &p, &case.input(), &case.cotangent());
            let p = p.to(Kind::Double, cuda);
            for engine in engines(cell, Kind::Double).filter(|engine| engine.accepts(&sample).is_ok()) {
                let on_cuda =
                    parity::results(engine, &p, &case.input().to(cuda), &case.cotangent().to(cuda)).unwrap();
                for ((name, found), (_, expected)) in on_cuda.iter().zip(on_cpu.as_ref().unwrap()) {
                    assert_same(
                        &found.to(cpu()),
                        expected,
                        1e-9,
                        &format!("{} {cell} {name}", engine.name()),
                    );
                }
            }
        }
    }

    #[test]
    #[ignore = "needs CUDA"]
    fn engine_cuda_in_f32_matches_analytic_in_f64() {
        let cuda = lstm_lab::device::resolve(lstm_lab::device::DeviceChoice::Cuda(0)).unwrap();
        let case = Case { batch: 20, hidden: 130, ..Case::new(CellName::Lstm, 2, 50, Kind::Double) };
        let (p, input, cotangent) = (case.parameters(), case.input(), case.cotangent());
        let expected = parity::results(engine(EngineName::Analytic), &p, &input, &cotangent).unwrap();
        let on_card = |tensor: &Tensor| tensor.to_kind(Kind::Float).to(cuda);
        let p = p.to(Kind::Float, cuda);
        let found = parity::results(engine(EngineName::Cuda), &p, &on_card(&input), &on_card(&cotangent));
        for ((name, found), (_, expected)) in found.unwrap().iter().zip(&expected) {
            let difference = parity::relative_difference(&found.to(cpu()), expected);
            assert!(difference < 1e-4, "{name}: {difference}");
        }
    }
}
