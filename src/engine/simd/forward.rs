//! The forward pass of a layer.

use std::ops::Range;

use super::buffer::{Buffer, spaced};
use super::equations::{Equations, MOST_BLOCKS};
use super::panels::{Column, Panels, SharedPanels};
use super::pool::{self, Worker};
use super::product::{Product, Start};
use super::rows::{Left, Rows};
use super::shared::{Shared, lend};
use super::split::{Recurrence, Share, Size, Split, Way, part};
use super::tiles;
use super::vector::{Op, Simd};

/// Rows of which the input's products are taken at once: enough to use the weights often, few enough to be still in the
/// cache when their steps come.
const BLOCK_ROWS: usize = 256;

/// What a pass reads: tensors of libtorch, whole and row by row.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// x, `[T, B, I]`.
    pub input: &'a [f32],
    /// `[G·H, I]`.
    pub w_ih: &'a [f32],
    /// `[G·H, H]`.
    pub w_hh: &'a [f32],
    /// `[G·H]`.
    pub b_ih: &'a [f32],
    /// `[G·H]`.
    pub b_hh: &'a [f32],
    /// h_0, `[B, H]`.
    pub h: &'a [f32],
    /// c_0, `[B, H]`; empty for a cell without.
    pub c: &'a [f32],
}

/// A layer that is to be run.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// The sizes.
    pub size: Size,
    /// On how many threads.
    pub threads: usize,
    /// The tensors.
    pub given: Given<'a>,
}

/// What a pass leaves for the way back. P is H rounded up to whole vectors.
pub struct Trail {
    /// Rows of all steps, `[T, B]` of [`row_width`], of which blocks × P are used.
    pub rows: Buffer,
    /// c_0 … c_T, `[T+1, B, P]`; nothing for a cell without.
    pub c: Buffer,
}

/// Runs a layer: fills in `output`, `[T, B, H]`, and `last_c`, `[B, H]` (empty for a cell without), and gives what the
/// way back needs if it is to `keep` it.
pub fn run<C: Equations, S: Simd>(
    s: S,
    layer: Layer,
    output: &mut [f32],
    last_c: &mut [f32],
    keep: bool,
) -> Option<Trail> {
    let Layer { size, threads, given } = layer;
    let Size { steps, batch, hidden, .. } = size;
    let padded = size.padded(S::LANES);
    let block = (BLOCK_ROWS / batch).clamp(1, steps);
    let (kept_rows, kept_c) = if keep { (steps, steps + 1) } else { (block, 2) };
    let width = row_width::<C>(padded);
    let mut rows = Buffer::new(kept_rows * batch * width);
    let mut c = Buffer::new(if C::HAS_C { kept_c * batch * padded } else { 0 });
    let recurrence = Recurrence { gates: C::GATES, lanes: S::LANES, tiles: s.tiles().is_some(), needed: 1 };
    let way = Way::choose(size, recurrence, threads);
    let input_columns = gate_columns::<C, S>(hidden, |gate| gate);
    let mut input_panels = Panels::new::<S>(size.input, input_columns, tiles::of(s, block * batch));
    let state_columns = gate_columns::<C, S>(hidden, |gate| C::STATE_BLOCKS[gate]);
    let mut state_panels = Panels::new::<S>(hidden, state_columns, s.tiles().filter(|_| way.tiles));
    let bias = bias_row::<C>(given, hidden, padded);
    // SAFETY: each thread writes the sequences and units of its share, and panels of its part before the first barrier;
    // it reads others' units only behind a barrier. `output` and `last_c` are borrowed for as long.
    let pass = unsafe {
        Pass {
            size,
            padded,
            block,
            keep,
            split: way.split,
            given,
            bias: &bias,
            input_panels: input_panels.share(),
            state_panels: state_panels.share(),
            rows: rows.share(),
            c: c.share(),
            output: Shared::new(output.as_mut_ptr(), output.len()),
            last_c: Shared::new(last_c.as_mut_ptr(), last_c.len()),
        }
    };
    pool::run(threads, |worker| pass.work::<C, S>(s, &worker));
    keep.then_some(Trail { rows, c })
}

