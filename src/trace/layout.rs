//! The layout of given tensors: the order of the gates' blocks, and of the first two axes of sequences.

use tch::Tensor;

use super::libraries::{LibraryFile, gate_order};
use crate::cell::{CellName, FurtherShape, cell};
use crate::safetensors_io::Tensors;
use crate::settings::names::WeightsLayout;

/// The order of the blocks of gates in the parameters of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct GateOrder {
    /// The place in PyTorch's order of each block of the file.
    places: Vec<usize>,
    /// The parameters that have a block for each gate, without the layer.
    stacked: Vec<&'static str>,
}

impl GateOrder {
    /// Reads an order such as `iofg`: each gate of the cell once, by its letter.
    ///
    /// # Errors
    /// Another text. The message has the letters of the cell's gates.
    pub fn parse(text: &str, name: CellName) -> Result<GateOrder, String> {
        let gates = cell(name).gates();
        let place = |letter: char| gates.iter().position(|gate| gate.chars().eq([letter]));
        let places: Option<Vec<usize>> = text.chars().map(place).collect();
        let is_complete = |places: &Vec<usize>| {
            places.len() == gates.len() && (0..gates.len()).all(|gate| places.contains(&gate))
        };
        places
            .filter(is_complete)
            .map(|places| GateOrder { places, stacked: stacked(name) })
            .ok_or_else(|| order_problem(text, name, gates))
    }

    /// Returns the order that `text` names, or else that of a layout; `None` for PyTorch's.
    ///
    /// # Errors
    /// As for [`GateOrder::parse`]; a cell that the layout does not have; an order beside that of a library.
    pub fn of_file(
        text: Option<&str>,
        layout: WeightsLayout,
        name: CellName,
    ) -> Result<Option<GateOrder>, String> {
        let own = gate_order(layout, name)?;
        if let (Some(text), true) = (text, layout != WeightsLayout::PyTorch) {
            return Err(format!("expected no order of gates beside the layout `{layout}`, found `{text}`"));
        }
        text.or(own).map(|text| GateOrder::parse(text, name)).transpose()
    }

    /// The order as the letters of the cell's gates.
    pub fn text(&self, gates: &[&str]) -> String {
        self.places.iter().map(|place| gates[*place]).collect()
    }

    /// Brings the blocks of a parameter `[G·H, …]` of the file into PyTorch's order.
    fn to_pytorch(&self, parameter: &Tensor) -> Tensor {
        let blocks = parameter.chunk(self.places.len() as i64, 0);
        let block =
            |gate: usize| self.places.iter().position(|place| *place == gate).expect("each gate once");
        Tensor::cat(&(0..blocks.len()).map(|gate| &blocks[block(gate)]).collect::<Vec<_>>(), 0)
    }

    /// Returns true for the gradient of a parameter with a block for each gate.
    fn is_stacked(&self, name: &str) -> bool {
        let kind = name.strip_prefix("grad.").and_then(|name| name.rsplit_once("_l"));
        kind.is_some_and(|(kind, _)| self.stacked.contains(&kind))
    }

    /// Brings the blocks of a parameter into the order of the file.
    fn to_file(&self, parameter: &Tensor) -> Tensor {
        let blocks = parameter.chunk(self.places.len() as i64, 0);
        Tensor::cat(&self.places.iter().map(|place| &blocks[*place]).collect::<Vec<_>>(), 0)
    }
}

/// The problem with an order of gates.
fn order_problem(text: &str, name: CellName, gates: &[&str]) -> String {
    // Other programs call the candidate c (LSTM) or h (GRU).
    let meant = match name {
        CellName::Lstm => text.replace('c', "g"),
        CellName::Gru => text.replace('h', "n"),
        _ => text.to_string(),
    };
    let hint = match meant != text && GateOrder::parse(&meant, name).is_ok() {
        true => format!("; did you mean `{meant}`?"),
        false => String::new(),
    };
    let known = gates.concat();
    format!("expected an order of the gates of the cell `{name}` ({known}), found `{text}`{hint}")
}

/// The layout of the tensors in a file.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The order of the blocks of gates; `None` for PyTorch's.
    pub gates: Option<GateOrder>,
    /// True if sequences are `[B, T, …]`, as with PyTorch's `batch_first`.
    pub batch_first: bool,
    /// The names and shapes of the parameters; `None` for PyTorch's.
    pub(super) library: Option<LibraryFile>,
}

impl Layout {
    /// Brings a parameter of the file into PyTorch's order of gates.
    pub fn parameter(&self, parameter: Tensor) -> Tensor {
        self.gates.as_ref().map_or_else(|| parameter.shallow_clone(), |order| order.to_pytorch(&parameter))
    }

    /// Brings a sequence of the file into the order `[T, B, …]`, or back.
    pub fn sequence(&self, sequence: Tensor) -> Tensor {
        if self.batch_first { sequence.transpose(0, 1).contiguous() } else { sequence }
    }

