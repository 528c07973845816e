//! The parameters of Keras and ONNX in PyTorch's names and shapes, and gradients in those of the file.

use tch::Tensor;

use super::named::NamedTensors;
use crate::cell::{CellName, cell};
use crate::safetensors_io::Tensors;
use crate::settings::names::WeightsLayout;
use crate::support::error::Result;

/// The names of a layer's parameters without the layer's number: the weights of the input, those of the
/// state, and the biases. `None` for PyTorch.
pub(super) fn kinds(layout: WeightsLayout) -> Option<[&'static str; 3]> {
    match layout {
        WeightsLayout::PyTorch => None,
        WeightsLayout::Keras => Some(["kernel", "recurrent_kernel", "bias"]),
        WeightsLayout::Onnx => Some(["W", "R", "B"]),
    }
}

/// The order of a cell's gates in a layout, by their letters here; `None` for PyTorch's order.
///
/// # Errors
/// The library has no such cell.
pub(super) fn gate_order(layout: WeightsLayout, name: CellName) -> Result<Option<&'static str>, String> {
    match (layout, name) {
        (WeightsLayout::PyTorch, _) | (_, CellName::Rnn | CellName::ReluRnn) => Ok(None),
        (WeightsLayout::Keras, CellName::Lstm) => Ok(None),
        (WeightsLayout::Onnx, CellName::Lstm) => Ok(Some("iofg")),
        (_, CellName::Gru | CellName::GruResetBefore) => Ok(Some("zrn")),
        (_, other) => Err(format!(
            "expected a cell of the layout `{layout}`: rnn, relu_rnn, lstm, gru or gru_reset_before, found \
             `{other}`"
        )),
    }
}

/// A file in the layout of Keras or ONNX.
#[derive(Debug, Clone, Copy)]
pub(super) struct LibraryFile {
    layout: WeightsLayout,
    cell: CellName,
    kinds: [&'static str; 3],
    /// False for the plain names of a single layer, such as `kernel`.
    is_numbered: bool,
}

impl LibraryFile {
    /// The parameters among the tensors of a file; `None` for a file in PyTorch's layout.
    pub fn new(layout: WeightsLayout, cell: CellName, file: &NamedTensors) -> Option<LibraryFile> {
        let kinds = kinds(layout)?;
        Some(LibraryFile { layout, cell, kinds, is_numbered: file.size_of(kinds[1]).is_none() })
    }

    /// Brings the parameters of all layers into PyTorch's names and shapes. The gates keep their order.
    /// Returns the names of absent biases, which become zeros.
    ///
    /// # Errors
    /// A tensor that is missing or has the wrong shape.
    pub fn convert(&self, file: &mut NamedTensors) -> Result<Vec<String>> {
        let number = |name: &String| name.rsplit_once('_')?.1.parse::<usize>().ok();
        let last = file.names().iter().filter_map(number).max().filter(|_| self.is_numbered);
        let (mut absent, mut below) = (Vec::new(), None);
        for layer in 0..=last.unwrap_or(0) {
            let (hidden, without) = self.convert_layer(file, layer, below)?;
            below = Some(hidden);
            absent.extend(without);
        }
        Ok(absent)
    }

    /// The names of a layer's parameters: the weights of the input, those of the state, and the biases.
    pub fn names(&self, layer: usize) -> [String; 3] {
        self.kinds.map(|kind| if self.is_numbered { format!("{kind}_{layer}") } else { kind.to_string() })
    }

    /// Returns the units of the layer, and the name of its biases if they are absent. `below` has the units
    /// of the layer below.
    fn convert_layer(
        &self,
        file: &mut NamedTensors,
        layer: usize,
        below: Option<i64>,
    ) -> Result<(i64, Option<String>)> {
        let [input, recurrent, bias] = self.names(layer);
        let gates = cell(self.cell).gates().len() as i64;
        let w_hh = file.take_any(&recurrent)?;
        let expected = self.shape_of_matrix(&format!("{gates}·H"), "H");
        let Some(matrix) = self.matrix(&w_hh) else {
            return Err(file.wrong_shape(&recurrent, &expected, &w_hh));
        };
        let (rows, hidden) = (matrix.size()[0], matrix.size()[1]);
        if rows != gates * hidden {
            return Err(file.wrong_gates(&recurrent, &expected, self.cell, &w_hh.size(), (rows, hidden)));
        }
        if let Some(units) = below.filter(|units| *units != hidden) {
            let expected = self.shape_of_matrix(&format!("{}", gates * units), &format!("{units}"));
            return Err(file.wrong_shape(&recurrent, &(expected + ", as below"), &w_hh));
        }
        let w_ih = file.take_any(&input)?;
        let fits = |matrix: &Tensor| {
            let size = matrix.size();
            size[0] == rows && below.is_none_or(|units| size[1] == units)
        };
        let Some(of_input) = self.matrix(&w_ih).filter(fits) else {
            let columns = below.map_or("I".to_string(), |units| units.to_string());
            return Err(file.wrong_shape(&input, &self.shape_of_matrix(&rows.to_string(), &columns), &w_ih));
        };
        let biases = self.take_biases(file, &bias, rows)?;
        let is_absent = biases.is_none();
        let zeros = || matrix.zeros_like().select(1, 0).copy();
        let [b_ih, b_hh] = biases.unwrap_or_else(|| [zeros(), zeros()]);
        let tensors = [("weight_ih", of_input), ("weight_hh", matrix), ("bias_ih", b_ih), ("bias_hh", b_hh)];
        tensors.into_iter().for_each(|(kind, tensor)| file.insert(format!("{kind}_l{layer}"), tensor));
        Ok((hidden, is_absent.then_some(bias)))
    }

