//! The input of a trace, read from the tensors of a file.

use std::path::Path;

use tch::{Device, Kind, Tensor};

use super::file_names::LENGTHS;
use super::layers::{Form, layers};
use super::layout::{GateOrder, Layout};
use super::libraries::LibraryFile;
use super::named::NamedTensors;
use crate::cell::{CellName, Parameters, State, cell};
use crate::device::dtype_name;
use crate::engine::{Direction, Lengths, Network};
use crate::error::Error as LibraryError;
use crate::safetensors_io::Tensors;
use crate::settings::names::WeightsLayout;
use crate::support::error::{Error, Result};

/// The parameters, a batch of sequences, and the gradient of their output.
pub struct TraceInput {
    /// The layers.
    pub network: Network,
    /// The sequences, `[T, B, I]`.
    pub input: Tensor,
    /// The lengths of the sequences. T if the file has none.
    pub lengths: Lengths,
    /// The initial states, one for each layer and direction, in the order of [`Network::run`]. The cell's
    /// first state if the file has none.
    pub initial_states: Vec<State>,
    /// ∂L/∂output, in the shape of the output, which joins both directions. If the file has none: ones at the
    /// step at which each direction ends.
    pub grad_output: Tensor,
    /// True if the file has no gradient of the output.
    pub has_default_loss: bool,
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
    pub fn new(
        options: TraceOptions,
        mut tensors: Tensors,
        path: &Path,
        device: Device,
    ) -> Result<TraceInput> {
        let (name, mut layout) = (options.cell, options.layout()?);
        let lengths = tensors.remove(LENGTHS);
        let mut file = NamedTensors::new(tensors, path, device)?;
        file.refuse_projections(name)?;
        file.refuse_other_layout(name)?;
        layout.library = LibraryFile::new(options.layout, name, &file);
        let absent = layout.library.map_or(Ok(Vec::new()), |library| library.convert(&mut file))?;
        let size = file.state_size(name)?;
        let features = file.input_size(cell(name).gates().len() as i64 * size.hidden)?;
        let input = file.take_sequence("input", &format!("{} with nothing empty", options.axes("I")))?;
        if input.size()[2] != features {
            let expected = options.axes(&features.to_string());
            let [weights, _] = layout.first_weights();
            let expected = format!("{expected}, as `{weights}` is of {features} features");
            return Err(file.wrong_shape("input", &expected, &input));
        }
        let input = layout.sequence(input);
        let (steps, batch) = (input.size()[0], input.size()[1]);
        let lengths = match lengths {
            Some(given) => given_lengths(&given, [steps, batch], path)?,
            None => Lengths::equal(steps, batch),
        };
        let directions = file.directions()?;
        let form = Form { features, size, directions, options: (input.kind(), device) };
        let (network, mut zeros) = network(name, &mut file, form, &layout)?;
        zeros.splice(..0, absent);
        let states = network.forward.layers.len() as i64 * directions;
        let initial_states = initial_states(&network.forward, &mut file, states, batch)?;

        let width = directions * size.output;
        let shape = if layout.batch_first { [batch, steps, width] } else { [steps, batch, width] };
        let given = file.take_optional("grad_output", &shape)?.map(|gradient| layout.sequence(gradient));
        let has_default_loss = given.is_none();
        let grad_output = given.unwrap_or_else(|| {
            let zeros = Tensor::zeros([steps, batch, width], (input.kind(), device));
            fill_ends(&zeros, &lengths, size.output);
            zeros
        });
        file.expect_empty(name)?;
        Ok(TraceInput {
            network,
            input,
            lengths,
            initial_states,
            grad_output,
            has_default_loss,
            layout,
            zeros,
        })
    }
}

/// Takes the layers of all directions, with the names of absent biases.
fn network(
    name: CellName,
    file: &mut NamedTensors,
    form: Form,
    layout: &Layout,
) -> Result<(Network, Vec<String>)> {
    let mut absent = Vec::new();
    let mut parameters = |direction| {
        let (layers, zeros) = layers(name, file, direction, form, layout)?;
        absent.extend(zeros);
        Ok::<_, Error>(Parameters { cell: cell(name), layers })
    };
    let forward = parameters(Direction::Forward)?;
    let reverse = if form.directions > 1 { Some(parameters(Direction::Reverse)?) } else { None };
    Ok((Network { forward, reverse }, absent))
}

/// Checks the lengths of a batch of T steps and B sequences.
fn given_lengths(given: &Tensor, [steps, batch]: [i64; 2], path: &Path) -> Result<Lengths> {
    if given.kind() != Kind::Int64 {
        let found = dtype_name(given.kind());
        return Err(Error::data(path, format!("expected `{LENGTHS}` in i64, found {found}")));
    }
    if given.size() != [batch] {
        let problem = format!(
            "expected `{LENGTHS}` of shape [{batch}], one for each sequence, found {:?}",
            given.size()
        );
        return Err(Error::data(path, problem));
    }
    let lengths = Vec::<i64>::try_from(given).map_err(|e| LibraryError::Torch(e.to_string()))?;
    match lengths.iter().zip(0..).find(|(length, _)| !(1..=steps).contains(*length)) {
        Some((length, sequence)) => {
            let problem = format!(
                "expected lengths from 1 to {steps}, the steps of `input`, in `{LENGTHS}`, found {length} at \
                 [{sequence}]"
            );
            Err(Error::data(path, problem))
        }
        None => Ok(Lengths::new(lengths)),
    }
}

/// Sets the gradient of the output `[T, B, H]` or `[T, B, 2·H]` to ones at the step at which each direction
/// of each sequence ends.
fn fill_ends(gradient: &Tensor, lengths: &Lengths, hidden: i64) {
    for (length, sequence) in lengths.each().iter().zip(0..) {
        for (end, start) in [length - 1, 0].into_iter().zip((0..gradient.size()[2]).step_by(hidden as usize))
        {
            let _ = gradient.get(end).get(sequence).narrow(0, start, hidden).fill_(1.0);
        }
    }
}

/// Takes the initial states of all layers and directions, such as `h0` and `c0`, for a batch of this size. A
/// state that the file does not have is that of [`crate::cell::Cell::zero_state`].
fn initial_states(p: &Parameters, file: &mut NamedTensors, states: i64, batch: i64) -> Result<Vec<State>> {
    let default = p.cell.zero_state(&p.layers[0], batch);
    let mut stacked = Vec::new();
    for (name, tensor) in default.named(p.cell.carried()) {
        let shape = [states, batch, tensor.size()[1]];
        let given = file.take_optional(&format!("{name}0"), &shape)?;
        stacked.push(given.unwrap_or_else(|| tensor.expand(shape, false)));
    }
    let state = |n| State::from_tensors(stacked.iter().map(|states| states.get(n).copy()));
    Ok((0..states).map(state).collect())
}
