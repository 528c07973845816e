//! The adjoints of a layer at any magnitude: a backward pass that moves powers of two into exponents.
//!
//! A step back through time is linear in the adjoint, so it commutes with a power of two. The adjoint of each
//! sequence has an exponent of its own. It is rescaled at every step, without loss of a digit.

mod exponent;
mod pass;
mod pull_back;
mod rows;

use self::pass::ScaledPass;
pub use self::rows::ScaledRows;
use crate::cells::CellKernel;
use crate::dispatch::{Pass, dispatch};
use crate::error::Error;
use crate::forward::{self, Outputs};
use crate::gemm::panels::{Panels, columns};
use crate::layer::{Layer, Size, check_len};
use crate::memory::{Shared, Workspace, row_stride};
use crate::options::Options;
use crate::pool;
use crate::saved::{Keep, SavedActivations, describe};
use crate::vector::Vector;

/// The preactivations of a forward pass, for [`scaled_backward`].
///
/// Derivatives of activations that are computed from them keep full precision at any saturation.
pub struct SavedPreactivations(SavedActivations<f64>);

impl SavedPreactivations {
    /// Copies c_0 … c_T of an LSTM to `to`, `[T + 1, B, H]`.
    ///
    /// # Errors
    /// The slice has the wrong length.
    pub fn copy_c(&self, to: &mut [f64]) -> Result<(), Error> {
        let Size { steps, batch, hidden, .. } = self.0.size;
        let shape: &[usize] = if self.0.cell.has_c() { &[steps + 1, batch, hidden] } else { &[0] };
        check_len("c", to, shape)?;
        let padded = self.0.c.as_slice().len() / ((steps + 1) * batch);
        let rows = to.chunks_exact_mut(hidden).zip(self.0.c.as_slice().chunks_exact(padded.max(1)));
        rows.for_each(|(to, row)| to.copy_from_slice(&row[..hidden]));
        Ok(())
    }
}

/// The adjoint of a layer's state after one step. The numbers of each sequence are times 2^exponent.
#[derive(Debug)]
pub struct ScaledAdjoint<'a> {
    /// The adjoint of h, `[B, H]`.
    pub h: &'a mut [f64],
    /// The part of the adjoint of c that does not pass h of the same step, `[B, H]`, for the LSTM only.
    pub c: Option<&'a mut [f64]>,
    /// Whole numbers, `[B]`.
    pub exponent: &'a mut [f64],
}

/// The inputs of [`scaled_backward`].
pub struct ScaledInputs<'a> {
    /// The layer, with the same arguments as in the forward pass.
    pub layer: Layer<'a, f64>,
    /// The output of the forward pass, `[T, B, H]`.
    pub output: &'a [f64],
    /// The preactivations of the forward pass.
    pub saved: &'a SavedPreactivations,
    /// The gradient of the loss with respect to the output. `None` means 0.
    pub grad_output: Option<ScaledRows<'a>>,
}

/// The memory that [`scaled_backward`] writes its results to. They are times 2^exponent.
#[derive(Debug)]
pub struct ScaledOutputs<'a> {
    /// The L2 norms of the adjoints of h_1 … h_T, `[T, B]`.
    pub h_norm: &'a mut [f64],
    /// The L2 norms of the adjoints of c_1 … c_T, `[T, B]`, for the LSTM only.
    pub c_norm: Option<&'a mut [f64]>,
    /// The gradient with respect to the input, `[T, B, I]`.
    pub input: &'a mut [f64],
    /// The exponents of all results, `[T, B]`. The exponent of zeros is −1e18.
    pub exponent: &'a mut [f64],
}

/// Runs a layer and returns the preactivations that [`scaled_backward`] needs.
///
/// # Errors
/// A size is 0, or a slice has the wrong length. In both cases nothing is written.
///
/// # Panics
/// If the operating system has no memory left.
pub fn forward_saving_preactivations(
    options: Options,
    layer: &Layer<f64>,
    outputs: Outputs<f64>,
) -> Result<SavedPreactivations, Error> {
    forward::run(options, layer, outputs, Keep::Preactivations).map(SavedPreactivations)
}

