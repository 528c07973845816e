//! libtorch's own layers: the functions that tch's `nn::lstm` and `nn::gru` call, and `rnn_tanh`, given this
//! program's parameters. (tch's wrappers make parameters of their own with an init of their own, and their zero
//! state shares one storage between h and c.)

use tch::Tensor;

use super::{Engine, EngineName, Output};
use crate::cell::{Cell, CellName, LayerParameters, Parameters, State};

/// See the module.
pub struct Builtin;

impl Engine for Builtin {
    fn name(&self) -> EngineName {
        EngineName::Builtin
    }

    fn layer(&self, cell: &dyn Cell, p: &LayerParameters, input: &Tensor, first: &State) -> (Tensor, State) {
        let Output { output, mut last } =
            run(cell.name(), &p.tensors(), 1, input, std::slice::from_ref(first));
        (output, last.remove(0))
    }

    /// All layers in one call, as a user of `nn::lstm` would make it.
    fn stack(&self, p: &Parameters, input: &Tensor, first: &[State]) -> Output {
        run(p.cell, &p.tensors(), p.layers.len() as i64, input, first)
    }
}

fn run(cell: CellName, weights: &[&Tensor], layers: i64, input: &Tensor, first: &[State]) -> Output {
    let (has_biases, dropout, train, bidirectional, batch_first) = (true, 0.0, true, false, false);
    let h = Tensor::stack(&first.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
    match cell {
        CellName::Lstm => {
            let c = first.iter().map(|state| state.c.as_ref().expect("an LSTM's state has a c"));
            let c = Tensor::stack(&c.collect::<Vec<_>>(), 0);
            let (output, h, c) = input.lstm(
                &[&h, &c],
                weights,
                has_biases,
                layers,
                dropout,
                train,
                bidirectional,
                batch_first,
            );
            let last =
                h.unbind(0).into_iter().zip(c.unbind(0)).map(|(h, c)| State { h, c: Some(c) }).collect();
            Output { output, last }
        }
        CellName::Gru => {
            let (output, h) =
                input.gru(&h, weights, has_biases, layers, dropout, train, bidirectional, batch_first);
            Output { output, last: h.unbind(0).into_iter().map(State::of_h).collect() }
        }
        CellName::Rnn => {
            let (output, h) =
                input.rnn_tanh(&h, weights, has_biases, layers, dropout, train, bidirectional, batch_first);
            Output { output, last: h.unbind(0).into_iter().map(State::of_h).collect() }
        }
    }
}
