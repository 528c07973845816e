//! The coupled oscillatory RNN (coRNN; Rusch & Mishra 2021).

use tch::Tensor;

use super::{CarriedState, Cell, CellName, Further, Layout, Products, Recurrent, State};

/// The coRNN: a network of damped oscillators that are driven by the input. The output h is their position,
/// and z is their velocity (y and z of the paper).
///
/// ```text
/// z_t = z_{t-1} + Δt (tanh(W h_{t-1} + Z z_{t-1} + V x_t + b) − γ h_{t-1} − ε z_{t-1})
/// h_t = h_{t-1} + Δt z_t
/// ```
///
/// This is eq. 3 of the paper with an explicit damping ε z_{t-1}, as in the authors' program. The position
/// takes the new velocity. The constants are those of the paper's sequential MNIST.
pub struct CoRnn;

/// The time Δt of a step.
const STEP: f64 = 0.042;

/// The stiffness γ, which pulls the position back to 0.
const STIFFNESS: f64 = 2.7;

/// The damping ε of the velocity.
const DAMPING: f64 = 4.7;

/// The recurrent matrix of the velocity.
const FURTHER: &[Further] = &[Further::like_recurrent("weight_zh")];

impl Cell for CoRnn {
    fn name(&self) -> Option<CellName> {
        Some(CellName::CoRnn)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["z"]
    }

    fn candidate(&self) -> usize {
        0
    }

    fn carried(&self) -> &'static [CarriedState] {
        &[CarriedState::Z]
    }

    fn has_direct_path(&self) -> bool {
        true
    }

    fn layout(&self) -> Layout {
        Layout { recurrent: Recurrent::Matrices, further: FURTHER }
    }

    /// Computes the force of the network on the oscillators.
    fn activations(&self, products: &Products, previous: &State) -> Vec<Tensor> {
        let of_velocity = previous.carried[0].matmul(&products.further(0).tr());
        vec![(products.sum(0) + of_velocity).tanh()]
    }

    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let (h, z) = (&previous.h, &previous.carried[0]);
        let force = &activations[0] - h * STIFFNESS - z * DAMPING;
        let z = z + force * STEP;
        State { h: h + &z * STEP, carried: vec![z] }
    }
}
