//! The parameters of layers, taken from named tensors.

use tch::{Device, Kind, Tensor};

use super::layout::Layout;
use super::named::NamedTensors;
use crate::cell::{CellName, FurtherShape, LayerParameters, Recurrent, cell};
use crate::support::error::{Error, Result};

/// The sizes of the first layer, and the form of absent tensors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// The input features of the first layer, I.
    pub features: i64,
    /// The units of each layer, H.
    pub hidden: i64,
    /// The dtype and the device of absent tensors.
    pub options: (Kind, Device),
}

/// Takes the parameters of all layers, with the names of absent biases. Absent biases are zeros.
///
/// # Errors
/// A tensor that is missing or has the wrong shape.
pub(super) fn layers(
    name: CellName,
    file: &mut NamedTensors,
    form: Form,
    layout: &Layout,
) -> Result<(Vec<LayerParameters>, Vec<String>)> {
    let Form { features, hidden, options } = form;
    let (cell, gates) = (cell(name), cell(name).gates().len() as i64);
    let rows = gates * hidden;
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
        let below = if k == 0 { features } else { hidden };
        let w_ih = layout.parameter(file.take(&format!("weight_ih_l{k}"), &[rows, below])?);
        let weight = format!("weight_hh_l{k}");
        let (w_hh, bias_rows) = match cell.layout().recurrent {
            Recurrent::Matrices => (layout.parameter(file.take(&weight, &[rows, hidden])?), rows),
            Recurrent::Vector => (file.take(&weight, &[hidden])?, 0),
            Recurrent::None => {
                let given = file.take_optional(&weight, &[0, hidden])?;
                (given.unwrap_or_else(|| Tensor::zeros([0, hidden], options)), 0)
            }
        };
        let b_ih = bias(file, format!("bias_ih_l{k}"), rows)?;
        let b_hh = bias(file, format!("bias_hh_l{k}"), bias_rows)?;
        let further = cell.layout().further.iter().map(|further| {
            let tensor = file.take(&format!("{}_l{k}", further.name), &further.size(gates, hidden))?;
            Ok(if further.shape == FurtherShape::Gates { layout.parameter(tensor) } else { tensor })
        });
        let further = further.collect::<Result<_>>()?;
        layers.push(LayerParameters { w_ih, w_hh, b_ih, b_hh, further });
    }
    Ok((layers, absent))
}
