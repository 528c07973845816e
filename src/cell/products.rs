//! The products of parameters with the input and the hidden state, from which a cell computes its gates.

use std::cell::OnceCell;

use tch::Tensor;

use super::gate::Gate;
use super::prepared::PreparedLayer;

/// The products of one step, gate by gate.
///
/// An engine decides how they are computed: each by itself, or those of all gates as one.
pub struct Products<'a> {
    layer: &'a PreparedLayer,
    h_prev: &'a Tensor,
    form: Form<'a>,
}

enum Form<'a> {
    /// The input x, `[B, I]`. Each gate has its own two products.
    Separate(&'a Tensor),
    /// W_x x + b_x of each gate, and W_h h + b_h of each gate once one of them is asked for.
    Joint { of_input: Vec<Tensor>, of_state: OnceCell<Vec<Tensor>> },
}

impl<'a> Products<'a> {
    /// Returns the products of an input x `[B, I]` and the previous hidden state `[B, H]`. Each is computed
    /// by itself.
    pub fn separate(layer: &'a PreparedLayer, x: &'a Tensor, h_prev: &'a Tensor) -> Products<'a> {
        Products { layer, h_prev, form: Form::Separate(x) }
    }

    /// Returns the products of a step whose input projection W_x x + b_x, `[B, G·H]`, is known. The products
    /// of the previous hidden state `[B, H]` are one product for all gates.
    pub fn joint(layer: &'a PreparedLayer, projection: &Tensor, h_prev: &'a Tensor) -> Products<'a> {
        let of_input = projection.chunk(layer.gates.len() as i64, 1);
        Products { layer, h_prev, form: Form::Joint { of_input, of_state: OnceCell::new() } }
    }

    /// Returns W_x x + b_x of a gate, `[B, H]`.
    pub fn of_input(&self, gate: usize) -> Tensor {
        match &self.form {
            Form::Separate(x) => self.layer.gates[gate].of_input(x),
            Form::Joint { of_input, .. } => of_input[gate].shallow_clone(),
        }
    }

    /// Returns W_h h_{t−1} + b_h of a gate, `[B, H]`.
    pub fn of_state(&self, gate: usize) -> Tensor {
        match &self.form {
            Form::Separate(_) => self.layer.gates[gate].of_state(self.h_prev),
            Form::Joint { of_state, .. } => {
                let all = || {
                    let PreparedLayer { parameters: p, gates, w_hh_t } = self.layer;
                    p.b_hh.addmm(self.h_prev, w_hh_t).chunk(gates.len() as i64, 1)
                };
                of_state.get_or_init(all)[gate].shallow_clone()
            }
        }
    }

    /// Returns W_x x + b_x + W_h h_{t−1} + b_h of a gate, `[B, H]`.
    pub fn sum(&self, gate: usize) -> Tensor {
        self.of_input(gate) + self.of_state(gate)
    }

    /// Returns the sums of all gates.
    pub fn sums(&self) -> Vec<Tensor> {
        (0..self.layer.gates.len()).map(|gate| self.sum(gate)).collect()
    }

    /// Returns the parameters of a gate.
    pub fn gate(&self, gate: usize) -> &Gate {
        &self.layer.gates[gate]
    }

    /// Returns one of the further parameters, in the order of [`super::Layout::further`].
    pub fn further(&self, n: usize) -> &Tensor {
        &self.layer.parameters.further[n]
    }
}
