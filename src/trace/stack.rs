//! The parameters of a stack of layers in a file, without sequences.

use std::path::Path;

use super::file_names::FileNames;
use super::layers::{Form, layers};
use super::layout::{GateOrder, Layout};
use super::libraries::LibraryFile;
use super::named::NamedTensors;
use crate::cell::init::StackSize;
use crate::cell::{CellName, Parameters, Recurrent, cell};
use crate::device::cpu;
use crate::engine::Direction;
use crate::safetensors_io::TensorFile;
use crate::settings::names::WeightsLayout;
use crate::support::error::{Error, Result};

/// The stack of layers that is expected in a file.
#[derive(Debug, Clone, Copy)]
pub struct StackOptions<'a> {
    /// The cell of the layers.
    pub cell: CellName,
    /// The sizes of the layers.
    pub size: StackSize,
    /// The text before the names of the parameters; `None` for the only one in the file.
    pub prefix: Option<&'a str>,
    /// The order of the gates' blocks; `None` for that of the layout.
    pub gates: Option<&'a str>,
    /// The names and shapes of the parameters.
    pub layout: WeightsLayout,
}

/// Reads the parameters of a stack of layers from the file `path`, on the CPU. Other tensors are left alone.
///
/// # Errors
/// No parameters, or those of several stacks without a prefix. A tensor that is missing, has the wrong shape
/// or dtype, has a number that is not finite, or belongs to another cell.
pub fn read_stack(file: &TensorFile, path: &Path, options: StackOptions) -> Result<Parameters> {
    let StackOptions { cell: name, size, prefix, gates: order, layout } = options;
    let key = if order.is_some() { "gates" } else { "layout" };
    let gates = GateOrder::of_file(order, layout, name);
    let gates = gates.map_err(|problem| Error::data(path, format!("`{key}`: {problem}")))?;
    let names = FileNames::find(&file.names()?, layout, prefix, "`prefix`", path)?;
    let mut tensors = NamedTensors::new(names.parameters(file)?, path, cpu())?;
    tensors.refuse_projections(name)?;
    let library = LibraryFile::new(layout, name, &tensors);
    let reverse = match &library {
        Some(library) => library.first_reverse(&tensors),
        None => tensors.first_reverse().map(String::from),
    };
    if let Some(reverse) = reverse {
        let layout = if library.is_some() { format!(" --layout {layout}") } else { String::new() };
        let problem = format!(
            "expected layers of the forward direction alone, found `{reverse}` of a reverse direction; \
             `lstm-lab trace {} --cell {name}{layout}` measures both directions",
            path.display()
        );
        return Err(Error::data(path, problem));
    }
    library.map_or(Ok(Vec::new()), |library| library.convert(&mut tensors))?;
    let layout = Layout { gates, batch_first: false, library };
    expect_sizes(&tensors, name, size, (&layout, path))?;
    let options = (tensors.dtype(), cpu());
    let form = Form { features: size.input_size, size: size.state_size(), directions: 1, options };
    let (layers, _) = layers(name, &mut tensors, Direction::Forward, form, &layout)?;
    tensors.expect_empty(name)?;
    Ok(Parameters { cell: cell(name), layers })
}

/// Refuses other sizes than those of the config before single tensors are compared.
fn expect_sizes(
    file: &NamedTensors,
    name: CellName,
    size: StackSize,
    (layout, path): (&Layout, &Path),
) -> Result<()> {
    let StackSize { input_size, hidden_size, layers, .. } = size;
    let found = match cell(name).layout().recurrent {
        Recurrent::Matrices => file.state_size(name)?,
        Recurrent::Vector | Recurrent::None => size.state_size(),
    };
    let features = file.input_size(cell(name).gates().len() as i64 * found.hidden)?;
    let [of_input, of_state] = layout.first_weights().map(|name| format!("`{name}`"));
    for (key, tensor, expected, found) in [
        ("hidden_size", of_state.clone(), hidden_size, found.hidden),
        ("proj_size", of_state, size.state_size().output, found.output),
        ("input_size", of_input, input_size, features),
        ("layers", "the names".to_string(), layers as i64, file.layers() as i64),
    ] {
        if expected != found {
            let problem = format!("expected {key} = {expected}, as in the config, found {found} by {tensor}");
            return Err(Error::data(path, problem));
        }
    }
    Ok(())
}
