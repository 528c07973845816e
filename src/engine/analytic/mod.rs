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

/// What a cell must derive by hand.
///
/// Shapes: G gates, `[T, B, G·H]` projections, `[T+1, B, H]` states (the first is the state before the first step).
trait Derivation: Send {
    /// The cell states c_1 … c_T with the one before them, `[T+1, B, H]`, for a cell that has them.
    fn c(&self) -> Option<&Tensor> {
        None
    }

    /// Goes back through time. `d_h` `[T, B, H]` comes in as the direct part of each state's gradient and goes out as
    /// the adjoint; `d_c` is the gradient of the last c.
    fn backward(&self, w_hh: &Tensor, h: &Tensor, d_h: &mut Tensor, d_c: Option<Tensor>) -> Adjoints;
}

/// What a backward loop gives.
struct Adjoints {
    /// ∂L/∂(W_ih x_t + b_ih), `[T, B, G·H]`.
    of_input_projection: Tensor,
    /// ∂L/∂(W_hh h_{t−1} + b_hh), where it is another.
    of_state_projection: Option<Tensor>,
    /// What reaches the first state other than through the projections, `[B, H]`.
    of_first_h: Option<Tensor>,
    /// ∂L/∂c_0, `[B, H]`.
    of_first_c: Option<Tensor>,
}

impl Engine for Analytic {
    fn name(&self) -> EngineName {
        EngineName::Analytic
    }

    fn layer(&self, cell: &dyn Cell, p: &LayerParameters, input: &Tensor, first: &State) -> (Tensor, State) {
        let mut inputs = vec![input, &p.w_ih, &p.w_hh, &p.b_ih, &p.b_hh, &first.h];
        inputs.extend(&first.c);
        let (h, derivation) = no_grad(|| forward(cell, p, input, first));
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
fn forward(
    cell: &dyn Cell,
    p: &LayerParameters,
    input: &Tensor,
    first: &State,
) -> (Tensor, Box<dyn Derivation>) {
    let (steps, batch) = (input.size()[0], input.size()[1]);
    let rows = input.reshape([steps * batch, -1]);
    let projected = cell.hoisted_bias(p).addmm(&rows, &p.w_ih.tr()).view([steps, batch, -1]);
    let h = with_first(&first.h, steps);
    let w_hh_t = p.w_hh.tr();
    let derivation: Box<dyn Derivation> = match cell.name() {
        CellName::Rnn => Box::new(rnn::forward(projected, &w_hh_t, &h)),
        CellName::Lstm => {
            let c = with_first(first.c.as_ref().expect("an LSTM's state has a c"), steps);
            Box::new(lstm::forward(projected, &w_hh_t, &h, c))
        }
        CellName::Gru => Box::new(gru::forward(projected, &w_hh_t, &p.b_hh, &h)),
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
        let mut d_h = match of_output {
            Some(gradient) => gradient.copy().contiguous(),
            None => h.narrow(0, 1, steps).zeros_like(),
        };
        if let Some(gradient) = of_h {
            let _ = d_h.get(steps - 1).g_add_(&gradient);
        }
        let adjoints = self.derivation.backward(w_hh, h, &mut d_h, of_c);

        let rows = |tensor: &Tensor| tensor.reshape([-1, *tensor.size().last().unwrap_or(&1)]);
        let of_input = rows(&adjoints.of_input_projection);
        let of_state = adjoints.of_state_projection.as_ref().map_or_else(|| of_input.shallow_clone(), rows);
        let if_wanted = |n: usize, compute: &dyn Fn() -> Tensor| wanted[n].then(compute);
        let d_bias = |rows: &Tensor| rows.sum_dim_intlist([0].as_slice(), false, rows.kind());
        let d_h0 = || {
            let batch = h.size()[1];
            let through_projection = of_state.narrow(0, 0, batch).matmul(w_hh);
            match &adjoints.of_first_h {
                Some(direct) => through_projection + direct,
                None => through_projection,
            }
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
            found.push(adjoints.of_first_c);
        }
        Some(found)
    }
}
