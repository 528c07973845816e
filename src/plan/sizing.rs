//! The parameter count of a model, and the hidden size whose count is nearest to a given one. This
//! allows comparisons of models of equal size. `tests/it/training.rs` compares the formula with the
//! models themselves.

use std::iter;

use crate::cell::{CellName, StateSize, cell};
use crate::config::spec::TaskSpec;
use crate::data::Input;
use crate::settings::Settings;
use crate::settings::names::{Encoding, ModelName};

/// The properties that determine a model's parameter count, except its layers.
#[derive(Debug, Clone, Copy)]
pub struct ModelShape {
    /// The architecture.
    pub model: ModelName,
    /// The cell of recurrent layers.
    pub cell: CellName,
    /// The size of h of a cell with a projection; 0 for other cells.
    pub proj_size: i64,
    /// The attention heads of a Transformer, which divide its hidden size.
    pub heads: usize,
    /// The components of an input vector.
    pub input_size: usize,
    /// The components of an output.
    pub outputs: usize,
    /// The number of symbols with a learned vector; 0 without embedding.
    pub embedded: usize,
    /// The number of a Transformer's positions.
    pub positions: usize,
}

impl ModelShape {
    /// The shape of the model of a run, with 0 for sizes that unknown data determines.
    pub fn of_run(task: &TaskSpec, settings: &Settings, heads: usize, input: Option<&Input>) -> ModelShape {
        let is_embedded = task.encoding() == Some(Encoding::Embedding);
        let symbols = || input.map(Input::features).or(task.features()).unwrap_or(0);
        ModelShape {
            model: settings.model(),
            cell: settings.cell.unwrap_or(CellName::Rnn),
            proj_size: settings.proj_size.unwrap_or(0) as i64,
            heads,
            input_size: settings.input_size,
            outputs: input.map(Input::classes).or(task.outputs()).unwrap_or(0),
            embedded: if is_embedded { symbols() } else { 0 },
            positions: task.longest(settings.seq_len),
        }
    }

    /// Returns true if no size depends on unknown data.
    pub fn is_known(&self, task: &TaskSpec) -> bool {
        let is_embedded = task.encoding() == Some(Encoding::Embedding);
        self.input_size > 0 && self.outputs > 0 && (self.embedded > 0 || !is_embedded)
    }

    /// The parameter count of the model with layers of these hidden sizes. It fits into 128 bits, because
    /// sizes are at most 2^40.
    pub fn parameters(&self, layers: &[usize]) -> u128 {
        let units = layers.last().map_or(0, |h| *h as u128);
        let top = layers.last().map_or(0, |h| self.state_size(*h).output as u128);
        let embedding = self.embedded as u128 * self.input_size as u128;
        let readout = |from: u128| self.outputs as u128 * (from + 1);
        let recurrent = || self.recurrent_layers(layers);
        embedding
            + match self.model {
                ModelName::Recurrent => recurrent() + readout(top),
                // Query, key and score vector; the readout has h and context as input.
                ModelName::Attention => recurrent() + 2 * top * top + top + readout(2 * top),
                ModelName::Transformer => self.transformer(units, layers.len()) + readout(units),
            }
    }

    /// The sizes of the states of a recurrent layer with `hidden` units.
    pub fn state_size(&self, hidden: usize) -> StateSize {
        StateSize::new(hidden as i64, self.proj_size)
    }

    /// The parameter count of recurrent layers with these hidden sizes.
    pub fn recurrent_layers(&self, layers: &[usize]) -> u128 {
        let sizes = layers.iter().map(|hidden| self.state_size(*hidden));
        let inputs = iter::once(self.input_size as i64).chain(sizes.clone().map(|size| size.output));
        let (layout, gates) = (cell(self.cell).layout(), gates(self.cell) as i64);
        inputs.zip(sizes).map(|(input, size)| layout.parameters(gates, input, size)).sum()
    }

    /// The parameter count of the Transformer: positions, input layer, blocks, last norm. A block has
    /// two norms; query, key and value; projection; and an MLP 4 times as wide.
    fn transformer(&self, h: u128, blocks: usize) -> u128 {
        let block = 4 * h + 3 * h * (h + 1) + h * (h + 1) + 4 * h * (h + 1) + h * (4 * h + 1);
        self.positions as u128 * h + h * (self.input_size as u128 + 1) + blocks as u128 * block + 2 * h
    }

    /// The hidden size whose parameter count with this number of layers is nearest to `wanted`. For a
    /// Transformer it is a multiple of the heads.
    pub fn hidden_size(&self, layers: usize, wanted: usize) -> usize {
        let step = if self.model == ModelName::Transformer { self.heads } else { 1 };
        let parameters = |h: usize| self.parameters(&vec![h; layers]);
        // The count rises with the size: doubling finds a size that is large enough, bisection the least one.
        let is_enough = |n: usize| parameters(n * step) >= wanted as u128;
        let mut high = 1;
        while !is_enough(high) {
            high *= 2;
        }
        let mut low = high / 2;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_enough(middle) { high = middle } else { low = middle }
        }
        let above = high * step;
        let below = above.saturating_sub(step).max(step);
        let distance = |h: usize| parameters(h).abs_diff(wanted as u128);
        if distance(below) <= distance(above) { below } else { above }
    }
}

/// The number of gates of a cell.
pub fn gates(cell: CellName) -> usize {
    self::cell(cell).gates().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(model: ModelName, cell: CellName) -> ModelShape {
        let (input_size, outputs, positions) = (60, 60, 64);
        let proj_size = if cell == CellName::LstmProjected { 8 } else { 0 };
        ModelShape { model, cell, proj_size, heads: 4, input_size, outputs, embedded: 0, positions }
    }

    #[test]
    fn the_nearest_size_is_chosen() {
        for (model, cell) in [
            (ModelName::Recurrent, CellName::Lstm),
            (ModelName::Recurrent, CellName::Rnn),
            (ModelName::Recurrent, CellName::LstmProjected),
            (ModelName::Attention, CellName::Gru),
            (ModelName::Transformer, CellName::Lstm),
        ] {
            let frame = frame(model, cell);
            for wanted in [5_000, 50_000, 220_000] {
                let size = frame.hidden_size(2, wanted);
                let step = if model == ModelName::Transformer { 4 } else { 1 };
                assert_eq!(size % step, 0);
                let distance = |h: usize| frame.parameters(&[h, h]).abs_diff(wanted as u128);
                for other in [size.saturating_sub(step).max(step), size + step] {
                    assert!(distance(size) <= distance(other), "{model} {cell} {wanted}: {size} or {other}");
                }
            }
        }
    }

    #[test]
    fn the_size_of_a_huge_budget_is_found_at_once() {
        let frame = frame(ModelName::Recurrent, CellName::Rnn);
        let size = frame.hidden_size(1, 1 << 40);
        assert!((1 << 19..=1 << 20).contains(&size), "{size}");
    }

    #[test]
    fn the_smallest_model_is_the_least_there_is() {
        assert_eq!(frame(ModelName::Transformer, CellName::Lstm).hidden_size(2, 1), 4);
        assert_eq!(frame(ModelName::Recurrent, CellName::Lstm).hidden_size(2, 1), 1);
    }
}
