//! libtorch's own layers, with given parameters: the functions behind tch's `nn::lstm` and `nn::gru`, and
//! `rnn_tanh` and `rnn_relu`.
//!
//! tch's wrappers are not used, because they draw their own parameters. In addition, the h and c of their
//! zero state share one storage.

use tch::Tensor;

use super::{Engine, EngineName, Output};
use crate::cell::{Cell, CellName, LayerParameters, Parameters, State};

/// The engine `builtin`.
pub struct Builtin;

impl Engine for Builtin {
    fn name(&self) -> EngineName {
        EngineName::Builtin
    }

    fn serves(&self, cell: &dyn Cell) -> bool {
        use CellName::{Gru, Lstm, LstmProjected, ReluRnn, Rnn};
        matches!(cell.name(), Some(Rnn | Lstm | LstmProjected | Gru | ReluRnn))
    }

    fn layer(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> (Tensor, State) {
        let initial_states = std::slice::from_ref(initial_state);
        let Output { output, mut final_states } = run(cell, &p.tensors(), 1, input, initial_states);
        (output, final_states.remove(0))
    }

    /// Runs all layers in one call, like `nn::lstm`.
    fn forward_layers(&self, p: &Parameters, input: &Tensor, initial_states: &[State]) -> Output {
        run(p.cell, &p.tensors(), p.layers.len() as i64, input, initial_states)
    }
}

fn run(
    cell: &dyn Cell,
    weights: &[&Tensor],
    layers: i64,
    input: &Tensor,
    initial_states: &[State],
) -> Output {
    let (has_biases, dropout, train, bidirectional, batch_first) = (true, 0.0, true, false, false);
    let h = Tensor::stack(&initial_states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
    let without_c = |h: Tensor| h.unbind(0).into_iter().map(State::from_hidden).collect();
    match cell.name() {
        // libtorch recognises a projection by an h and a c of different sizes.
        Some(CellName::Lstm | CellName::LstmProjected) => {
            let c = initial_states.iter().map(|state| &state.carried[0]);
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
            let of_layer = |(h, c)| State { h, carried: vec![c] };
            let final_states = h.unbind(0).into_iter().zip(c.unbind(0)).map(of_layer).collect();
            Output { output, final_states }
        }
        Some(CellName::Gru) => {
            let (output, h) =
                input.gru(&h, weights, has_biases, layers, dropout, train, bidirectional, batch_first);
            Output { output, final_states: without_c(h) }
        }
        Some(CellName::Rnn) => {
            let (output, h) =
                input.rnn_tanh(&h, weights, has_biases, layers, dropout, train, bidirectional, batch_first);
            Output { output, final_states: without_c(h) }
        }
        Some(CellName::ReluRnn) => {
            let (output, h) =
                input.rnn_relu(&h, weights, has_biases, layers, dropout, train, bidirectional, batch_first);
            Output { output, final_states: without_c(h) }
        }
        _ => unreachable!("`engine::check` has checked the cell"),
    }
}
