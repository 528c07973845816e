//! The engine `recompute`: one node of libtorch's graph for each layer.

use tch::{Tensor, no_grad, with_grad};
use tch_autograd::{GradInputs, GradOutputs, Saved, custom_function, grad, needs_grad};

use super::forward::forward;
use super::step::StepGraph;
use crate::cell::{Cell, LayerParameters, State};
use crate::engine::interface::unpacked;
use crate::engine::{Engine, EngineName};

/// The engine `recompute`.
pub struct Recompute;

impl Engine for Recompute {
    fn name(&self) -> EngineName {
        EngineName::Recompute
    }

    fn layer(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> (Tensor, State) {
        let mut inputs = vec![input];
        inputs.extend(p.tensors());
        inputs.extend(initial_state.tensors());
        let states = no_grad(|| forward(cell, p, input, initial_state));
        let steps = states.h.size()[0] - 1;
        let mut outputs = no_grad(|| vec![states.h.narrow(0, 1, steps).detach(), states.h.get(steps).copy()]);
        outputs.extend(states.carried.iter().map(|carried| no_grad(|| carried.get(steps).copy())));
        if needs_grad(&inputs) {
            let tape = Tape {
                cell,
                input: Saved::new(input),
                parameters: p.tensors().into_iter().map(Saved::new).collect(),
                states: states.tensors().into_iter().map(Saved::new).collect(),
            };
            outputs = custom_function(&inputs, outputs, move |grad| tape.backward(grad))
                .expect("the outputs were computed without gradients");
        }
        unpacked(outputs)
    }
}

/// The tensors of one layer's forward pass that its backward pass needs.
struct Tape {
    cell: &'static dyn Cell,
    input: Saved,
    /// The parameters, in the order of [`LayerParameters::tensors`].
    parameters: Vec<Saved>,
    /// h_0 … h_T, then each carried state, `[T+1, B, H]` each.
    states: Vec<Saved>,
}

impl Tape {
    /// Computes the gradients of the input, the parameters, h_0 and the carried states before the first step,
    /// in this order.
    fn backward(&self, grad_outputs: GradOutputs) -> GradInputs {
        let cell = self.cell;
        let GradOutputs { outputs, needs_input_grad } = grad_outputs;
        // No gradient is computed for an input that needs none.
        let leaf = |(saved, needs): (&Saved, &bool)| saved.get().detach().set_requires_grad(*needs);
        let saved = std::iter::once(&self.input).chain(&self.parameters);
        let mut leaves = saved.zip(&needs_input_grad).map(leaf);
        let input = leaves.next()?;
        let mut next = || leaves.next();
        let (w_ih, w_hh, b_ih, b_hh) = (next()?, next()?, next()?, next()?);
        let p = LayerParameters { w_ih, w_hh, b_ih, b_hh, further: leaves.collect() };
        let (projections, layer) = with_grad(|| (p.project(&cell.input_bias(&p), &input), cell.prepare(&p)));

        // The gradients of all parameters but w_ih are sums over steps.
        let in_each_step: Vec<&Tensor> = p.tensors().split_off(1);
        let mut sums: Vec<Tensor> = in_each_step.iter().map(|tensor| tensor.zeros_like()).collect();
        let each = projections.unbind(0);
        let mut of_projections = Vec::with_capacity(each.len());
        let (mut adjoint, of_output) = self.last_adjoint(outputs);
        for (t, projection) in each.iter().enumerate().rev() {
            if let Some(of_output) = &of_output {
                adjoint.h += of_output.get(t as i64);
            }
            let previous = State::from_tensors(self.states.iter().map(|all| all.get().get(t as i64)));
            let step = StepGraph::record(cell, &layer, projection, &previous, false);
            let pulled = step.pull_back(&adjoint, &in_each_step);
            sums.iter_mut().zip(&pulled.parameters).for_each(|(sum, gradient)| *sum += gradient);
            of_projections.push(pulled.projection);
            adjoint = pulled.previous;
        }
        of_projections.reverse();
        let of_projections = Tensor::stack(&of_projections, 0);
        let inputs = [&input, &p.w_ih, &p.b_ih, &p.b_hh];
        let found = grad(&[&projections], &[&of_projections], &inputs, false).ok()?;
        let [of_input, of_w_ih, of_b_ih, of_b_hh] = <[_; 4]>::try_from(found).ok()?;
        // A bias that is not in the projections has no gradient through them.
        for (sum, of_bias) in sums[1..3].iter_mut().zip([of_b_ih, of_b_hh]) {
            if let Some(of_bias) = of_bias {
                *sum += of_bias;
            }
        }
        let mut gradients = vec![of_input, of_w_ih];
        gradients.extend(sums.into_iter().map(Some));
        gradients.extend(adjoint.tensors().into_iter().map(|tensor| Some(tensor.shallow_clone())));
        Some(gradients)
    }

    /// Returns the gradients of the final state, and that of the output.
    fn last_adjoint(&self, outputs: Vec<Option<Tensor>>) -> (State, Option<Tensor>) {
        let mut outputs = outputs.into_iter();
        let of_output = outputs.next().flatten();
        let or_zeros = |states: &Saved| {
            let gradient = outputs.next().flatten();
            gradient.map_or_else(|| states.get().get(0).zeros_like(), |gradient| gradient.copy())
        };
        (State::from_tensors(self.states.iter().map(or_zeros)), of_output)
    }
}
