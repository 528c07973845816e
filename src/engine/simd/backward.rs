//! The backward pass of a layer, in blocks of steps: first back through time, one step at a time, then the gradients of
//! the weights and of the input, which are products over all rows of the block.

use std::marker::PhantomData;
use std::ops::Range;

use super::buffer::Buffer;
use super::deltas::{Deltas, SharedDeltas};
use super::equations::{Equations, MOST_BLOCKS, Moment};
use super::forward::{Given, Layer, Trail, row_width};
use super::panels::{Panels, SharedPanels, columns};
use super::pool::{self, Worker};
use super::product::{Product, Start};
use super::rows::Rows;
use super::shared::{Shared, lend};
use super::split::{Recurrence, Share, Size, Split, Way, part};
use super::subnormal::Flush;
use super::tiles;
use super::vector::{Op, Simd};
use super::wanted::{SharedWanted, Upstream, Wanted};
use super::weights::{Packed, SharedPacked};

/// Rows of a block of steps: as many as a product takes at once.
const BLOCK_ROWS: usize = 512;

/// Goes back through a layer: fills in the wanted gradients. `output` is that of the forward pass.
pub fn run<C: Equations, S: Simd>(
    s: S,
    layer: Layer,
    output: &[f32],
    trail: &Trail,
    upstream: Upstream,
    wanted: Wanted,
) {
    let Layer { size, threads, given } = layer;
    let Size { steps, batch, input, hidden } = size;
    let padded = size.padded(S::LANES);
    let block = (BLOCK_ROWS / batch).clamp(1, steps);
    let width = C::DELTAS * padded;
    let mut d_h = Buffer::new(batch * padded);
    let mut carry = Buffer::new(batch * padded);
    let depth = C::GATES * padded;
    let recurrence =
        Recurrence { gates: C::GATES, lanes: S::LANES, tiles: s.tiles().is_some(), needed: C::DELTAS };
    let way = Way::choose(size, recurrence, threads);
    let step_tiles = s.tiles().filter(|_| way.tiles);
    // Parts begin with a line of terms.
    let lines = (C::FIRST_STATE_DELTA * padded).is_multiple_of(tiles::DEPTH);
    let mut deltas = Deltas::new(step_tiles.filter(|_| lines), block, batch, width);
    let mut state_panels = Panels::new::<S>(depth, columns::<S>(hidden), step_tiles);
    let input_columns = columns::<S>(if wanted.input.is_empty() { 0 } else { input });
    let mut input_panels = Panels::new::<S>(depth, input_columns, tiles::of(s, block * batch));
    let mut packed = Packed::new::<C, S>(s, size, block * batch, &wanted);
    // SAFETY: each thread writes the sequences and units of its share, or its part of what is packed or of a result; it
    // reads others' only behind a barrier.
    let pass = unsafe {
        Pass {
            size,
            padded,
            block,
            split: way.split,
            given,
            upstream,
            output: lend(output),
            rows: trail.rows.lend(),
            c: trail.c.lend(),
            deltas: deltas.share(),
            d_h: d_h.share(),
            carry: carry.share(),
            state_panels: state_panels.share(),
            input_panels: input_panels.share(),
            packed: packed.share(),
            wanted: SharedWanted::new(wanted),
        }
    };
    pool::run(threads, |worker| pass.work::<C, S>(s, &worker));
}

/// The backward pass as all threads see it. P is H rounded up to whole vectors.
pub struct Pass<'a> {
    /// The sizes.
    pub size: Size,
    /// P.
    pub padded: usize,
    /// Steps of a block.
    block: usize,
    split: Split,
    /// What the forward pass was given.
    pub given: Given<'a>,
    upstream: Upstream<'a>,
    /// h_1 … h_T, `[T, B, H]`.
    pub output: Shared<'a>,
    rows: Shared<'a>,
    c: Shared<'a>,
    /// δ of the block's steps.
    pub deltas: SharedDeltas<'a>,
    /// What reaches h_t at the step at hand, but for what the step after passed back beside its δ, `[B, P]`.
    d_h: Shared<'a>,
    /// What a step passes back beside its δ, `[B, P]`.
    carry: Shared<'a>,
    state_panels: SharedPanels<'a>,
    /// W_ih, for the input's gradient; no columns where that is not wanted.
    pub input_panels: SharedPanels<'a>,
    /// What the products over the block's rows need.
    pub packed: SharedPacked<'a>,
    /// The gradients.
    pub wanted: SharedWanted<'a>,
}

