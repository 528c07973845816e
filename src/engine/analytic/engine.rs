//! The engine `analytic`: one node of libtorch's graph for each layer.

use tch::{Tensor, no_grad};
use tch_autograd::{GradInputs, GradOutputs, Saved, custom_function, needs_grad};

use super::cache::{BackwardStep, ForwardCache};
use super::derivative::ActivationDerivative;
use super::forward::forward;
use crate::cell::{Cell, CellName, LayerParameters, State};
use crate::engine::interface::unpacked;
use crate::engine::{Engine, EngineName};

/// The engine `analytic`.
pub struct Analytic;

impl Engine for Analytic {
    fn name(&self) -> EngineName {
        EngineName::Analytic
    }

    fn serves(&self, cell: &dyn Cell) -> bool {
        matches!(cell.name(), Some(CellName::Rnn | CellName::Lstm | CellName::Gru))
    }

    fn layer(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> (Tensor, State) {
        let mut inputs = vec![input, &p.w_ih, &p.w_hh, &p.b_ih, &p.b_hh, &initial_state.h];
        inputs.extend(&initial_state.carried);
        let (h, cache) =
            no_grad(|| forward(cell, p, input, initial_state, ActivationDerivative::FromOutputs));
        let steps = h.size()[0] - 1;
        let mut outputs = no_grad(|| vec![h.narrow(0, 1, steps).detach(), h.get(steps).copy()]);
        outputs.extend(cache.c().map(|c| no_grad(|| c.get(steps).copy())));
        if needs_grad(&inputs) {
            let tape = Tape {
                cache,
                input: Saved::new(input),
                w_ih: Saved::new(&p.w_ih),
                w_hh: Saved::new(&p.w_hh),
                h: Saved::new(&h),
            };
            outputs = custom_function(&inputs, outputs, move |grad| tape.backward(grad))
                .expect("the outputs were computed without gradients");
        }
        unpacked(outputs)
    }
}

/// The tensors of one layer's forward pass that its backward pass needs.
struct Tape {
    cache: Box<dyn ForwardCache>,
    input: Saved,
    w_ih: Saved,
    w_hh: Saved,
    h: Saved,
}

impl Tape {
    /// Computes the gradients of input, w_ih, w_hh, b_ih, b_hh, h_0 and (LSTM) c_0, in this order.
    fn backward(&self, grad: GradOutputs) -> GradInputs {
        let GradOutputs { outputs, needs_input_grad } = grad;
        let mut outputs = outputs.into_iter();
        let (of_output, of_h, of_c) = (outputs.next()?, outputs.next()?, outputs.next().flatten());
        let (input, w_ih, w_hh, h) = (self.input.get(), self.w_ih.get(), self.w_hh.get(), self.h.get());
        let mut adjoints = self.adjoints(of_output, of_h, of_c);
        let steps = self.backward_through_time(&mut adjoints);
        let deltas = steps.deltas(&adjoints.d_h);

        let rows = |tensor: &Tensor| tensor.reshape([-1, *tensor.size().last().unwrap_or(&1)]);
        let (of_input, of_state) = (rows(&deltas.of_input), rows(&deltas.of_state));
        let if_needed = |n: usize, compute: &dyn Fn() -> Tensor| needs_input_grad[n].then(compute);
        let d_bias = |rows: &Tensor| rows.sum_dim_intlist([0].as_slice(), false, rows.kind());
        let d_h0 = || {
            let mut d_h0 = steps.delta(0).matmul(w_hh);
            steps.add_skip_to_h(0, &adjoints.each_d_h[0], &mut d_h0);
            d_h0
        };
        let count = h.size()[0] - 1;
        let mut found = vec![
            if_needed(0, &|| of_input.matmul(w_ih).view(input.size().as_slice())),
            if_needed(1, &|| of_input.tr().matmul(&rows(input))),
            if_needed(2, &|| of_state.tr().matmul(&rows(&h.narrow(0, 0, count)))),
            if_needed(3, &|| d_bias(&of_input)),
            if_needed(4, &|| d_bias(&of_state)),
            if_needed(5, &d_h0),
        ];
        if needs_input_grad.len() > found.len() {
            found.push(adjoints.d_c);
        }
        Some(found)
    }

    /// Returns the direct gradients: of each h_t through the output, of h_T as final state, and of c_T.
    fn adjoints(&self, of_output: Option<Tensor>, of_h: Option<Tensor>, of_c: Option<Tensor>) -> Adjoints {
        let h = self.h.get();
        let d_h = match of_output {
            Some(gradient) => gradient.copy().contiguous(),
            None => h.narrow(0, 1, h.size()[0] - 1).zeros_like(),
        };
        let mut each_d_h = d_h.unbind(0);
        if let (Some(last), Some(gradient)) = (each_d_h.last_mut(), of_h) {
            let _ = last.g_add_(&gradient);
        }
        let d_c = self.cache.c().map(|c| of_c.map_or_else(|| c.get(0).zeros_like(), |of_c| of_c.copy()));
        Adjoints { d_h, each_d_h, d_c }
    }

    /// Goes back through time. The direct gradients become the adjoints of h_1 … h_T, and `d_c` becomes
    /// the adjoint of c_0.
    fn backward_through_time(&self, adjoints: &mut Adjoints) -> Box<dyn BackwardStep> {
        let Adjoints { each_d_h, d_c, .. } = adjoints;
        let mut steps = self.cache.backward_steps(self.h.get());
        for t in (0..each_d_h.len()).rev() {
            let (now, later) = each_d_h.split_at_mut(t + 1);
            let now = &mut now[t];
            if let Some(later) = later.first() {
                let _ = now.addmm_(steps.delta(t + 1), self.w_hh.get());
                steps.add_skip_to_h(t + 1, later, now);
            }
            if let Some(d_c) = d_c {
                steps.accumulate_cell_grad(t, now, d_c);
            }
            steps.gate_grads(t, now, d_c.as_mut());
        }
        steps
    }
}

/// The adjoints of a layer's states.
struct Adjoints {
    /// The adjoints of h_1 … h_T, `[T, B, H]`.
    d_h: Tensor,
    /// Views of `d_h`, `[B, H]` each.
    each_d_h: Vec<Tensor>,
    /// The adjoint of the current c, `[B, H]`.
    d_c: Option<Tensor>,
}
