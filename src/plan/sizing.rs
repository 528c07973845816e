//! The parameter count of a model, and the hidden size whose count is nearest to a given one. This
//! allows comparisons of models of equal size. `tests/it/training.rs` compares the formula with the
//! models themselves.

use crate::cell::CellName;
use crate::settings::names::ModelName;

/// The properties that determine a model's parameter count, except the hidden size.
#[derive(Debug, Clone, Copy)]
pub struct ModelShape {
    /// The architecture.
    pub model: ModelName,
    /// The cell of recurrent layers.
    pub cell: CellName,
    /// The number of layers or blocks.
    pub layers: usize,
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
    /// The parameter count of the model with `h` hidden units per layer.
    pub fn parameters(&self, h: usize) -> usize {
        let embedding = self.embedded * self.input_size;
        let readout = |from: usize| self.outputs * (from + 1);
        embedding
            + match self.model {
                ModelName::Recurrent => self.recurrent(h) + readout(h),
                // Query, key and score vector; the readout has state and context as input.
                ModelName::Attention => self.recurrent(h) + 2 * h * h + h + readout(2 * h),
                ModelName::Transformer => self.transformer(h) + readout(h),
            }
    }

    /// The parameter count of the recurrent layers. Each gate has an input matrix, a recurrent matrix
    /// and two biases.
    fn recurrent(&self, h: usize) -> usize {
        let gates = match self.cell {
            CellName::Rnn => 1,
            CellName::Gru => 3,
            CellName::Lstm => 4,
        };
        let layer = |input: usize| gates * h * (input + h + 2);
        layer(self.input_size) + (self.layers - 1) * layer(h)
    }

    /// The parameter count of the Transformer: positions, input layer, blocks, last norm. A block has
    /// two norms; query, key and value; projection; and an MLP 4 times as wide.
    fn transformer(&self, h: usize) -> usize {
        let block = 4 * h + 3 * h * (h + 1) + h * (h + 1) + 4 * h * (h + 1) + h * (4 * h + 1);
        self.positions * h + h * (self.input_size + 1) + self.layers * block + 2 * h
    }

    /// The hidden size whose parameter count is nearest to `wanted`. For a Transformer it is a multiple
    /// of the heads.
    pub fn hidden_size(&self, wanted: usize) -> usize {
        let step = if self.model == ModelName::Transformer { self.heads } else { 1 };
        let sizes = (1..).map(|n| n * step);
        let above = sizes.into_iter().find(|h| self.parameters(*h) >= wanted).unwrap_or(step);
        let below = above.saturating_sub(step).max(step);
        let distance = |h: usize| self.parameters(h).abs_diff(wanted);
        if distance(below) <= distance(above) { below } else { above }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(model: ModelName, cell: CellName) -> ModelShape {
        ModelShape {
            model,
            cell,
            layers: 2,
            heads: 4,
            input_size: 60,
            outputs: 60,
            embedded: 0,
            positions: 64,
        }
    }

    #[test]
    fn the_nearest_size_is_chosen() {
        for (model, cell) in [
            (ModelName::Recurrent, CellName::Lstm),
            (ModelName::Recurrent, CellName::Rnn),
            (ModelName::Attention, CellName::Gru),
            (ModelName::Transformer, CellName::Lstm),
        ] {
            let frame = frame(model, cell);
            for wanted in [5_000, 50_000, 220_000] {
                let size = frame.hidden_size(wanted);
                let step = if model == ModelName::Transformer { 4 } else { 1 };
                assert_eq!(size % step, 0);
                let distance = |h: usize| frame.parameters(h).abs_diff(wanted);
                for other in [size.saturating_sub(step).max(step), size + step] {
                    assert!(distance(size) <= distance(other), "{model} {cell} {wanted}: {size} or {other}");
                }
            }
        }
    }

    #[test]
    fn the_smallest_model_is_the_least_there_is() {
        assert_eq!(frame(ModelName::Transformer, CellName::Lstm).hidden_size(1), 4);
        assert_eq!(frame(ModelName::Recurrent, CellName::Lstm).hidden_size(1), 1);
    }
}
