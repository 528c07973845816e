//! Zoneout (Krueger et al. 2017) outside training: each step keeps a share of the previous state.

use tch::Tensor;

use super::{
    Activation, CarriedState, Cell, LayerParameters, Layout, PreparedLayer, Products, Retention, State,
};

/// A cell whose states move a part of the way at each step.
///
/// ```text
/// s̃_t = the new state of the inner cell
/// h_t = z_h h_{t-1} + (1 − z_h) h̃_t
/// c_t = z_c c_{t-1} + (1 − z_c) c̃_t             the states carried beside h
/// ```
///
/// In training, a unit keeps its previous value with the probability z_h or z_c. The cell here has the
/// expected value of each step, as the publication uses for tests. h̃_t is computed from c̃_t, not from
/// c_t.
pub struct Zoneout {
    inner: &'static dyn Cell,
    h: f64,
    carried: f64,
}

impl Zoneout {
    /// Returns the cell `inner` with the shares z_h of h and z_c of the carried states.
    pub fn new(inner: &'static dyn Cell, h: f64, carried: f64) -> Zoneout {
        Zoneout { inner, h, carried }
    }
}

impl Cell for Zoneout {
    fn gates(&self) -> &'static [&'static str] {
        self.inner.gates()
    }

    fn retention(&self) -> Option<Retention> {
        self.inner.retention()
    }

    fn has_direct_path(&self) -> bool {
        true
    }

    fn input_gate(&self) -> Option<usize> {
        self.inner.input_gate()
    }

    fn candidate(&self) -> usize {
        self.inner.candidate()
    }

    fn activation(&self, gate: usize) -> Activation {
        self.inner.activation(gate)
    }

    fn layout(&self) -> Layout {
        self.inner.layout()
    }

    fn carried(&self) -> &'static [CarriedState] {
        self.inner.carried()
    }

    fn zero_state(&self, p: &LayerParameters, batch_size: i64) -> State {
        self.inner.zero_state(p, batch_size)
    }

    fn activations(&self, products: &Products, previous: &State) -> Vec<Tensor> {
        self.inner.activations(products, previous)
    }

    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let next = self.inner.update(activations, previous);
        let mix = |share: f64, old: &Tensor, new: &Tensor| new.lerp(old, share);
        let carried = previous.carried.iter().zip(&next.carried);
        State {
            h: mix(self.h, &previous.h, &next.h),
            carried: carried.map(|(old, new)| mix(self.carried, old, new)).collect(),
        }
    }

    /// Returns b_ih as the prepared layer has it: the step adds b_hh to the products of the state.
    fn input_bias(&self, p: &LayerParameters) -> Tensor {
        self.inner.prepare(p).parameters.b_ih
    }

    fn prepare(&self, p: &LayerParameters) -> PreparedLayer {
        self.inner.prepare(p)
    }
}