/// Vectors of all gates of the first units, then of the next: what a thread with some of the units needs is one piece.
/// `block` says where a gate's products go.
fn gate_columns<C: Equations, S: Simd>(hidden: usize, block: impl Fn(usize) -> usize) -> Vec<Column> {
    let padded = hidden.next_multiple_of(S::LANES);
    let gates = |unit| (0..C::GATES).map(move |gate| (unit, gate));
    let vectors = (0..padded).step_by(S::LANES).flat_map(gates);
    vectors.map(|(unit, gate)| Column { at: block(gate) * padded + unit, lanes: S::LANES }).collect()
}

/// From a kept row to the next.
pub fn row_width<C: Equations>(padded: usize) -> usize {
    spaced(C::BLOCKS * padded)
}

/// What a row starts from.
fn bias_row<C: Equations>(given: Given, hidden: usize, padded: usize) -> Vec<f32> {
    let mut row = vec![0.0; C::BLOCKS * padded];
    let mut add = |block: usize, bias: &[f32]| {
        row[block * padded..].iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
    };
    for gate in 0..C::GATES {
        let of_gate = gate * hidden..(gate + 1) * hidden;
        add(gate, &given.b_ih[of_gate.clone()]);
        add(C::STATE_BLOCKS[gate], &given.b_hh[of_gate]);
    }
    row
}

/// The forward pass as all threads see it.
struct Pass<'a> {
    size: Size,
    padded: usize,
    /// Steps whose input's products are taken at once.
    block: usize,
    keep: bool,
    split: Split,
    given: Given<'a>,
    bias: &'a [f32],
    input_panels: SharedPanels<'a>,
    state_panels: SharedPanels<'a>,
    rows: Shared<'a>,
    c: Shared<'a>,
    output: Shared<'a>,
    last_c: Shared<'a>,
}

impl<'a> Pass<'a> {
    /// What one thread does.
    fn work<C: Equations, S: Simd>(&self, s: S, worker: &Worker) {
        let Size { steps, batch, hidden, .. } = self.size;
        let share = self.split.share(self.size, S::LANES, worker.index, worker.count);
        let vectors = part(self.input_panels.columns.len(), worker.index, worker.count);
        let gate_row = |vector: usize, lane: usize| {
            let unit = vector / C::GATES * S::LANES + lane;
            (unit < hidden).then_some(vector % C::GATES * hidden + unit)
        };
        self.input_panels.fill_transposed(s, vectors.clone(), self.given.w_ih, gate_row);
        self.state_panels.fill_transposed(s, vectors, self.given.w_hh, gate_row);
        if C::HAS_C {
            let own = part(batch, worker.index, worker.count);
            for b in own {
                let row = self.c.slice_mut(b * self.padded, self.padded);
                row[..hidden].copy_from_slice(&self.given.c[b * hidden..][..hidden]);
                row[hidden..].fill(0.0);
            }
        }
        worker.barrier();
        for first in (0..steps).step_by(self.block) {
            let block = first..steps.min(first + self.block);
            self.project::<C, S>(s, &share, block.clone());
            for t in block {
                self.step::<C, S>(s, &share, t);
                if self.split == Split::Units {
                    worker.barrier();
                }
            }
        }
        if C::HAS_C && !share.groups.is_empty() {
            let units = share.groups.start * S::LANES..hidden.min(share.groups.end * S::LANES);
            for b in share.batch {
                let c = self.c.slice((self.c_slot(steps) * batch + b) * self.padded, self.padded);
                self.last_c
                    .slice_mut(b * hidden + units.start, units.len())
                    .copy_from_slice(&c[units.clone()]);
            }
        }
    }

