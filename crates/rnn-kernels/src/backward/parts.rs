//! Parts of the sequences, whose gradients of the weights are summed apart from each other.
//!
//! If a thread computes whole parts, it reads no number that another thread has written. On a processor whose
//! cores share no cache, each such number costs as much as hundreds of multiplications.

use std::ops::Range;

use super::packed::{Packed, transposed_deltas};
use crate::gemm::panels::{Columns, Panels};
use crate::gemm::tiles::Tiles;
use crate::gemm::types::Left;
use crate::grads::Grads;
use crate::layer::{Layer, Size};
use crate::memory::{Shared, Workspace};
use crate::partition::{Partition, chunk};
use crate::vector::Vector;

/// The number of parts, if there is more than one. The sums depend on it, so it does not depend on the number
/// of threads.
const PARTS: usize = 4;

/// A part of the sequences.
pub struct Part<'a, E> {
    /// The sequences.
    pub sequences: Range<usize>,
    /// The factors of the products over the part's rows of a block.
    pub packed: Packed<'a, E>,
    /// The gradients of the parameters from this part.
    pub grads: ParameterGrads<Shared<'a, E>>,
}

/// One value for each gradient of the parameters.
#[derive(Clone, Copy)]
pub struct ParameterGrads<T> {
    pub w_ih: T,
    pub w_hh: T,
    pub b_ih: T,
    pub b_hh: T,
}

impl<T> ParameterGrads<T> {
    /// Returns all values.
    pub fn all(self) -> [T; 4] {
        [self.w_ih, self.w_hh, self.b_ih, self.b_hh]
    }

    /// Returns `f` of every value.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> ParameterGrads<U> {
        let [w_ih, w_hh, b_ih, b_hh] = self.all().map(f);
        ParameterGrads { w_ih, w_hh, b_ih, b_hh }
    }
}

/// The sizes of the factors of the products over a block's rows.
#[derive(Clone, Copy)]
pub struct FactorSizes<'a> {
    /// The number of columns of δ.
    pub deltas: usize,
    /// The number of steps of a block.
    pub block: usize,
    /// The columns of x_t. None if the gradient of W_ih is not asked for.
    pub input_columns: &'a [Columns],
    /// The columns of h_{t−1}. None if the gradient of W_hh is not asked for.
    pub state_columns: &'a [Columns],
    /// The proof of AMX, if the products run on tiles.
    pub tiles: Option<Tiles>,
}

/// Returns the number of parts of a layer.
///
/// Several parts pay if their gradients are small, so that all of them fit in the caches, and if there are
/// many rows, so that the final sum takes a small part of the time. On tiles, a part has too few rows.
pub fn count<E>(layer: &Layer<E>, tiles: Option<Tiles>) -> usize {
    /// The largest number of weights.
    const WEIGHTS: usize = 1 << 19;
    /// The smallest number of rows over all steps.
    const ROWS: usize = 1 << 10;
    let Size { steps, batch, input, hidden } = layer.size;
    let weights = layer.cell.gates() * hidden * (input + hidden);
    let divide = tiles.is_none() && batch >= 4 * PARTS && weights <= WEIGHTS && steps * batch >= ROWS;
    if divide { PARTS } else { 1 }
}

/// Takes memory for `count` parts. The gradients of the first part are those of the result.
pub fn new<'a, S: Vector>(
    memory: &'a Workspace,
    count: usize,
    batch: usize,
    sizes: FactorSizes<'a>,
    grads: Grads<Shared<'a, S::Element>>,
) -> Vec<Part<'a, S::Element>> {
    let Grads { w_ih, w_hh, b_ih, b_hh, .. } = grads;
    let result = ParameterGrads { w_ih, w_hh, b_ih, b_hh };
    let part = |n: usize| {
        let sequences = chunk(batch, n, count);
        let rows = sizes.block * sequences.len();
        let panels = |columns| Panels::new::<S>(memory, rows, columns, sizes.tiles);
        Part {
            packed: Packed {
                deltas: transposed_deltas(memory, sizes.tiles, sizes.deltas, rows),
                x: panels(sizes.input_columns),
                h: panels(sizes.state_columns),
            },
            sequences,
            grads: if n == 0 { result } else { result.map(|grad| memory.take(grad.len())) },
        }
    };
    (0..count).map(part).collect()
}

/// Returns the parts that thread `index` of `threads` computes alone, or `None` if the threads share all
/// parts.
pub fn own<E>(parts: &[Part<E>], partition: Partition, index: usize, threads: usize) -> Option<Range<usize>> {
    let divided = partition == Partition::Sequences && parts.len() > 1 && parts.len().is_multiple_of(threads);
    let rows = matches!(parts[0].packed.deltas, Left::Rows(_));
    (rows && (divided || threads == 1)).then(|| chunk(parts.len(), index, threads))
}
