//! The backward pass derived by hand, in tensor operations: any device, f32 and f64.
//!
//! Forward and backward each loop once over time on buffers that are allocated once, with in-place operations on
//! views. Whatever does not depend on the recurrence is computed for all steps at once: the input's products before the
//! forward loop; the slopes of the activations before the backward loop; the gradients of weights and input after it, as
//! one product over all T·B rows.

mod gru;
mod lstm;
mod rnn;

use tch::{Tensor, no_grad};

use super::{Engine, EngineName};
use crate::autograd::{Saved, Upstream, attach, records};
use crate::cell::{Cell, CellName, LayerParameters, State};

/// See the module.
pub struct Analytic;

/// What a cell's forward pass leaves behind.
///
/// Shapes: G gates, `[T, B, G·H]` projections, `[T+1, B, H]` states (the first is the state before the first step).
pub(crate) trait Derivation: Send {
    /// The cell states c_0 … c_T, `[T+1, B, H]`, for a cell that has them.
    fn c(&self) -> Option<&Tensor> {
        None
    }

    /// Makes ready to go back through time: the factors of all steps at once. `h` are the states.
    fn reverse(&self, h: &Tensor) -> Box<dyn Reverse>;
}

/// A cell's backward recursion, one step at a time, from the last to the first. Steps are counted from 0.
pub(crate) trait Reverse {
    /// Adds to `earlier`, `[B, H]`, what the adjoint `d_h` of h_t passes on to h_{t−1} other than through W_hh.
    fn carry(&self, _t: usize, _d_h: &Tensor, _earlier: &mut Tensor) {}

    /// Adds to `d_c` what reaches c_t through h_t; it then is the adjoint of c_t.
    fn absorb(&self, _t: usize, _d_h: &Tensor, _d_c: &mut Tensor) {}

    /// What an addition `d_h` to the adjoint of h_t adds to that of the state which is carried along: of c_t through h_t
    /// for the LSTM, of h_t itself for the GRU, of nothing for the RNN.
    fn enter(&self, _t: usize, _d_h: &Tensor) -> Option<Tensor> {
        None
    }

    /// By what the adjoint of that state is multiplied on its direct way to the step before: f_t or z_t.
    fn keep(&self, _t: usize) -> Option<&Tensor> {
        None
    }

    /// Computes δ_t = ∂L/∂(W_hh h_{t−1} + b) from the adjoints; `d_c` becomes what reaches c_{t−1}.
    fn emit(&mut self, t: usize, d_h: &Tensor, d_c: Option<&mut Tensor>);

    /// δ_t, `[B, G·H]`.
    fn delta(&self, t: usize) -> &Tensor;

    /// ∂L/∂(W_ih x_t + b_ih), `[B, G·H]`, given the adjoint of h_t.
    fn input_delta(&self, t: usize, _d_h: &Tensor) -> Tensor {
        self.delta(t).shallow_clone()
    }

    /// After the last step: δ of the state's and of the input's projection for all steps, `[T, B, G·H]`, given all
    /// adjoints of h, `[T, B, H]`.
    fn deltas(&self, d_h: &Tensor) -> Deltas;
}

/// Gradients of what was computed before activation, `[T, B, G·H]`.
pub(crate) struct Deltas {
    /// ∂L/∂(W_ih x_t + b_ih).
    pub of_input: Tensor,
    /// ∂L/∂(W_hh h_{t−1} + b_hh).
    pub of_state: Tensor,
}

/// From what the slopes of the activations are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slopes {
    /// From the activations, 1 − h² and σ − σ², as libtorch does: near saturation digits cancel, in the end all of them.
    OfValues,
    /// From what was activated: all digits however saturated, for more memory and time.
    Exact,
}

/// σ′(a) = σ(a) σ(−a).
fn sigmoid_slope(a: &Tensor) -> Tensor {
    a.sigmoid() * a.neg().sigmoid()
}

/// tanh′(a) = 1 / cosh²(a) = 4 σ(2a) σ(−2a).
fn tanh_slope(a: &Tensor) -> Tensor {
    4.0 * sigmoid_slope(&(2.0 * a))
}

impl Engine for Analytic {
    fn name(&self) -> EngineName {
        EngineName::Analytic
    }

    fn layer(&self, cell: &dyn Cell, p: &LayerParameters, input: &Tensor, first: &State) -> (Tensor, State) {
        let mut inputs = vec![input, &p.w_ih, &p.w_hh, &p.b_ih, &p.b_hh, &first.h];
        inputs.extend(&first.c);
        let (h, derivation) = no_grad(|| forward(cell, p, input, first, Slopes::OfValues));
        let steps = h.size()[0] - 1;
        let mut outputs = no_grad(|| vec![h.narrow(0, 1, steps).detach(), h.get(steps).copy()]);
        outputs.extend(derivation.c().map(|c| no_grad(|| c.get(steps).copy())));
        if records(&inputs) {
            let tape = Tape {
                derivation,
                input: Saved::new(input),
                w_ih: Saved::new(&p.w_ih),
                w_hh: Saved::new(&p.w_hh),
                h: Saved::new(&h),
            };
            outputs = attach(&inputs, outputs, move |upstream| tape.backward(upstream))
                .expect("new tensors, computed without gradients");
        }
        let mut outputs = outputs.into_iter();
        let mut next = || outputs.next();
        let (output, h) = (next().expect("the output"), next().expect("the last state"));
        (output, State { h, c: next() })
    }
}