/// Pulls an adjoint back through all steps of a layer, at any magnitude. The options are those of the
/// forward pass.
///
/// `adjoint` is that of the state after the last step, without the part from `grad_output`. It becomes the
/// adjoint of the initial state. A long sequence can thus be divided into segments.
///
/// # Errors
/// A slice has the wrong length, or the preactivations belong to another cell or other sizes. In both cases
/// nothing is written.
///
/// # Panics
/// If the operating system has no memory left.
pub fn scaled_backward(
    inputs: ScaledInputs,
    adjoint: ScaledAdjoint,
    outputs: ScaledOutputs,
) -> Result<(), Error> {
    let ScaledInputs { layer, output, saved: SavedPreactivations(saved), grad_output } = &inputs;
    layer.check()?;
    let Size { steps, batch, input, hidden } = layer.size;
    if (saved.cell, saved.size) != (layer.cell, layer.size) {
        let (expected, found) = (describe(saved.cell, saved.size), describe(layer.cell, layer.size));
        return Err(Error::OtherLayer { expected, found });
    }
    check_len("output", output, &[steps, batch, hidden])?;
    if let Some(ScaledRows { mantissa, exponent }) = grad_output {
        check_len("grad_output.mantissa", mantissa, &[steps, batch, hidden])?;
        check_len("grad_output.exponent", exponent, &[steps, batch])?;
    }
    check_len("adjoint.h", adjoint.h, &[batch, hidden])?;
    layer.check_c("adjoint.c", adjoint.c.as_deref())?;
    check_len("adjoint.exponent", adjoint.exponent, &[batch])?;
    check_len("outputs.h_norm", outputs.h_norm, &[steps, batch])?;
    let of_c: &[usize] = if layer.cell.has_c() { &[steps, batch] } else { &[0] };
    check_len("outputs.c_norm", outputs.c_norm.as_deref().unwrap_or_default(), of_c)?;
    check_len("outputs.input", outputs.input, &[steps, batch, input])?;
    check_len("outputs.exponent", outputs.exponent, &[steps, batch])?;
    dispatch(layer.cell, saved.options.isa, Scaled { inputs: &inputs, adjoint, outputs });
    Ok(())
}

/// The arguments of a scaled backward pass.
struct Scaled<'a> {
    inputs: &'a ScaledInputs<'a>,
    adjoint: ScaledAdjoint<'a>,
    outputs: ScaledOutputs<'a>,
}

impl Pass<f64> for Scaled<'_> {
    type Result = ();

    fn run<C: CellKernel, S: Vector<Element = f64>>(self, cell: C, s: S) {
        let Scaled { inputs, adjoint, outputs } = self;
        let ScaledInputs { layer, output, saved: SavedPreactivations(saved), grad_output } = inputs;
        let Size { steps, batch, input, hidden } = layer.size;
        let padded = layer.size.padded(S::LANES);
        let stride = row_stride::<f64>(C::DELTAS * padded);
        // SAFETY: each thread writes the sequences of its chunk, or before the barrier its chunk of the
        // panels.
        let memory = unsafe { Workspace::new() };
        let (state_columns, input_columns) = (columns::<S>(hidden), columns::<S>(input));
        let depth = C::GATES * padded;
        // SAFETY: as above; the slices are borrowed for the whole pass.
        let writable = |numbers| unsafe { Shared::writable(numbers) };
        let pass = ScaledPass {
            s,
            cell,
            layer,
            padded,
            grad_output: *grad_output,
            output: Shared::read_only(output),
            rows: Shared::read_only(saved.rows.as_slice()),
            c: Shared::read_only(saved.c.as_slice()),
            deltas: memory.take(steps * batch * stride),
            d_h: memory.take(batch * padded),
            carry: memory.take(batch * padded),
            state_panels: Panels::new::<S>(&memory, depth, &state_columns, None),
            input_panels: Panels::new::<S>(&memory, depth, &input_columns, None),
            adjoint: [writable(Some(adjoint.h)), writable(adjoint.c), writable(Some(adjoint.exponent))],
            norms: [writable(Some(outputs.h_norm)), writable(outputs.c_norm)],
            input: writable(Some(outputs.input)),
            exponent: writable(Some(outputs.exponent)),
        };
        pool::run(saved.options.threads.min(batch), |worker| pass.run(&worker));
    }
}
