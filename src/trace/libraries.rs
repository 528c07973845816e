//! The parameters of Keras and ONNX in PyTorch's names and shapes, and gradients in those of the file.

use tch::Tensor;

use super::named::{NamedTensors, REVERSE};
use crate::cell::{CellName, cell};
use crate::engine::Direction;
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
    /// The directions of each layer: 1 or 2.
    directions: i64,
}

/// The sizes that a layer has in common with the tensors before it.
#[derive(Default)]
struct Known {
    /// The units H, and the tensor that they are of.
    units: Option<(i64, String)>,
    /// The features that the layer reads.
    features: Option<i64>,
}

/// The weights and biases of one direction of a layer, with PyTorch's kinds.
type Part = [(&'static str, Tensor); 4];

impl LibraryFile {
    /// The parameters among the tensors of a file; `None` for a file in PyTorch's layout.
    pub fn new(layout: WeightsLayout, cell: CellName, file: &NamedTensors) -> Option<LibraryFile> {
        let kinds = kinds(layout)?;
        let is_numbered = file.size_of(kinds[1]).is_none();
        let mut found = LibraryFile { layout, cell, kinds, is_numbered, directions: 1 };
        let is_both = match layout {
            WeightsLayout::Onnx => {
                file.size_of(&found.first_weights()[1]).is_some_and(|size| size.first() == Some(&2))
            }
            _ => file.first_reverse().is_some(),
        };
        found.directions += i64::from(is_both);
        Some(found)
    }

    /// The first tensor of a reverse direction; `None` in a file of one direction.
    pub fn first_reverse(&self, file: &NamedTensors) -> Option<String> {
        let of_both = (self.directions > 1).then(|| self.first_weights()[1].clone());
        file.first_reverse().map(String::from).or(of_both)
    }

    /// The names of the first layer's weights in the file: of the input, and of the state.
    pub fn first_weights(&self) -> [String; 2] {
        let [input, recurrent, _] = self.names(0, Direction::Forward);
        [input, recurrent]
    }

    /// Brings the parameters of all layers into PyTorch's names and shapes. The gates keep their order.
    /// Returns the names of absent biases, which become zeros.
    ///
    /// # Errors
    /// A tensor that is missing or has the wrong shape.
    pub fn convert(&self, file: &mut NamedTensors) -> Result<Vec<String>> {
        if let (WeightsLayout::Onnx, Some(name)) = (self.layout, file.first_reverse()) {
            let expected = "expected layers that read forward or in both directions";
            return Err(file.problem(&format!("{expected}, found `{name}` of a reverse direction alone")));
        }
        let plain = |name: &'_ String| name.strip_suffix(REVERSE).unwrap_or(name).to_string();
        let number = |name: &String| plain(name).rsplit_once('_')?.1.parse::<usize>().ok();
        let last = file.names().iter().filter_map(number).max().filter(|_| self.is_numbered);
        let (mut absent, mut known) = (Vec::new(), Known::default());
        for layer in 0..=last.unwrap_or(0) {
            for (names, directions) in self.tensors_of(layer) {
                let parts = self.take(file, &names, &mut known, &mut absent)?;
                for (direction, part) in directions.iter().zip(parts) {
                    let end = end(*direction);
                    part.into_iter()
                        .for_each(|(kind, tensor)| file.insert(format!("{kind}_l{layer}{end}"), tensor));
                }
            }
            known.features = known.units.as_ref().map(|(units, _)| self.directions * units);
        }
        Ok(absent)
    }

    /// The names of a layer's parameters in one direction: the weights of the input, those of the state, and
    /// the biases. The tensors of ONNX have both directions.
    fn names(&self, layer: usize, direction: Direction) -> [String; 3] {
        let end = if self.layout == WeightsLayout::Onnx { "" } else { end(direction) };
        self.kinds.map(|kind| match self.is_numbered {
            true => format!("{kind}_{layer}{end}"),
            false => format!("{kind}{end}"),
        })
    }

    /// The names of a layer's parameters, with the directions that these tensors have.
    fn tensors_of(&self, layer: usize) -> Vec<([String; 3], &'static [Direction])> {
        let all = &Direction::ALL[..self.directions as usize];
        match self.layout {
            WeightsLayout::Onnx => vec![(self.names(layer, Direction::Forward), all)],
            _ => all.chunks(1).map(|one| (self.names(layer, one[0]), one)).collect(),
        }
    }

    /// Takes the parameters of a layer that have these names, for each direction that they have.
    fn take(
        &self,
        file: &mut NamedTensors,
        [input, recurrent, bias]: &[String; 3],
        known: &mut Known,
        absent: &mut Vec<String>,
    ) -> Result<Vec<Part>> {
        let gates = cell(self.cell).gates().len() as i64;
        let given = file.take_any(recurrent)?;
        let expected = self.shape_of_matrix(&format!("{gates}·H"), "H");
        let Some(of_state) = self.matrices(&given) else {
            return Err(file.wrong_shape(recurrent, &expected, &given));
        };
        let (rows, hidden) = (of_state[0].size()[0], of_state[0].size()[1]);
        if rows != gates * hidden {
            return Err(file.wrong_gates(recurrent, &expected, self.cell, &given.size(), (rows, hidden)));
        }
        if let Some((units, first)) = known.units.as_ref().filter(|(units, _)| *units != hidden) {
            let expected = self.shape_of_matrix(&format!("{}", gates * units), &format!("{units}"));
            return Err(file.wrong_shape(recurrent, &format!("{expected}, as `{first}`"), &given));
        }
        known.units.get_or_insert_with(|| (hidden, recurrent.clone()));
        let given = file.take_any(input)?;
        let fits = |matrices: &Vec<Tensor>| {
            let size = matrices[0].size();
            size[0] == rows && known.features.is_none_or(|features| size[1] == features)
        };
        let Some(of_input) = self.matrices(&given).filter(fits) else {
            let columns = known.features.map_or("I".to_string(), |features| features.to_string());
            return Err(file.wrong_shape(input, &self.shape_of_matrix(&rows.to_string(), &columns), &given));
        };
        known.features.get_or_insert_with(|| of_input[0].size()[1]);
        let biases = self.take_biases(file, bias, rows)?;
        absent.extend(biases.is_none().then(|| bias.clone()));
        let zeros =
            || of_state.iter().map(|matrix| [(); 2].map(|()| matrix.zeros_like().select(1, 0).copy()));
        let biases = biases.unwrap_or_else(|| zeros().collect());
        let matrices = of_input.into_iter().zip(of_state).zip(biases);
        let part = |((w_ih, w_hh), [b_ih, b_hh]): ((Tensor, Tensor), [Tensor; 2])| {
            [("weight_ih", w_ih), ("weight_hh", w_hh), ("bias_ih", b_ih), ("bias_hh", b_hh)]
        };
        Ok(matrices.map(part).collect())
    }

    /// Brings weights into PyTorch's shape `[G·H, …]`, one matrix for each direction that they have; `None`
    /// for another number of axes or of directions, or for an empty tensor.
    fn matrices(&self, weights: &Tensor) -> Option<Vec<Tensor>> {
        let matrices = match (self.layout, weights.size().as_slice()) {
            (WeightsLayout::Keras, [_, _]) => vec![weights.tr().contiguous()],
            (WeightsLayout::Onnx, [count, _, _]) if *count == self.directions => weights.unbind(0),
            _ => return None,
        };
        (weights.numel() > 0).then_some(matrices)
    }

    /// The shape of weights in the file, for an error.
    fn shape_of_matrix(&self, rows: &str, columns: &str) -> String {
        match (self.layout, self.directions) {
            (WeightsLayout::Onnx, 1) => format!("[1, {rows}, {columns}] (one direction)"),
            (WeightsLayout::Onnx, _) => format!("[2, {rows}, {columns}] (both directions)"),
            _ => format!("[{columns}, {rows}]"),
        }
    }

    /// The shape of the biases of a cell with `rows` rows of weights.
    fn shape_of_biases(&self, name: CellName, rows: i64) -> Vec<i64> {
        match (self.layout, name) {
            (WeightsLayout::Onnx, _) => vec![self.directions, 2 * rows],
            (_, CellName::Gru) => vec![2, rows],
            _ => vec![rows],
        }
    }

    /// Takes the biases of a layer, as that of the input and that of the state, for each direction.
    fn take_biases(
        &self,
        file: &mut NamedTensors,
        bias: &str,
        rows: i64,
    ) -> Result<Option<Vec<[Tensor; 2]>>> {
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
        let halves = |biases: Tensor| [0, rows].map(|start| biases.narrow(0, start, rows));
        Ok(file.take_optional(bias, &shape)?.map(|biases| match (self.layout, self.cell) {
            (WeightsLayout::Onnx, _) => biases.unbind(0).into_iter().map(halves).collect(),
            (_, CellName::Gru) => vec![[biases.get(0), biases.get(1)]],
            // Both biases of PyTorch are terms of the same sums.
            _ => vec![[biases.shallow_clone(), biases.zeros_like()]],
        }))
    }

    /// Brings the gradients of all parameters into the names and shapes of the file.
    pub fn results(&self, mut results: Tensors) -> Tensors {
        let layers =
            (0..).take_while(|layer| results.contains_key(&format!("grad.weight_ih_l{layer}"))).count();
        for layer in 0..layers {
            for (names, directions) in self.tensors_of(layer) {
                let parts: Vec<[Tensor; 3]> = directions
                    .iter()
                    .map(|direction| self.gradients(&mut results, layer, *direction))
                    .collect();
                for (n, name) in names.iter().enumerate() {
                    let of_directions = parts.iter().map(|part| &part[n]);
                    let gradient = match self.layout {
                        WeightsLayout::Onnx => Tensor::stack(&of_directions.collect::<Vec<_>>(), 0),
                        _ => parts[0][n].shallow_clone(),
                    };
                    results.insert(format!("grad.{name}"), gradient);
                }
            }
        }
        results
    }

    /// Takes the gradients of one direction of a layer, in the shapes of the file without the directions.
    fn gradients(&self, results: &mut Tensors, layer: usize, direction: Direction) -> [Tensor; 3] {
        let [w_ih, w_hh, b_ih, b_hh] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(|kind| {
            let name = format!("grad.{kind}_l{layer}{}", end(direction));
            results.remove(&name).expect("each layer has its gradients in all directions")
        });
        match (self.layout, self.cell) {
            (WeightsLayout::Onnx, _) => [w_ih, w_hh, Tensor::cat(&[b_ih, b_hh], 0)],
            (_, CellName::Gru) => [w_ih.tr(), w_hh.tr(), Tensor::stack(&[b_ih, b_hh], 0)],
            _ => [w_ih.tr(), w_hh.tr(), b_ih],
        }
    }
}

/// The end of the names of a direction's parameters.
fn end(direction: Direction) -> &'static str {
    if direction == Direction::Reverse { REVERSE } else { "" }
}
