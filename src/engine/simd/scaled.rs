//! A layer's adjoints at any magnitude, in the kernels, for f64 tensors on the CPU.

use rnn_kernels::{
    Outputs, SavedPreactivations, ScaledAdjoint, ScaledInputs, ScaledOutputs, ScaledRows,
    forward_saving_preactivations, scaled_backward,
};
use tch::{Kind, Tensor};

use super::numbers::Number;
use super::{SimdEngine, layer_of};
use crate::cell::{Cell, CellName, LayerParameters, State};
use crate::device::cpu;
use crate::engine::buffer::starting_with;

/// The forward pass of one layer, for a backward pass with an exponent for each sequence.
pub(crate) struct ScaledForward {
    cell: CellName,
    /// x, W_ih, W_hh, b_ih, b_hh, h_0 and (LSTM) c_0.
    inputs: Vec<Tensor>,
    /// h_1 … h_T, `[T, B, H]`.
    output: Tensor,
    saved: SavedPreactivations,
}

/// Results of [`ScaledForward::backward`]. Norms and gradients are times 2^exponent.
pub(crate) struct ScaledGradients {
    /// The L2 norms of the adjoints of h_1 … h_T, `[T, B, 1]`.
    pub h_norm: Tensor,
    /// The L2 norms of the adjoints of c_1 … c_T, `[T, B, 1]`, for the LSTM.
    pub c_norm: Option<Tensor>,
    /// The gradient of the input, `[T, B, I]`.
    pub input: Tensor,
    /// The exponents, `[T, B, 1]`.
    pub exponent: Tensor,
}

fn new(shape: &[i64]) -> Tensor {
    Tensor::empty(shape, (Kind::Double, cpu()))
}

impl ScaledForward {
    /// Runs one layer on `input` `[T, B, I]`. Returns its states s_0 … s_T, `[T+1, B, H]` each, and the pass.
    pub(crate) fn run(
        cell: &dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        first: &State,
    ) -> (State, ScaledForward) {
        let mut inputs = vec![input, &p.w_ih, &p.w_hh, &p.b_ih, &p.b_hh, &first.h];
        inputs.extend(&first.carried);
        let inputs: Vec<Tensor> = inputs.iter().map(|tensor| tensor.detach().contiguous()).collect();
        let cell = cell.name().expect("`engine::check` has checked the cell");
        let (steps, shape) = (input.size()[0], first.h.size());
        let h = starting_with(&first.h, steps + 1);
        let mut output = h.narrow(0, 1, steps);
        let mut final_c = first.carried.first().map(|c| new(&c.size()));
        let outputs =
            Outputs { output: Number::of_new(&mut output), final_c: final_c.as_mut().map(Number::of_new) };
        let options = SimdEngine::OF_PROCESS.options();
        let saved = forward_saving_preactivations(options, &layer_of(cell, &inputs), outputs)
            .expect("`engine::check` has checked the shapes");
        let c = final_c.map(|_| {
            let mut all = new(&[steps + 1, shape[0], shape[1]]);
            saved.copy_c(Number::of_new(&mut all)).expect("the layer has a c of this shape");
            all
        });
        (State { h, carried: c.into_iter().collect() }, ScaledForward { cell, inputs, output, saved })
    }

    /// Pulls back the adjoint of the state after the last step, `h` and `c` `[B, H]` times 2^exponent,
    /// `[B, 1]`. They become the adjoint of the initial state. The gradient of the output is `direct`, the
    /// mantissa `[T, B, H]` with its exponents `[T, B, 1]`, or 0.
    pub(crate) fn backward(
        &self,
        direct: Option<(&Tensor, &Tensor)>,
        h: &mut Tensor,
        c: Option<&mut Tensor>,
        exponent: &mut Tensor,
    ) -> ScaledGradients {
        let direct = direct.map(|(mantissa, exponent)| (mantissa.contiguous(), exponent.contiguous()));
        let size = self.output.size();
        let column = || new(&[size[0], size[1], 1]);
        let mut found = ScaledGradients {
            h_norm: column(),
            c_norm: c.is_some().then(column),
            input: new(&self.inputs[0].size()),
            exponent: column(),
        };
        let inputs = ScaledInputs {
            layer: layer_of(self.cell, &self.inputs),
            output: Number::of(&self.output),
            saved: &self.saved,
            grad_output: direct.as_ref().map(|(mantissa, exponent)| ScaledRows {
                mantissa: Number::of(mantissa),
                exponent: Number::of(exponent),
            }),
        };
        let adjoint = ScaledAdjoint {
            h: Number::of_new(h),
            c: c.map(Number::of_new),
            exponent: Number::of_new(exponent),
        };
        let outputs = ScaledOutputs {
            h_norm: Number::of_new(&mut found.h_norm),
            c_norm: found.c_norm.as_mut().map(Number::of_new),
            input: Number::of_new(&mut found.input),
            exponent: Number::of_new(&mut found.exponent),
        };
        scaled_backward(inputs, adjoint, outputs).expect("the shapes are those of the forward pass");
        found
    }
}
