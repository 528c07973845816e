//! The input of a trace, read from the tensors of a file.

use std::path::Path;

use tch::{Device, Tensor};

use super::named::NamedTensors;
use crate::cell::{CellName, LayerParameters, Parameters, State, cell};
use crate::safetensors_io::Tensors;
use crate::support::error::Result;

/// The parameters, a sequence, and the gradient of its output.
pub struct TraceInput {
    /// The layers.
    pub parameters: Parameters,
    /// The sequence, `[T, B, I]`.
    pub input: Tensor,
    /// The initial states, one for each layer. Zeros if the file has none.
    pub initial_states: Vec<State>,
    /// ∂L/∂output, `[T, B, H]`. Ones at the last step if the file has none.
    pub grad_output: Tensor,
}

impl TraceInput {
    /// Reads the tensors of the file `path`, on a device.
    ///
    /// # Errors
    /// A tensor is missing, has the wrong shape, has a number that is not finite, or has an unknown name.
    pub fn new(name: CellName, tensors: Tensors, path: &Path, device: Device) -> Result<TraceInput> {
        let mut file = NamedTensors::new(tensors, path, device)?;
        let input = file.take_any("input", "[T, B, I]", 3)?;
        let (steps, batch) = (input.size()[0], input.size()[1]);
        if steps < 1 || batch < 1 || input.size()[2] < 1 {
            return Err(file.wrong_shape("input", "[T, B, I] with nothing empty", &input));
        }
        let parameters = Parameters { cell: name, layers: layers(name, &mut file, input.size()[2])? };
        let hidden = parameters.hidden_size();
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (input.kind(), device));

        let state = [parameters.layers.len() as i64, batch, hidden];
        let h0 = file.take_optional("h0", &state)?.unwrap_or_else(|| zeros(&state));
        let c0 = match cell(name).has_c() {
            true => Some(file.take_optional("c0", &state)?.unwrap_or_else(|| zeros(&state))),
            false => None,
        };
        let layer_of = |states: &Tensor, layer: i64| states.get(layer).copy();
        let initial_states = (0..state[0])
            .map(|layer| State { h: layer_of(&h0, layer), c: c0.as_ref().map(|c0| layer_of(c0, layer)) })
            .collect();

        let shape = [steps, batch, hidden];
        let grad_output = file.take_optional("grad_output", &shape)?.unwrap_or_else(|| {
            let zeros = zeros(&shape);
            let _ = zeros.get(steps - 1).fill_(1.0);
            zeros
        });
        file.expect_empty(name)?;
        Ok(TraceInput { parameters, input, initial_states, grad_output })
    }
}

/// Takes the parameters of all layers. The first layer has `input_size` features.
fn layers(name: CellName, file: &mut NamedTensors, input_size: i64) -> Result<Vec<LayerParameters>> {
    let gates = cell(name).gates().len() as i64;
    let hidden = file.shape_of("weight_hh_l0", "[gates·H, H]", 2)?[1];
    let mut below = input_size;
    let mut layers = Vec::new();
    while layers.is_empty() || file.has_layer(layers.len()) {
        let k = layers.len();
        layers.push(LayerParameters {
            w_ih: file.take(&format!("weight_ih_l{k}"), &[gates * hidden, below])?,
            w_hh: file.take(&format!("weight_hh_l{k}"), &[gates * hidden, hidden])?,
            b_ih: file.take(&format!("bias_ih_l{k}"), &[gates * hidden])?,
            b_hh: file.take(&format!("bias_hh_l{k}"), &[gates * hidden])?,
        });
        below = hidden;
    }
    Ok(layers)
}
