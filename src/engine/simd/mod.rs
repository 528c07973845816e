//! The engine `simd`: the kernels of the crate [`rnn_kernels`], for f32 and f64 tensors on the CPU.

mod isa;
mod numbers;
#[cfg_attr(not(feature = "lab"), allow(dead_code))]
mod scaled;
mod tensor;

use rnn_kernels::{
    BackwardInputs, GradOutputs, Grads, InitialState, Isa, Layer, Options, Outputs, SavedActivations, Size,
};
use tch::{Kind, Tensor, no_grad};
use tch_autograd::{Saved, custom_function, needs_grad};

use super::interface::{unpacked, unsupported};
use super::{AdjointSlot, Engine, EngineName};
use crate::cell::{Cell, CellName, LayerParameters, State};
use crate::error::Result;
pub use isa::{force_isa, forced_isa, isa};
use numbers::{Number, are_supported};
#[cfg_attr(not(feature = "lab"), allow(unused_imports))]
pub(crate) use scaled::ScaledForward;

/// The engine `simd`.
pub struct SimdEngine {
    /// The instruction set; `None` for that of the process.
    isa: Option<Isa>,
}

impl SimdEngine {
    /// The engine with the instruction set of the process: see [`isa()`].
    pub const OF_PROCESS: SimdEngine = SimdEngine { isa: None };

    /// Returns the engine with a given instruction set.
    pub fn with_isa(isa: Isa) -> SimdEngine {
        SimdEngine { isa: Some(isa) }
    }

    /// Returns the instruction set, and libtorch's number of threads.
    fn options(&self) -> Options {
        let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1);
        Options { isa: self.isa.unwrap_or_else(isa), threads }
    }
}

impl Engine for SimdEngine {
    fn name(&self) -> EngineName {
        EngineName::Simd
    }

    fn serves(&self, cell: &dyn Cell) -> bool {
        matches!(cell.name(), Some(CellName::Rnn | CellName::Lstm | CellName::Gru))
    }

    fn accepts(&self, tensor: &Tensor) -> Result<()> {
        if are_supported(tensor) {
            return Ok(());
        }
        Err(unsupported(self.name(), "f32 and f64 on the CPU", tensor))
    }

