//! The forward pass of a layer.

mod activate;
mod pass;

use self::pass::{ForwardPass, gate_columns};
use crate::cells::CellKernel;
use crate::dispatch::{Pass, dispatch};
use crate::error::Error;
use crate::gemm::panels::Panels;
use crate::gemm::tiles::tiles_for;
use crate::layer::{Layer, Size, check_len};
use crate::memory::{Buffer, Shared, Workspace};
use crate::options::Options;
use crate::partition::{Recurrence, Strategy};
use crate::pool;
use crate::saved::{SavedActivations, row_width};
use crate::vector::Vector;

/// The number of rows whose products with W_ih are computed at once. This many rows reuse the weights and
/// are still in the cache when their steps run.
const BLOCK_ROWS: usize = 256;

/// The memory that a forward pass writes its results to.
#[derive(Debug)]
pub struct Outputs<'a> {
    /// h_1 … h_T, `[T, B, H]`. The last step is the final h.
    pub output: &'a mut [f32],
    /// c_T, `[B, H]`, for the LSTM only.
    pub final_c: Option<&'a mut [f32]>,
}

/// Runs a layer and keeps nothing for a backward pass.
///
/// # Errors
/// A size is 0, or a slice has the wrong length. In both cases nothing is written.
///
/// # Panics
/// If the operating system has no memory left.
pub fn forward(options: Options, layer: &Layer, outputs: Outputs) -> Result<(), Error> {
    run(options, layer, outputs, false).map(drop)
}

/// Runs a layer and returns the activations that [`backward`](crate::backward()) needs.
///
/// # Errors
/// As for [`forward`].
///
/// # Panics
/// As for [`forward`].
pub fn forward_saving(options: Options, layer: &Layer, outputs: Outputs) -> Result<SavedActivations, Error> {
    run(options, layer, outputs, true)
}

fn run(options: Options, layer: &Layer, outputs: Outputs, save: bool) -> Result<SavedActivations, Error> {
    layer.check()?;
    let Size { steps, batch, hidden, .. } = layer.size;
    check_len("outputs.output", outputs.output, &[steps, batch, hidden])?;
    layer.check_c("outputs.final_c", outputs.final_c.as_deref())?;
    let options = options.for_slices(layer.slices());
    Ok(dispatch(layer.cell, options.isa, Forward { options, layer, outputs, save }))
}

/// The arguments of a forward pass.
struct Forward<'a> {
    options: Options,
    layer: &'a Layer<'a>,
    outputs: Outputs<'a>,
    save: bool,
}

impl Pass for Forward<'_> {
    type Result = SavedActivations;

    fn run<C: CellKernel, S: Vector>(self, cell: C, s: S) -> SavedActivations {
        let Forward { options, layer, outputs, save } = self;
        let size = layer.size;
        let Size { steps, batch, hidden, .. } = size;
        let padded = size.padded(S::LANES);
        let block = (BLOCK_ROWS / batch).clamp(1, steps);
        let (saved_rows, saved_c) = if save { (steps, steps + 1) } else { (block, 2) };
        let mut rows = Buffer::new(saved_rows * batch * row_width::<C>(padded));
        let mut c = Buffer::new(if C::HAS_C { saved_c * batch * padded } else { 0 });
        let recurrence =
            Recurrence { gates: C::GATES, lanes: S::LANES, tiles: s.tiles().is_some(), exchanged: 1 };
        let strategy = Strategy::choose(size, recurrence, options.threads);
        let input_columns = gate_columns::<C, S>(hidden, |gate| gate);
        let state_columns = gate_columns::<C, S>(hidden, |gate| C::STATE_BLOCKS[gate]);
        let bias = bias_row::<C>(layer, padded);
        // SAFETY: each thread writes the sequences and units of its share, and before the first barrier
        // its chunk of the panels. It reads the results of other threads only after a barrier.
        let memory = unsafe { Workspace::new() };
        let step_tiles = s.tiles().filter(|_| strategy.tiles);
        // SAFETY: as above; the slices are borrowed for the whole pass.
        let pass = unsafe {
            ForwardPass {
                s,
                cell,
                layer,
                padded,
                block,
                save,
                partition: strategy.partition,
                bias: &bias,
                input_panels: Panels::new::<S>(
                    &memory,
                    size.input,
                    &input_columns,
                    tiles_for(s, block * batch),
                ),
                state_panels: Panels::new::<S>(&memory, hidden, &state_columns, step_tiles),
                rows: Shared::writable(Some(rows.as_mut_slice())),
                c: Shared::writable(Some(c.as_mut_slice())),
                output: Shared::writable(Some(outputs.output)),
                final_c: Shared::writable(outputs.final_c),
            }
        };
        pool::run(options.threads, |worker| pass.run(&worker));
        SavedActivations { options, cell: layer.cell, size, rows, c }
    }
}

/// Returns the start of every row: the biases of the products that are added to each block.
fn bias_row<C: CellKernel>(layer: &Layer, padded: usize) -> Vec<f32> {
    let hidden = layer.size.hidden;
    let mut row = vec![0.0; C::BLOCKS * padded];
    let mut add = |block: usize, bias: &[f32]| {
        row[block * padded..].iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
    };
    for gate in 0..C::GATES {
        let of_gate = gate * hidden..(gate + 1) * hidden;
        add(gate, &layer.parameters.b_ih[of_gate.clone()]);
        add(C::STATE_BLOCKS[gate], &layer.parameters.b_hh[of_gate]);
    }
    row
}