impl Pass<'_> {
    /// What one thread does.
    fn work<C: Equations, S: Simd>(&self, s: S, worker: &Worker) {
        let share = self.split.share(self.size, S::LANES, worker.index, worker.count);
        self.begin::<C, S>(worker);
        worker.barrier();
        let mut end = self.size.steps;
        while end > 0 {
            let block = end.saturating_sub(self.block)..end;
            let flush = Flush::new();
            for t in block.clone().rev() {
                self.step::<C, S>(s, &share, &block, t);
                if self.split == Split::Units {
                    worker.barrier();
                }
                self.split_deltas(worker, &share, t - block.start);
            }
            drop(flush);
            worker.barrier();
            self.deltas.keep_first(part(self.size.batch, worker.index, worker.count));
            self.pack::<C, S>(s, worker, &block);
            worker.barrier();
            self.multiply::<C, S>(s, worker, &block);
            worker.barrier();
            end = block.start;
        }
        self.finish::<C, S>(s, &share);
    }

    /// Packs the weights and fills in what comes back to the last step.
    fn begin<C: Equations, S: Simd>(&self, worker: &Worker) {
        let Size { batch, input, hidden, .. } = self.size;
        let vectors = |panels: SharedPanels| part(panels.columns.len(), worker.index, worker.count);
        let row = |k: usize, gate: fn(usize) -> usize| {
            let unit = k % self.padded;
            (unit < hidden).then_some(gate(k / self.padded) * hidden + unit)
        };
        self.state_panels.fill::<S>(vectors(self.state_panels), |k| {
            row(k, |gate| gate).map(|row| &self.given.w_hh[row * hidden..][..hidden])
        });
        self.input_panels.fill::<S>(vectors(self.input_panels), |k| {
            row(k, |n| C::INPUT_DELTAS[n]).map(|row| &self.given.w_ih[row * input..][..input])
        });
        for b in part(batch, worker.index, worker.count) {
            let carry = self.carry.slice_mut(b * self.padded, self.padded);
            carry.fill(0.0);
            if let Some(of_c) = self.upstream.c {
                carry[..hidden].copy_from_slice(&of_c[b * hidden..][..hidden]);
            }
        }
    }

    /// One step back.
    fn step<C: Equations, S: Simd>(&self, s: S, share: &Share, block: &Range<usize>, t: usize) {
        let Size { steps, batch, hidden, .. } = self.size;
        let first = share.batch.start;
        let d_h = Rows::plain(self.d_h, first * self.padded, self.padded);
        if t + 1 == steps {
            self.arrive::<S>(share);
        } else {
            let row = if t + 1 == block.end {
                self.deltas.row_behind(first)
            } else {
                self.deltas.row(t + 1 - block.start, first)
            };
            let direct = self
                .upstream
                .output
                .map(|output| Start::Rows(Rows::plain(lend(output), (t * batch + first) * hidden, hidden)));
            Product {
                left: self.deltas.left(row, C::FIRST_STATE_DELTA * self.padded),
                right: self.state_panels,
                vectors: share.groups.clone(),
                result: d_h,
                count: share.batch.len(),
                start: direct.unwrap_or(Start::Zero),
                backwards: t % 2 == 1,
            }
            .run(s);
        }
        let at = |slot: usize, width: usize| (slot * batch + share.batch.start) * width;
        let h_last = if t == 0 {
            Rows::plain(lend(self.given.h), at(0, hidden), hidden)
        } else {
            Rows::plain(self.output, at(t - 1, hidden), hidden)
        };
        let width = row_width::<C>(self.padded);
        s.vectorize(Differentiate::<C> {
            pass: self,
            share,
            rows: Rows::plain(self.rows, at(t, width), width),
            h_last,
            c_last: Rows::plain(self.c, at(t, self.padded), self.padded),
            c: Rows::plain(self.c, at(t + 1, self.padded), self.padded),
            d_h,
            carry: Rows::plain(self.carry, at(0, self.padded), self.padded),
            total: at(t, hidden),
            deltas: self.deltas.rows(self.deltas.row(t - block.start, first)),
            cell: PhantomData,
        });
    }

    /// What reaches the last step.
    fn arrive<S: Simd>(&self, share: &Share) {
        let Size { steps, batch, hidden, .. } = self.size;
        let units = share.groups.start * S::LANES..share.groups.end * S::LANES;
        let real = units.start..hidden.min(units.end);
        for b in share.batch.clone() {
            let d_h = self.d_h.slice_mut(b * self.padded + units.start, units.len());
            d_h.fill(0.0);
            for (row, gradient) in [((steps - 1) * batch + b, self.upstream.output), (b, self.upstream.h)] {
                if let (Some(gradient), false) = (gradient, real.is_empty()) {
                    let gradient = &gradient[row * hidden..][real.clone()];
                    d_h.iter_mut().zip(gradient).for_each(|(sum, gradient)| *sum += gradient);
                }
            }
        }
    }

    /// Splits a step's δ for the products of tiles; where units are divided, each thread does some of the sequences.
    fn split_deltas(&self, worker: &Worker, share: &Share, step: usize) {
        if !self.deltas.has_parts() {
            return;
        }
        let sequences = match self.split {
            Split::Units => part(self.size.batch, worker.index, worker.count),
            Split::Batch | Split::Alone => share.batch.clone(),
        };
        self.deltas.split(self.deltas.row(step, sequences.start)..self.deltas.row(step, sequences.end));
        if self.split == Split::Units {
            worker.barrier();
        }
    }

    /// The gradients of the first state.
    fn finish<C: Equations, S: Simd>(&self, s: S, share: &Share) {
        let hidden = self.size.hidden;
        let first = share.batch.start;
        let units = share.groups.start * S::LANES..hidden.min(share.groups.end * S::LANES);
        if units.is_empty() {
            return;
        }
        if self.wanted.h.is_wanted() {
            Product {
                left: self.deltas.left(self.deltas.row_behind(first), C::FIRST_STATE_DELTA * self.padded),
                right: self.state_panels,
                vectors: share.groups.clone(),
                result: Rows::plain(self.wanted.h, first * hidden, hidden),
                count: share.batch.len(),
                start: Start::Zero,
                backwards: false,
            }
            .run(s);
        }
        for b in share.batch.clone() {
            let carry = self.carry.slice(b * self.padded + units.start, units.len());
            let at = b * hidden + units.start;
            if C::HAS_C && self.wanted.c.is_wanted() {
                self.wanted.c.slice_mut(at, units.len()).copy_from_slice(carry);
            } else if !C::HAS_C && self.wanted.h.is_wanted() {
                let of_h = self.wanted.h.slice_mut(at, units.len());
                of_h.iter_mut().zip(carry).for_each(|(sum, carry)| *sum += carry);
            }
        }
    }
}