    fn layer(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> (Tensor, State) {
        run(self.options(), cell, p, input, initial_state, None)
    }

    fn forward_with_adjoints(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> Option<(Tensor, AdjointSlot)> {
        let adjoints = AdjointSlot::default();
        let slot = Some(adjoints.clone());
        let (output, _) = run(self.options(), cell, p, input, initial_state, slot);
        Some((output, adjoints))
    }
}

/// Runs a layer in the input's dtype. Its backward pass stores the adjoints of the states in `adjoints`.
fn run(
    options: Options,
    cell: &'static dyn Cell,
    p: &LayerParameters,
    input: &Tensor,
    initial_state: &State,
    adjoints: Option<AdjointSlot>,
) -> (Tensor, State) {
    match input.kind() {
        Kind::Double => run_layer::<f64>(options, cell, p, input, initial_state, adjoints),
        _ => run_layer::<f32>(options, cell, p, input, initial_state, adjoints),
    }
}

/// Runs a layer of numbers of type `E`.
fn run_layer<E: Number>(
    options: Options,
    cell: &'static dyn Cell,
    p: &LayerParameters,
    input: &Tensor,
    initial_state: &State,
    adjoints: Option<AdjointSlot>,
) -> (Tensor, State) {
    let mut inputs = vec![input, &p.w_ih, &p.w_hh, &p.b_ih, &p.b_hh, &initial_state.h];
    inputs.extend(&initial_state.carried);
    // This has to be known before gradients are switched off.
    let save = needs_grad(&inputs);
    let name = cell.name().expect("`engine::check` has checked the cell");
    let (mut outputs, tape) = no_grad(|| forward::<E>(options, name, &inputs, save));
    if let Some(tape) = tape {
        outputs = custom_function(&inputs, outputs, move |grad| Some(tape.backward(grad, adjoints.as_ref())))
            .expect("the outputs are new tensors without a history");
    }
    unpacked(outputs)
}

/// Runs the forward pass. Returns the output, the final h and the final c, and the tape if `save` is set.
///
/// The inputs are x, W_ih, W_hh, b_ih, b_hh, h_0 and (LSTM) c_0.
fn forward<E: Number>(
    options: Options,
    cell: CellName,
    inputs: &[&Tensor],
    save: bool,
) -> (Vec<Tensor>, Option<Tape<E>>) {
    // For a contiguous tensor this is another handle on the same memory.
    let inputs: Vec<Tensor> = inputs.iter().map(|tensor| tensor.detach().contiguous()).collect();
    let layer = layer_of(cell, &inputs);
    let [steps, batch, hidden] = [layer.size.steps, layer.size.batch, layer.size.hidden].map(|n| n as i64);
    let mut output = tensor::uninitialized::<E>(&[steps, batch, hidden]);
    let mut final_c = inputs.get(6).map(|c| tensor::uninitialized::<E>(&c.size()));
    let outputs = Outputs { output: E::of_new(&mut output), final_c: final_c.as_mut().map(E::of_new) };
    let saved = if save {
        rnn_kernels::forward_saving(options, &layer, outputs).map(Some)
    } else {
        rnn_kernels::forward(options, &layer, outputs).map(|()| None)
    };
    let saved = saved.expect("`engine::check` has checked the shapes");
    let tape = saved.map(|saved| Tape {
        cell,
        inputs: inputs.iter().map(Saved::new).collect(),
        output: Saved::new(&output),
        saved,
    });
    let final_h = output.get(-1).copy();
    let mut outputs = vec![output, final_h];
    outputs.extend(final_c);
    (outputs, tape)
}

/// The tensors of one layer's forward pass that its backward pass needs.
struct Tape<E> {
    cell: CellName,
    /// The inputs in the order of their gradients.
    inputs: Vec<Saved>,
    output: Saved,
    saved: SavedActivations<E>,
}

impl<E: Number> Tape<E> {
    /// Returns the gradients of the inputs, and stores the adjoints of the states.
    fn backward(
        &self,
        grad: tch_autograd::GradOutputs,
        adjoints: Option<&AdjointSlot>,
    ) -> Vec<Option<Tensor>> {
        let inputs: Vec<Tensor> = self.inputs.iter().map(|saved| saved.get().shallow_clone()).collect();
        let contiguous = |gradient: Tensor| gradient.detach().contiguous();
        let upstream_grads: Vec<Option<Tensor>> =
            grad.outputs.into_iter().map(|gradient| gradient.map(contiguous)).collect();
        let upstream_grad = |n: usize| upstream_grads.get(n).and_then(Option::as_ref).map(E::of);
        let new = |n: usize| {
            grad.needs_input_grad
                .get(n)
                .is_some_and(|needed| *needed)
                .then(|| tensor::uninitialized::<E>(&inputs[n].size()))
        };
        let new_states = |wanted: bool| wanted.then(|| tensor::uninitialized::<E>(&self.output.get().size()));
        let mut grads = Grads {
            input: new(0),
            w_ih: new(1),
            w_hh: new(2),
            b_ih: new(3),
            b_hh: new(4),
            initial_h: new(5),
            initial_c: new(6),
            all_h: new_states(adjoints.is_some()),
            all_c: new_states(adjoints.is_some() && inputs.len() > 6),
        };
        let arguments = BackwardInputs {
            layer: layer_of(self.cell, &inputs),
            output: E::of(self.output.get()),
            saved: &self.saved,
            grad_outputs: GradOutputs {
                output: upstream_grad(0),
                final_h: upstream_grad(1),
                final_c: upstream_grad(2),
            },
        };
        rnn_kernels::backward(arguments, grads.as_mut().map(|grad| grad.as_mut().map(E::of_new)))
            .expect("the shapes are those of the forward pass");
        if let (Some(adjoints), Some(h)) = (adjoints, grads.all_h) {
            adjoints.set(State { h, carried: grads.all_c.into_iter().collect() });
        }
        let Grads { input, w_ih, w_hh, b_ih, b_hh, initial_h, initial_c, .. } = grads;
        let mut grads = vec![input, w_ih, w_hh, b_ih, b_hh, initial_h, initial_c];
        grads.truncate(inputs.len());
        grads
    }
}

/// Returns a layer, given its contiguous inputs: x, W_ih, W_hh, b_ih, b_hh, h_0 and (LSTM) c_0.
fn layer_of<E: Number>(cell: CellName, inputs: &[Tensor]) -> Layer<'_, E> {
    let [input, w_ih, w_hh, b_ih, b_hh, h] = [0, 1, 2, 3, 4, 5].map(|n| E::of(&inputs[n]));
    let [steps, batch, features] = [0, 1, 2].map(|n| inputs[0].size()[n] as usize);
    Layer {
        cell: match cell {
            CellName::Rnn => rnn_kernels::Cell::Rnn,
            CellName::Lstm => rnn_kernels::Cell::Lstm,
            CellName::Gru => rnn_kernels::Cell::Gru,
            _ => unreachable!("`engine::check` has checked the cell"),
        },
        size: Size { steps, batch, input: features, hidden: inputs[2].size()[1] as usize },
        parameters: rnn_kernels::Parameters { w_ih, w_hh, b_ih, b_hh },
        input,
        initial: InitialState { h, c: inputs.get(6).map(E::of) },
    }
}