    /// The names of the first layer's weights in the file: of the input, and of the state.
    pub fn first_weights(&self) -> [String; 2] {
        match &self.library {
            Some(file) => file.first_weights(),
            None => ["weight_ih_l0", "weight_hh_l0"].map(String::from),
        }
    }

    /// Brings the results of a trace into the layout of the file.
    pub fn results(&self, results: Tensors) -> Tensors {
        let one = |(name, result): (String, Tensor)| {
            let result = self.result(&name, result);
            (name, result)
        };
        let results = results.into_iter().map(one).collect();
        match &self.library {
            Some(file) => file.results(results),
            None => results,
        }
    }

    /// Brings a result into the order of the file. `name` is its name in the output of a trace.
    fn result(&self, name: &str, result: Tensor) -> Tensor {
        match (name, &self.gates) {
            ("output" | "grad.input", _) => self.sequence(result),
            (name, Some(order)) if order.is_stacked(name) => order.to_file(&result),
            _ => result,
        }
    }
}

/// Returns the names of the parameters with a block for each gate.
fn stacked(name: CellName) -> Vec<&'static str> {
    let further = cell(name).layout().further.iter().filter(|further| further.shape == FurtherShape::Gates);
    ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
        .into_iter()
        .chain(further.map(|further| further.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_takes_each_gate_once() {
        let order = GateOrder::parse("iofg", CellName::Lstm).unwrap();
        assert_eq!(order.places, [0, 3, 1, 2]);
        for (text, name, hint) in [
            ("iofc", CellName::Lstm, "(ifgo), found `iofc`; did you mean `iofg`?"),
            ("zrh", CellName::Gru, "(rzn), found `zrh`; did you mean `zrn`?"),
            ("ifg", CellName::Lstm, "found `ifg`"),
            ("iifg", CellName::Lstm, "found `iifg`"),
            ("", CellName::Rnn, "found ``"),
        ] {
            let problem = GateOrder::parse(text, name).unwrap_err();
            assert!(problem.ends_with(hint), "{problem}");
        }
    }

    #[test]
    fn of_file_library_has_its_own_order_and_its_own_cells() {
        let order = |text, layout, cell| GateOrder::of_file(text, layout, cell);
        let places = |layout, cell| order(None, layout, cell).unwrap().map(|order| order.places);
        assert_eq!(places(WeightsLayout::Onnx, CellName::Lstm), Some(vec![0, 3, 1, 2]));
        assert_eq!(places(WeightsLayout::Keras, CellName::Lstm), None);
        assert_eq!(places(WeightsLayout::Keras, CellName::Gru), Some(vec![1, 0, 2]));
        let problem = order(Some("iofg"), WeightsLayout::Onnx, CellName::Lstm).unwrap_err();
        assert_eq!(problem, "expected no order of gates beside the layout `onnx`, found `iofg`");
        let problem = order(None, WeightsLayout::Keras, CellName::LstmPeephole).unwrap_err();
        assert!(problem.ends_with("lstm, gru or gru_reset_before, found `lstm_peephole`"), "{problem}");
    }

    #[test]
    fn result_moves_the_blocks_of_gates_only() {
        let layout = |cell| Layout { gates: GateOrder::parse("iofg", cell).ok(), ..Layout::default() };
        let given = Tensor::from_slice(&[1.0, 2.0, 3.0, 4.0]);
        for (cell, name, expected) in [
            (CellName::LstmPeephole, "grad.weight_ci_l0", [1.0, 2.0, 3.0, 4.0]),
            (CellName::LstmPeephole, "grad.bias_hh_l1", [1.0, 4.0, 2.0, 3.0]),
            (CellName::LstmLayernorm, "grad.weight_ln_c_l0", [1.0, 2.0, 3.0, 4.0]),
            (CellName::LstmLayernorm, "grad.weight_ln_hh_l0", [1.0, 4.0, 2.0, 3.0]),
        ] {
            let found = layout(cell).result(name, given.shallow_clone());
            assert_eq!(found, Tensor::from_slice(&expected), "{name}");
        }
    }

    #[test]
    fn result_is_the_inverse_of_parameter() {
        let gates = GateOrder::parse("iofg", CellName::Lstm).ok();
        let layout = Layout { gates, batch_first: true, library: None };
        let parameter = Tensor::from_slice(&[1.0, 4.0, 2.0, 3.0]);
        let sorted = layout.parameter(parameter.shallow_clone());
        assert_eq!(sorted, Tensor::from_slice(&[1.0, 2.0, 3.0, 4.0]));
        assert_eq!(layout.result("grad.bias_ih_l0", sorted), parameter);
        let sequence = Tensor::from_slice(&[1.0, 2.0]).reshape([2, 1, 1]);
        assert_eq!(layout.result("output", layout.sequence(sequence.shallow_clone())), sequence);
    }
}
