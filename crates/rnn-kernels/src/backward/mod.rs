//! The backward pass of a layer.

mod deltas;
mod differentiate;
mod packed;
mod parts;
mod pass;
mod weight_grads;
pub(crate) mod weights;

use self::deltas::Deltas;
use self::parts::FactorSizes;
use self::pass::BackwardPass;
use crate::cells::CellKernel;
use crate::dispatch::{Pass, dispatch};
use crate::error::Error;
use crate::gemm::panels::{Columns, Panels, columns};
use crate::gemm::tiles::{DEPTH, tiles_for};
use crate::grads::{GradOutputs, Grads};
use crate::layer::{Layer, Size, check_len};
use crate::memory::{Shared, Workspace};
use crate::number::Number;
use crate::options::Options;
use crate::partition::{Recurrence, Strategy};
use crate::pool;
use crate::saved::{SavedActivations, describe};
use crate::vector::{Vector, Vectors};

/// The number of rows in a block of steps. The products for weights and input run once for each block.
const BLOCK_ROWS: usize = 512;

/// The inputs of a backward pass.
pub struct BackwardInputs<'a, E = f32> {
    /// The layer, with the same arguments as in the forward pass.
    pub layer: Layer<'a, E>,
    /// The output of the forward pass, `[T, B, H]`.
    pub output: &'a [E],
    /// The activations of the forward pass.
    pub saved: &'a SavedActivations<E>,
    /// The upstream gradients.
    pub grad_outputs: GradOutputs<'a, E>,
}

/// Computes gradients. Errors are those of [`crate::backward()`].
pub fn run<E: Vectors>(inputs: BackwardInputs<E>, grads: Grads<Option<&mut [E]>>) -> Result<(), Error> {
    let BackwardInputs { layer, output, saved, grad_outputs } = &inputs;
    layer.check()?;
    let Size { steps, batch, hidden, .. } = layer.size;
    if (saved.cell, saved.size) != (layer.cell, layer.size) {
        let (expected, found) = (describe(saved.cell, saved.size), describe(layer.cell, layer.size));
        return Err(Error::OtherLayer { expected, found });
    }
    check_len("output", output, &[steps, batch, hidden])?;
    grad_outputs.check(layer)?;
    grads.check(layer)?;
    let options = saved.options.for_slices(grad_outputs.slices());
    dispatch(layer.cell, options.isa, Backward { options, inputs: &inputs, grads });
    Ok(())
}

/// The arguments of a backward pass.
struct Backward<'a, E> {
    options: Options,
    inputs: &'a BackwardInputs<'a, E>,
    grads: Grads<Option<&'a mut [E]>>,
}

impl<E: Vectors> Pass<E> for Backward<'_, E> {
    type Result = ();

    fn run<C: CellKernel, S: Vector<Element = E>>(self, cell: C, s: S) {
        let Backward { options, inputs, grads } = self;
        let BackwardInputs { layer, output, saved, grad_outputs } = inputs;
        let Size { steps, batch, input, hidden } = layer.size;
        let padded = layer.size.padded(S::LANES);
        let block = (BLOCK_ROWS / batch).clamp(1, steps);
        let (depth, rows) = (C::GATES * padded, block * batch);
        let recurrence = Recurrence {
            gates: C::GATES,
            lanes: S::LANES,
            number: size_of::<E>(),
            tiles: s.tiles().is_some(),
            exchanged: C::DELTAS,
        };
        let strategy = Strategy::choose(layer.size, recurrence, options.threads);
        let step_tiles = s.tiles().filter(|_| strategy.tiles);
        let block_tiles = tiles_for(s, rows);
        // A row in split form can only be read from a line of terms on.
        let aligned = (C::FIRST_STATE_DELTA * padded).is_multiple_of(DEPTH);
        // SAFETY: each thread writes the sequences and units of its share, or its chunk of a packed matrix
        // or of a result. It reads the results of other threads only after a barrier.
        let memory = unsafe { Workspace::new() };
        // SAFETY: as above; the slices are borrowed for the whole pass.
        let grads = grads.map(|grad| unsafe { Shared::writable(grad) });
        let state_columns = columns::<S>(hidden);
        let input_columns = columns::<S>(input);
        let pass = BackwardPass {
            s,
            cell,
            layer,
            grad_outputs: *grad_outputs,
            padded,
            block,
            partition: strategy.partition,
            output: Shared::read_only(output),
            rows: Shared::read_only(saved.rows.as_slice()),
            c: Shared::read_only(saved.c.as_slice()),
            deltas: Deltas::new(&memory, step_tiles.filter(|_| aligned), block, batch, C::DELTAS * padded),
            d_h: memory.take(batch * padded),
            carry: memory.take(batch * padded),
            state_panels: Panels::new::<S>(&memory, depth, &state_columns, step_tiles),
            input_panels: Panels::new::<S>(&memory, depth, wanted(grads.input, &input_columns), block_tiles),
            parts: parts::new::<S>(
                &memory,
                parts::count(layer, block_tiles),
                batch,
                FactorSizes {
                    deltas: C::DELTAS * padded,
                    block,
                    input_columns: wanted(grads.w_ih, &input_columns),
                    state_columns: wanted(grads.w_hh, &state_columns),
                    tiles: block_tiles,
                },
                grads,
            ),
            grads,
        };
        pool::run(options.threads, |worker| pass.run(&worker));
    }
}

/// Returns the columns of a product for a gradient, or none if the gradient is not asked for.
fn wanted<'a, E: Number>(grad: Shared<E>, columns: &'a [Columns]) -> &'a [Columns] {
    if grad.is_empty() { &[] } else { columns }
}
