//! The parameters of layers, taken from named tensors.

use tch::{Device, Kind, Tensor};

use super::layout::Layout;
use super::named::{NamedTensors, REVERSE};
use crate::cell::{CellName, FurtherShape, LayerParameters, Recurrent, StateSize, cell};
use crate::engine::Direction;
use crate::support::error::{Error, Result};

/// The sizes of the first layer, and the form of absent tensors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// The input features of the first layer, I.
    pub features: i64,
    /// The sizes of the states of each layer.
    pub size: StateSize,
    /// The directions of each layer, whose outputs the layer above reads: 1 or 2.
    pub directions: i64,
    /// The dtype and the device of absent tensors.
    pub options: (Kind, Device),
}

/// Takes the parameters of all layers in one direction, with the names of absent biases, which are zeros.
///
/// # Errors
/// A tensor that is missing or has the wrong shape.
pub(super) fn layers(
    name: CellName,
    file: &mut NamedTensors,
    direction: Direction,
    form: Form,
    layout: &Layout,
) -> Result<(Vec<LayerParameters>, Vec<String>)> {
    let Form { features, size, directions, options } = form;
    let (cell, gates) = (cell(name), cell(name).gates().len() as i64);
    let rows = gates * size.hidden;
    let recurrent = cell.layout().recurrent_shape(gates, size);
    let bias_rows = cell.layout().recurrent_bias(gates, size);
    let mut absent = Vec::new();
    let mut bias = |file: &mut NamedTensors, name: String, rows: i64| {
        Ok::<_, Error>(match file.take_optional(&name, &[rows])? {
            Some(bias) if rows > 0 => layout.parameter(bias),
            Some(empty) => empty,
            None => {
                absent.extend((rows > 0).then_some(name));
                Tensor::zeros([rows], options)
            }
        })
    };
    let mut layers = Vec::new();
    for k in 0..file.layers() {
        let below = if k == 0 { features } else { directions * size.output };
        let named = |kind: &str| parameter_name(kind, k, direction);
        let w_ih = layout.parameter(file.take(&named("weight_ih"), &[rows, below])?);
        let weight = named("weight_hh");
        let w_hh = match cell.layout().recurrent {
            Recurrent::Matrices => layout.parameter(file.take(&weight, &recurrent)?),
            Recurrent::Vector => file.take(&weight, &recurrent)?,
            Recurrent::None => {
                let given = file.take_optional(&weight, &recurrent)?;
                given.unwrap_or_else(|| Tensor::zeros(&recurrent[..], options))
            }
        };
        let b_ih = bias(file, named("bias_ih"), rows)?;
        let b_hh = bias(file, named("bias_hh"), bias_rows)?;
        let further = cell.layout().further.iter().map(|further| {
            let tensor = file.take(&named(further.name), &further.size(gates, size))?;
            Ok(if further.shape == FurtherShape::Gates { layout.parameter(tensor) } else { tensor })
        });
        let further = further.collect::<Result<_>>()?;
        layers.push(LayerParameters { w_ih, w_hh, b_ih, b_hh, further });
    }
    Ok((layers, absent))
}

/// The name of a parameter in a file, such as `weight_ih_l0_reverse`.
fn parameter_name(kind: &str, layer: usize, direction: Direction) -> String {
    match direction {
        Direction::Forward => format!("{kind}_l{layer}"),
        Direction::Reverse => format!("{kind}_l{layer}{REVERSE}"),
    }
}