/// The cell's derivatives on the rows of one step.
struct Differentiate<'a, C> {
    pass: &'a Pass<'a>,
    share: &'a Share,
    rows: Rows<'a>,
    h_last: Rows<'a>,
    c_last: Rows<'a>,
    c: Rows<'a>,
    d_h: Rows<'a>,
    carry: Rows<'a>,
    /// Where the adjoints go, if they are wanted.
    total: usize,
    deltas: Rows<'a>,
    cell: PhantomData<C>,
}

impl<C: Equations> Op for Differentiate<'_, C> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (hidden, padded) = (self.pass.size.hidden, self.pass.padded);
        let zero = s.splat(0.0);
        for b in 0..self.share.batch.len() {
            let (row_at, delta_at) = (self.rows.at(b), self.deltas.at(b));
            let (h_last, c_last, c) = (self.h_last.at(b), self.c_last.at(b), self.c.at(b));
            let (d_h_at, carry_at) = (self.d_h.at(b), self.carry.at(b));
            for group in self.share.groups.clone() {
                let unit = group * S::LANES;
                let lanes = S::LANES.min(hidden - unit);
                let mut at = Moment { row: [zero; MOST_BLOCKS], h_last: zero, c_last: zero, c: zero };
                for n in 0..C::BLOCKS {
                    at.row[n] = self.rows.numbers.load(s, row_at + n * padded + unit);
                }
                if C::USES_H {
                    at.h_last = self.h_last.numbers.load_first(s, h_last + unit, lanes);
                }
                if C::HAS_C {
                    at.c_last = self.c_last.numbers.load(s, c_last + unit);
                    at.c = self.c.numbers.load(s, c + unit);
                }
                let mut d_h = self.d_h.numbers.load(s, d_h_at + unit);
                let mut carry = self.carry.numbers.load(s, carry_at + unit);
                let (delta, d_c) = C::backward(s, &at, &mut d_h, &mut carry);
                for (wanted, adjoint) in [(self.pass.wanted.total_h, d_h), (self.pass.wanted.total_c, d_c)] {
                    if wanted.is_wanted() {
                        wanted.store_first(s, self.total + b * hidden + unit, lanes, adjoint);
                    }
                }
                self.carry.numbers.store(s, carry_at + unit, carry);
                for n in 0..C::DELTAS {
                    // The products run over the padding too: it must be 0 whatever the rows have there.
                    let delta = s.keep_first(delta[n], lanes);
                    self.deltas.numbers.store(s, delta_at + n * padded + unit, delta);
                }
            }
        }
    }
}
