//! How many numbers a model learns, and the hidden size that comes nearest to a given number: models are compared at equal
//! size. `tests/it/training.rs` holds the counts against the models themselves.

use crate::cell::CellName;
use crate::settings::names::ModelName;

/// All that a model's number of parameters hangs on, but the hidden size.
#[derive(Debug, Clone, Copy)]
pub struct ModelShape {
    /// Which model.
    pub model: ModelName,
    /// The cell of recurrent layers.
    pub cell: CellName,
    /// Layers or blocks.
    pub layers: usize,
    /// Heads of a Transformer's attention, which divide its hidden size.
    pub heads: usize,
    /// Components of an input vector.
    pub input_size: usize,
    /// Numbers in an answer.
    pub outputs: usize,
    /// Symbols that have a learned vector; 0 without embedding.
    pub embedded: usize,
    /// Steps that a Transformer has positions for.
    pub positions: usize,
}

impl ModelShape {
    /// Parameters of the model with layers of `h` units.
    pub fn parameters(&self, h: usize) -> usize {
        let embedding = self.embedded * self.input_size;
        let readout = |from: usize| self.outputs * (from + 1);
        embedding
            + match self.model {
                ModelName::Recurrent => self.recurrent(h) + readout(h),
                // Query and key, the vector of the score; the readout sees state and context.
                ModelName::Attention => self.recurrent(h) + 2 * h * h + h + readout(2 * h),
                ModelName::Transformer => self.transformer(h) + readout(h),
            }
    }

    /// Of each gate: a matrix for the input, one for the state, two biases.
    fn recurrent(&self, h: usize) -> usize {
        let gates = match self.cell {
            CellName::Rnn => 1,
            CellName::Gru => 3,
            CellName::Lstm => 4,
        };
        let layer = |input: usize| gates * h * (input + h + 2);
        layer(self.input_size) + (self.layers - 1) * layer(h)
    }

    /// Positions, input, then in each block two norms, query, key and value, projection and an MLP 4 times as wide; a last norm.
    fn transformer(&self, h: usize) -> usize {
        let block = 4 * h + 3 * h * (h + 1) + h * (h + 1) + 4 * h * (h + 1) + h * (4 * h + 1);
        self.positions * h + h * (self.input_size + 1) + self.layers * block + 2 * h
    }

    /// The hidden size whose number of parameters is nearest to `wanted`; a multiple of the heads in a Transformer.
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
