//! The input of a trace, read from the tensors of a file.

use std::path::Path;

use tch::{Device, Tensor};

use super::layers::{Form, layers};
use super::layout::{GateOrder, Layout};
use super::libraries::LibraryFile;
use super::named::NamedTensors;
use crate::cell::{CellName, Parameters, State, cell};
use crate::safetensors_io::Tensors;
use crate::settings::names::WeightsLayout;
use crate::support::error::{Error, Result};

/// The parameters, a sequence, and the gradient of its output.
pub struct TraceInput {
    /// The layers.
    pub parameters: Parameters,
    /// The sequence, `[T, B, I]`.
    pub input: Tensor,
    /// The initial states, one for each layer. The cell's first state if the file has none.
    pub initial_states: Vec<State>,
    /// ∂L/∂output, `[T, B, H]`. Ones at the last step if the file has none.
    pub grad_output: Tensor,
    /// The layout of the file, which results have too.
    pub layout: Layout,
    /// The names of the biases that the file does not have. They are zeros.
    pub zeros: Vec<String>,
}

/// The properties of a file that its tensors do not show.
#[derive(Debug, Clone, Copy)]
pub struct TraceOptions<'a> {
    /// The cell of the layers.
    pub cell: CellName,
    /// The names and shapes of the parameters.
    pub layout: WeightsLayout,
    /// The order of the blocks of gates, such as `iofg`; `None` for that of the layout.
    pub gates: Option<&'a str>,
    /// True if sequences are `[B, T, …]`. Those of Keras always are.
    pub batch_first: bool,
}

impl TraceOptions<'_> {
    /// The options of a file in PyTorch's default layout.
    pub fn of(cell: CellName) -> Self {
        TraceOptions { cell, layout: WeightsLayout::PyTorch, gates: None, batch_first: false }
    }

    fn layout(&self) -> Result<Layout> {
        let gates = GateOrder::of_file(self.gates, self.layout, self.cell);
        let option = if self.gates.is_some() { "--gates" } else { "--layout" };
        let gates = gates.map_err(|problem| Error::Usage(format!("{option}: {problem}")))?;
        Ok(Layout { gates, batch_first: self.is_batch_first(), library: None })
    }

    fn is_batch_first(&self) -> bool {
        self.batch_first || self.layout == WeightsLayout::Keras
    }

    /// The names of the axes of a sequence in the file, such as `[T, B, I]`.
    pub fn axes(&self, last: &str) -> String {
        let first = if self.is_batch_first() { "B, T" } else { "T, B" };
        format!("[{first}, {last}]")
    }
}

impl TraceInput {
    /// Reads the tensors of the file `path`, under their own names, on a device.
    ///
    /// # Errors
    /// An order of gates that the cell does not have. A tensor that is missing, has the wrong shape or dtype,
    /// has a number that is not finite, or belongs to another cell.
    pub fn new(options: TraceOptions, tensors: Tensors, path: &Path, device: Device) -> Result<TraceInput> {
        let (name, mut layout) = (options.cell, options.layout()?);
        let mut file = NamedTensors::new(tensors, path, device)?;
        file.refuse_other_layers()?;
        file.refuse_other_layout(name)?;
        layout.library = LibraryFile::new(options.layout, name, &file);
        let absent = layout.library.map_or(Ok(Vec::new()), |library| library.convert(&mut file))?;
        let hidden = file.hidden_size(name)?;
        let features = file.input_size(cell(name).gates().len() as i64 * hidden)?;
        let input = file.take_sequence("input", &format!("{} with nothing empty", options.axes("I")))?;
        if input.size()[2] != features {
            let expected = options.axes(&features.to_string());
            let [weights, _] = layout.first_weights();
            let expected = format!("{expected}, as `{weights}` is of {features} features");
            return Err(file.wrong_shape("input", &expected, &input));
        }
        let input = layout.sequence(input);
        let (steps, batch) = (input.size()[0], input.size()[1]);
        let form = Form { features, hidden, options: (input.kind(), device) };
        let (layers, zeros) = layers(name, &mut file, form, &layout)?;
        let zeros = [absent, zeros].concat();
        let initial_states = initial_states(name, &mut file, [layers.len() as i64, batch, hidden], &input)?;

        let shape = if layout.batch_first { [batch, steps, hidden] } else { [steps, batch, hidden] };
        let given = file.take_optional("grad_output", &shape)?.map(|gradient| layout.sequence(gradient));
        let grad_output = given.unwrap_or_else(|| {
            let zeros = Tensor::zeros([steps, batch, hidden], (input.kind(), device));
            let _ = zeros.get(steps - 1).fill_(1.0);
            zeros
        });
        file.expect_empty(name)?;
        let parameters = Parameters { cell: cell(name), layers };
        Ok(TraceInput { parameters, input, initial_states, grad_output, layout, zeros })
    }
}

/// Takes the initial states of all layers, such as `h0` and `c0`, of the given shape. A state that the file
/// does not have is that of [`crate::cell::Cell::zero_state`].
fn initial_states(
    name: CellName,
    file: &mut NamedTensors,
    shape: [i64; 3],
    like: &Tensor,
) -> Result<Vec<State>> {
    let [layers, batch, hidden] = shape;
    let cell = cell(name);
    let default = cell.zero_state(like, batch, hidden);
    let mut stacked = Vec::new();
    for (name, tensor) in default.named(cell.carried()) {
        let given = file.take_optional(&format!("{name}0"), &shape)?;
        stacked.push(given.unwrap_or_else(|| tensor.expand(shape, false)));
    }
    let of_layer = |layer| State::from_tensors(stacked.iter().map(|states| states.get(layer).copy()));
    Ok((0..layers).map(of_layer).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tch::Kind;

    use super::*;
    use crate::device::cpu;
    use crate::safetensors_io::{self, read};
    use crate::support::fuzz::fuzz;

    #[test]
    fn fuzz_safetensors_file_is_read_or_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.safetensors");
        let file = |names: &[(&str, &[i64])]| {
            let tensors = names
                .iter()
                .map(|(name, shape)| (name.to_string(), Tensor::ones(*shape, (Kind::Float, cpu()))));
            safetensors_io::write(&path, &tensors.collect()).unwrap();
            fs::read(&path).unwrap()
        };
        let lstm = file(&[("weight_ih_l0", &[8, 3]), ("weight_hh_l0", &[8, 2]), ("input", &[4, 1, 3])]);
        let gru =
            file(&[("rnn.weight_ih_l0", &[6, 1]), ("rnn.weight_hh_l0", &[6, 2]), ("rnn.bias_ih_l0", &[6])]);
        fuzz("safetensors", &[lstm, gru], |bytes| {
            fs::write(&path, bytes).unwrap();
            for cell in [CellName::Lstm, CellName::Gru] {
                let _ = read(&path)
                    .and_then(|tensors| TraceInput::new(TraceOptions::of(cell), tensors, &path, cpu()));
            }
        });
    }
}
