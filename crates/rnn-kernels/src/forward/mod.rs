//! The forward pass of a layer.

mod activate;
mod pass;

use self::pass::{ForwardPass, Weights, gate_columns};
use crate::cells::CellKernel;
use crate::dispatch::{Pass, dispatch};
use crate::error::Error;
use crate::gemm::panels::Panels;
use crate::gemm::tiles::tiles_for;
use crate::layer::{Layer, Size, check_len};
use crate::memory::{Buffer, Shared, Workspace};
use crate::number::Number;
use crate::options::Options;
use crate::partition::{Recurrence, Strategy};
use crate::pool;
use crate::saved::{Keep, SavedActivations, row_width};
use crate::vector::{Vector, Vectors};

/// The number of rows whose products with W_ih are computed at once. This many rows reuse the weights and
/// are still in the cache when their steps run.
const BLOCK_ROWS: usize = 256;

/// The largest number of rows over all steps for which the weights are not packed.
const FEW_ROWS: usize = 64;

/// The memory that a forward pass writes its results to.
#[derive(Debug)]
pub struct Outputs<'a, E = f32> {
    /// h_1 … h_T, `[T, B, H]`. The last step is the final h.
    pub output: &'a mut [E],
    /// c_T, `[B, H]`, for the LSTM only.
    pub final_c: Option<&'a mut [E]>,
}

/// Runs a layer and keeps the numbers that `keep` asks for. Errors are those of [`crate::forward()`].
pub fn run<E: Vectors>(
    options: Options,
    layer: &Layer<E>,
    outputs: Outputs<E>,
    keep: Keep,
) -> Result<SavedActivations<E>, Error> {
    layer.check()?;
    let Size { steps, batch, hidden, .. } = layer.size;
    check_len("outputs.output", outputs.output, &[steps, batch, hidden])?;
    layer.check_c("outputs.final_c", outputs.final_c.as_deref())?;
    let options = options.for_slices(layer.slices());
    Ok(dispatch(layer.cell, options.isa, Forward { options, layer, outputs, keep }))
}

/// The arguments of a forward pass.
struct Forward<'a, E> {
    options: Options,
    layer: &'a Layer<'a, E>,
    outputs: Outputs<'a, E>,
    keep: Keep,
}

impl<E: Vectors> Pass<E> for Forward<'_, E> {
    type Result = SavedActivations<E>;

    fn run<C: CellKernel, S: Vector<Element = E>>(self, cell: C, s: S) -> SavedActivations<E> {
        let Forward { options, layer, outputs, keep } = self;
        let size = layer.size;
        let Size { steps, batch, hidden, .. } = size;
        let padded = size.padded(S::LANES);
        let block = (BLOCK_ROWS / batch).clamp(1, steps);
        let (saved_rows, saved_c) = if keep != Keep::Nothing { (steps, steps + 1) } else { (block, 2) };
        let mut rows = Buffer::new(saved_rows * batch * row_width::<C, E>(padded));
        let mut c = Buffer::new(if C::HAS_C { saved_c * batch * padded } else { 0 });
        let recurrence = Recurrence {
            gates: C::GATES,
            lanes: S::LANES,
            number: size_of::<E>(),
            tiles: s.tiles().is_some(),
            exchanged: 1,
        };
        let strategy = Strategy::choose(size, recurrence, options.threads);
        let input_columns = gate_columns::<C, S>(hidden, |gate| gate);
        let state_columns = gate_columns::<C, S>(hidden, |gate| C::STATE_BLOCKS[gate]);
        let bias = bias_row::<C, E>(layer, padded);
        // SAFETY: each thread writes the sequences and units of its share, and before the first barrier
        // its chunk of the panels. It reads the results of other threads only after a barrier.
        let memory = unsafe { Workspace::new() };
        let few_weights = C::GATES * hidden < S::LANES;
        let pack = s.tiles().is_some() || steps * batch > FEW_ROWS || few_weights;
        let step_tiles = s.tiles().filter(|_| strategy.tiles);
        // SAFETY: as above; the slices are borrowed for the whole pass.
        let pass = unsafe {
            ForwardPass {
                s,
                cell,
                layer,
                padded,
                block,
                keep,
                partition: strategy.partition,
                bias: &bias,
                input_weights: Weights {
                    numbers: layer.parameters.w_ih,
                    columns: &input_columns,
                    panels: pack.then(|| {
                        let tiles = tiles_for(s, block * batch);
                        Panels::new::<S>(&memory, size.input, &input_columns, tiles)
                    }),
                },
                state_weights: Weights {
                    numbers: layer.parameters.w_hh,
                    columns: &state_columns,
                    panels: pack.then(|| Panels::new::<S>(&memory, hidden, &state_columns, step_tiles)),
                },
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
fn bias_row<C: CellKernel, E: Number>(layer: &Layer<E>, padded: usize) -> Vec<E> {
    let hidden = layer.size.hidden;
    let mut row = vec![E::ZERO; C::BLOCKS * padded];
    let mut add = |block: usize, bias: &[E]| {
        row[block * padded..].iter_mut().zip(bias).for_each(|(sum, bias)| *sum += *bias);
    };
    for gate in 0..C::GATES {
        let of_gate = gate * hidden..(gate + 1) * hidden;
        add(gate, &layer.parameters.b_ih[of_gate.clone()]);
        add(C::STATE_BLOCKS[gate], &layer.parameters.b_hh[of_gate]);
    }
    row
}