/// The states of all steps, `[T+1, B, H]`, and what the backward pass needs besides.
pub(crate) fn forward(
    cell: &dyn Cell,
    p: &LayerParameters,
    input: &Tensor,
    first: &State,
    slopes: Slopes,
) -> (Tensor, Box<dyn Derivation>) {
    let (steps, batch) = (input.size()[0], input.size()[1]);
    let rows = input.reshape([steps * batch, -1]);
    let projected = cell.hoisted_bias(p).addmm(&rows, &p.w_ih.tr()).view([steps, batch, -1]);
    let h = with_first(&first.h, steps);
    let w_hh_t = p.w_hh.tr();
    let derivation: Box<dyn Derivation> = match cell.name() {
        CellName::Rnn => Box::new(rnn::forward(projected, &w_hh_t, &h, slopes)),
        CellName::Lstm => {
            let c = with_first(first.c.as_ref().expect("an LSTM's state has a c"), steps);
            Box::new(lstm::forward(projected, &w_hh_t, &h, c, slopes))
        }
        CellName::Gru => Box::new(gru::forward(projected, &w_hh_t, &p.b_hh, &h, slopes)),
    };
    (h, derivation)
}

/// Room for a state before and after each of T steps, `[T+1, B, H]`, the first filled in.
fn with_first(first: &Tensor, steps: i64) -> Tensor {
    let size = first.size();
    let buffer = Tensor::empty([steps + 1, size[0], size[1]], (first.kind(), first.device()));
    buffer.get(0).copy_(first);
    buffer
}

/// What one layer's backward pass needs of its forward pass.
struct Tape {
    derivation: Box<dyn Derivation>,
    input: Saved,
    w_ih: Saved,
    w_hh: Saved,
    h: Saved,
}

impl Tape {
    /// Gradients of input, w_ih, w_hh, b_ih, b_hh, h_0 and (LSTM) c_0.
    fn backward(&self, upstream: Upstream) -> Option<Vec<Option<Tensor>>> {
        let Upstream { gradients, wanted } = upstream;
        let mut gradients = gradients.into_iter();
        let (of_output, of_h, of_c) = (gradients.next()?, gradients.next()?, gradients.next().flatten());
        let (input, w_ih, w_hh, h) = (self.input.get(), self.w_ih.get(), self.w_hh.get(), self.h.get());
        let steps = h.size()[0] - 1;
        let d_h = match of_output {
            Some(gradient) => gradient.copy().contiguous(),
            None => h.narrow(0, 1, steps).zeros_like(),
        };
        let mut each = d_h.unbind(0);
        let last = each.len() - 1;
        if let Some(gradient) = of_h {
            let _ = each[last].g_add_(&gradient);
        }
        let mut d_c =
            self.derivation.c().map(|c| of_c.map_or_else(|| c.get(0).zeros_like(), |of_c| of_c.copy()));
        let mut reverse = self.derivation.reverse(h);
        for t in (0..=last).rev() {
            let (now, later) = each.split_at_mut(t + 1);
            let now = &mut now[t];
            if let Some(later) = later.first() {
                let _ = now.addmm_(reverse.delta(t + 1), w_hh);
                reverse.carry(t + 1, later, now);
            }
            if let Some(d_c) = &mut d_c {
                reverse.absorb(t, now, d_c);
            }
            reverse.emit(t, now, d_c.as_mut());
        }
        let deltas = reverse.deltas(&d_h);

        let rows = |tensor: &Tensor| tensor.reshape([-1, *tensor.size().last().unwrap_or(&1)]);
        let (of_input, of_state) = (rows(&deltas.of_input), rows(&deltas.of_state));
        let if_wanted = |n: usize, compute: &dyn Fn() -> Tensor| wanted[n].then(compute);
        let d_bias = |rows: &Tensor| rows.sum_dim_intlist([0].as_slice(), false, rows.kind());
        let d_h0 = || {
            let mut d_h0 = reverse.delta(0).matmul(w_hh);
            reverse.carry(0, &each[0], &mut d_h0);
            d_h0
        };
        let mut found = vec![
            if_wanted(0, &|| of_input.matmul(w_ih).view(input.size().as_slice())),
            if_wanted(1, &|| of_input.tr().matmul(&rows(input))),
            if_wanted(2, &|| of_state.tr().matmul(&rows(&h.narrow(0, 0, steps)))),
            if_wanted(3, &|| d_bias(&of_input)),
            if_wanted(4, &|| d_bias(&of_state)),
            if_wanted(5, &d_h0),
        ];
        if wanted.len() > found.len() {
            found.push(d_c);
        }
        Some(found)
    }
}