    /// Fills the rows of some steps with biases and the input's products.
    fn project<C: Equations, S: Simd>(&self, s: S, share: &Share, steps: Range<usize>) {
        let Size { batch, input, .. } = self.size;
        let units = share.groups.start * S::LANES..share.groups.end * S::LANES;
        for t in steps.clone() {
            for b in share.batch.clone() {
                // The product of the input brings them to the others.
                for block in C::GATES..C::BLOCKS {
                    let at = block * self.padded + units.start;
                    let to = self.rows.slice_mut(self.row::<C>(t, b) + at, units.len());
                    to.copy_from_slice(&self.bias[at..][..units.len()]);
                }
            }
        }
        let width = row_width::<C>(self.padded);
        let given = lend(self.given.input);
        let of = |numbers, first, width| Rows::grouped(numbers, first, width, share.batch.len(), batch);
        Product {
            left: Left::Rows(of(given, (steps.start * batch + share.batch.start) * input, input)),
            right: self.input_panels,
            vectors: share.groups.start * C::GATES..share.groups.end * C::GATES,
            result: of(self.rows, self.row::<C>(steps.start, share.batch.start), width),
            count: steps.len() * share.batch.len(),
            start: Start::Row(lend(self.bias)),
            backwards: false,
        }
        .run(s);
    }

    /// One step of the recurrence.
    fn step<C: Equations, S: Simd>(&self, s: S, share: &Share, t: usize) {
        let Size { batch, hidden, .. } = self.size;
        let first = share.batch.start;
        let (h_last, before) = if t == 0 { (lend(self.given.h), 0) } else { (self.output, t - 1) };
        let h_last = Rows::plain(h_last, (before * batch + first) * hidden, hidden);
        let rows = Rows::plain(self.rows, self.row::<C>(t, first), row_width::<C>(self.padded));
        Product {
            left: Left::Rows(h_last),
            right: self.state_panels,
            vectors: share.groups.start * C::GATES..share.groups.end * C::GATES,
            result: rows,
            count: share.batch.len(),
            start: Start::Result,
            backwards: t % 2 == 1,
        }
        .run(s);
        let c = |t| Rows::plain(self.c, (self.c_slot(t) * batch + first) * self.padded, self.padded);
        s.vectorize(Activate::<C> {
            pass: self,
            rows,
            h_last,
            h: Rows::plain(self.output, (t * batch + first) * hidden, hidden),
            c_last: c(t),
            c: c(t + 1),
            share,
            cell: std::marker::PhantomData,
        });
    }

    /// Where the row of step t and sequence b begins.
    fn row<C: Equations>(&self, t: usize, b: usize) -> usize {
        let t = if self.keep { t } else { t % self.block };
        (t * self.size.batch + b) * row_width::<C>(self.padded)
    }

    /// Which of the kept c_0 … c_T is c_t.
    fn c_slot(&self, t: usize) -> usize {
        if self.keep { t } else { t % 2 }
    }
}

/// The cell's equations on the rows of one step.
struct Activate<'a, C> {
    pass: &'a Pass<'a>,
    rows: Rows<'a>,
    h_last: Rows<'a>,
    h: Rows<'a>,
    c_last: Rows<'a>,
    c: Rows<'a>,
    share: &'a Share,
    cell: std::marker::PhantomData<C>,
}

impl<C: Equations> Op for Activate<'_, C> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (hidden, padded) = (self.pass.size.hidden, self.pass.padded);
        for b in 0..self.share.batch.len() {
            let (row_at, c_last, c_at) = (self.rows.at(b), self.c_last.at(b), self.c.at(b));
            let (h_last, h_at) = (self.h_last.at(b), self.h.at(b));
            for group in self.share.groups.clone() {
                let unit = group * S::LANES;
                let lanes = S::LANES.min(hidden - unit);
                let zero = s.splat(0.0);
                let mut row = [zero; MOST_BLOCKS];
                for (n, part) in row.iter_mut().enumerate().take(C::BLOCKS) {
                    *part = self.rows.numbers.load(s, row_at + n * padded + unit);
                }
                let h =
                    if C::USES_H { self.h_last.numbers.load_first(s, h_last + unit, lanes) } else { zero };
                let c = if C::HAS_C { self.c_last.numbers.load(s, c_last + unit) } else { zero };
                let (h, c) = C::forward(s, &mut row, h, c);
                if self.pass.keep {
                    for (n, part) in row.iter().enumerate().take(C::BLOCKS) {
                        self.rows.numbers.store(s, row_at + n * padded + unit, *part);
                    }
                }
                if C::HAS_C {
                    self.c.numbers.store(s, c_at + unit, c);
                }
                self.h.numbers.store_first(s, h_at + unit, lanes, h);
            }
        }
    }
}