    /// Brings weights into PyTorch's shape `[G·H, …]`; `None` for another number of axes or of directions,
    /// or for an empty tensor.
    fn matrix(&self, weights: &Tensor) -> Option<Tensor> {
        let matrix = match (self.layout, weights.size().as_slice()) {
            (WeightsLayout::Keras, [_, _]) => weights.tr().contiguous(),
            (WeightsLayout::Onnx, [1, _, _]) => weights.squeeze_dim(0),
            _ => return None,
        };
        (matrix.numel() > 0).then_some(matrix)
    }

    /// The shape of weights in the file, for an error.
    fn shape_of_matrix(&self, rows: &str, columns: &str) -> String {
        match self.layout {
            WeightsLayout::Onnx => format!("[1, {rows}, {columns}] (one direction)"),
            _ => format!("[{columns}, {rows}]"),
        }
    }

    /// The shape of the biases of a cell with `rows` rows of weights.
    fn shape_of_biases(&self, name: CellName, rows: i64) -> Vec<i64> {
        match (self.layout, name) {
            (WeightsLayout::Onnx, _) => vec![1, 2 * rows],
            (_, CellName::Gru) => vec![2, rows],
            _ => vec![rows],
        }
    }

    /// Takes the biases of a layer, as that of the input and that of the state.
    fn take_biases(&self, file: &mut NamedTensors, bias: &str, rows: i64) -> Result<Option<[Tensor; 2]>> {
        let shape = self.shape_of_biases(self.cell, rows);
        let other = match self.cell {
            CellName::Gru => CellName::GruResetBefore,
            CellName::GruResetBefore => CellName::Gru,
            same => same,
        };
        let found = file.size_of(bias).filter(|found| *found != shape);
        if found.is_some_and(|found| found == self.shape_of_biases(other, rows)) {
            let tensor = file.take_any(bias)?;
            let expected = format!("{shape:?} for the cell `{}`, not of the cell `{other}`", self.cell);
            return Err(file.wrong_shape(bias, &expected, &tensor));
        }
        Ok(file.take_optional(bias, &shape)?.map(|biases| match shape.as_slice() {
            [1, both] => [0, both / 2].map(|start| biases.get(0).narrow(0, start, both / 2)),
            [2, _] => [biases.get(0), biases.get(1)],
            // Both biases of PyTorch are terms of the same sums.
            _ => [biases.shallow_clone(), biases.zeros_like()],
        }))
    }

    /// Brings the gradients of all parameters into the names and shapes of the file.
    pub fn results(&self, mut results: Tensors) -> Tensors {
        for layer in 0.. {
            let mut take = |kind: &str| results.remove(&format!("grad.{kind}_l{layer}"));
            let Some(w_ih) = take("weight_ih") else { break };
            let rest = ["weight_hh", "bias_ih", "bias_hh"].map(|kind| take(kind).expect("as for weight_ih"));
            let [w_hh, b_ih, b_hh] = rest;
            let weights = |matrix: Tensor| match self.layout {
                WeightsLayout::Onnx => matrix.unsqueeze(0),
                _ => matrix.tr(),
            };
            let biases = match (self.layout, self.cell) {
                (WeightsLayout::Onnx, _) => Tensor::cat(&[b_ih, b_hh], 0).unsqueeze(0),
                (_, CellName::Gru) => Tensor::stack(&[b_ih, b_hh], 0),
                _ => b_ih,
            };
            let [input, recurrent, bias] = self.names(layer);
            for (name, gradient) in [(input, weights(w_ih)), (recurrent, weights(w_hh)), (bias, biases)] {
                results.insert(format!("grad.{name}"), gradient);
            }
        }
        results
    }
}
