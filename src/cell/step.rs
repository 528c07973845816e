//! The interface of a cell: one time step.

use std::fmt;

use tch::Tensor;

use super::activation::Activation;
use super::layer::LayerParameters;
use super::layout::{Layout, StateSize};
use super::name::CellName;
use super::prepared::PreparedLayer;
use super::products::Products;
use super::state::{CarriedState, State};

/// One step of a recurrent cell.
///
/// Shapes: batch size B, input size I, hidden size H, number of gates G. With a projection, h has the size P
/// in place of H.
///
/// A cell states its equations in [`Cell::activations`] and [`Cell::update`]. Everything else has a default:
/// every gate but the candidate is a sigmoid, and the parameters are those of PyTorch's layers.
pub trait Cell: Sync {
    /// Returns the name of a cell of this crate. A cell that is defined elsewhere has none.
    fn name(&self) -> Option<CellName> {
        None
    }

    /// Returns the names of the gates, in the order in which the parameters stack them. The list has
    /// length G.
    fn gates(&self) -> &'static [&'static str];

    /// Returns the gate that decides how much of the old state is kept. `None` for a cell whose old state
    /// reaches the new one through products only.
    fn retention(&self) -> Option<Retention> {
        None
    }

    /// Returns true if [`Cell::update`] passes some of the old state on to the new one. The default is true
    /// for a cell with a gate that keeps the state.
    fn has_direct_path(&self) -> bool {
        self.retention().is_some()
    }

    /// Returns the position in [`Cell::gates`] of the gate that decides how much new content enters, if it is
    /// not the retention gate.
    fn input_gate(&self) -> Option<usize> {
        None
    }

    /// Returns the position of the gate that computes the new content.
    fn candidate(&self) -> usize;

    /// Returns the activation of the gate that computes the new content.
    fn candidate_activation(&self) -> Activation {
        Activation::Tanh
    }

    /// Returns the activation of a gate, by its position in [`Cell::gates`]. The default is σ for every
    /// gate but the candidate.
    fn activation(&self, gate: usize) -> Activation {
        if gate == self.candidate() { self.candidate_activation() } else { Activation::Sigmoid }
    }

    /// Returns the shapes of the parameters.
    fn layout(&self) -> Layout {
        Layout::PYTORCH
    }

    /// Returns the states that the cell carries to the next step beside h.
    fn carried(&self) -> &'static [CarriedState] {
        &[]
    }

    /// Returns the state before the first step of a layer: zeros `[B, H]`, and `[B, P]` for the h of a
    /// projection, in the dtype and on the device of the parameters. Each tensor has its own storage.
    fn zero_state(&self, p: &LayerParameters, batch_size: i64) -> State {
        let StateSize { hidden, output } = p.state_size(self.gates().len());
        let zeros = |size| Tensor::zeros([batch_size, size], (p.w_ih.kind(), p.w_ih.device()));
        State { h: zeros(output), carried: self.carried().iter().map(|_| zeros(hidden)).collect() }
    }

    /// Computes the activations of all gates, `[B, H]` each, from the products and the previous state.
    /// The list may have further tensors for [`Cell::update`] after those of the gates.
    fn activations(&self, products: &Products, previous: &State) -> Vec<Tensor>;

    /// Computes the new state from the activations and the previous state. What reaches the new state here
    /// is the direct path: it passes no product. The default is [`Cell::linear_recurrence`].
    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let recurrence = self.linear_recurrence();
        let (a, b) = recurrence.expect("a cell implements `update` or `linear_recurrence`")(activations);
        State::from_joined(&(a * previous.joined() + b))
    }

    /// Returns the function that computes a and b of the recurrence h_t = a ⊙ h_{t−1} + b. `None` for a cell
    /// that is not linear in the state. The engine `scan` needs it, and gates that do not see the state. With
    /// complex a and b, h is the real part of the state, and the imaginary part is its only carried state.
    fn linear_recurrence(&self) -> Option<LinearRecurrence> {
        None
    }

    /// Returns the parameters of a layer in the forms that a loop over time needs.
    fn prepare(&self, p: &LayerParameters) -> PreparedLayer {
        PreparedLayer::new(p, self.gates().len())
    }

    /// Computes one step: x `[B, I]` and the previous state give the new state. Each gate has its own two
    /// products.
    fn step(&self, layer: &PreparedLayer, x: &Tensor, previous: &State) -> State {
        let products = Products::separate(layer, x, &previous.h);
        self.update(&self.activations(&products, previous), previous)
    }

    /// Returns the bias that is added to the products of the inputs of all steps before the loop over time,
    /// `[G·H]`.
    fn input_bias(&self, p: &LayerParameters) -> Tensor {
        p.b_ih.shallow_clone()
    }

    /// Computes one step from a given input projection: W_x x_t plus [`Cell::input_bias`] for all gates, `[B,
    /// G·H]`. The function is the same as in [`Cell::step`].
    fn step_from_projection(&self, layer: &PreparedLayer, projection: &Tensor, previous: &State) -> State {
        let products = Products::joint(layer, projection, &previous.h);
        self.update(&self.activations(&products, previous), previous)
    }
}

/// A function that computes a and b of the recurrence h_t = a ⊙ h_{t−1} + b from the activations of all
/// gates.
pub type LinearRecurrence = fn(&[Tensor]) -> (Tensor, Tensor);

impl fmt::Debug for dyn Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name}"),
            None => write!(f, "cell with the gates {}", self.gates().join(", ")),
        }
    }
}

/// The gate that decides how much of the old state is kept, by its position in [`Cell::gates`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// The gate is the part that is kept: f of the LSTM, z of the GRU.
    Keeps(usize),
    /// The gate is the part that is replaced: f of the MGU, z of the minGRU.
    Replaces(usize),
}
