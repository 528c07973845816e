//! The parameters of a stack of layers, under PyTorch's names and shapes. Every engine takes the same
//! parameters.

use tch::{Device, Kind, Tensor, nn};

use super::layer::LayerParameters;
use super::layout::StateSize;
use super::name::CellName;
use super::step::Cell;

/// The parameters of a stack of layers of one cell.
#[derive(Debug)]
pub struct Parameters {
    /// The cell of every layer.
    pub cell: &'static dyn Cell,
    /// The layers, from the input upwards.
    pub layers: Vec<LayerParameters>,
}

impl Parameters {
    /// Returns all tensors, layer by layer: w_ih, w_hh, b_ih, b_hh as in libtorch, then further ones.
    pub fn tensors(&self) -> Vec<&Tensor> {
        self.layers.iter().flat_map(LayerParameters::tensors).collect()
    }

    /// Returns all tensors with their names (`weight_ih_l0`), in the order of [`Parameters::tensors`].
    pub fn named(&self) -> Vec<(String, &Tensor)> {
        let layers = self.layers.iter().enumerate();
        layers.flat_map(|(k, layer)| names(self.cell, k).into_iter().zip(layer.tensors())).collect()
    }

    /// Returns the parameters of the layers 0, 1, … whose tensors `take` finds by name. The first layer
    /// with a missing tensor ends the stack.
    pub fn from_named(cell: &'static dyn Cell, mut take: impl FnMut(&str) -> Option<Tensor>) -> Parameters {
        let layer = |k: usize| {
            let mut tensors = names(cell, k).into_iter().map(|name| take(&name));
            let mut next = || tensors.next().flatten();
            let (w_ih, w_hh, b_ih, b_hh) = (next()?, next()?, next()?, next()?);
            Some(LayerParameters { w_ih, w_hh, b_ih, b_hh, further: tensors.collect::<Option<_>>()? })
        };
        Parameters { cell, layers: (0..).map_while(layer).collect() }
    }

    /// Returns copies that are leaves of the autograd graph and require a gradient.
    pub fn leaves(&self) -> Parameters {
        self.map(|tensor| tensor.detach().copy().set_requires_grad(true))
    }

    /// Adds copies to a `VarStore` of tch, as f32 variables under PyTorch's names, and returns handles on
    /// them. An optimizer built on the `VarStore` then trains the parameters.
    pub fn in_var_store(&self, path: &nn::Path) -> Parameters {
        let mut names = self.named().into_iter().map(|(name, _)| name);
        self.map(|tensor| path.var_copy(&names.next().expect("one name for each tensor"), tensor))
    }

    /// Returns copies of the given dtype on the given device.
    pub fn to(&self, kind: Kind, device: Device) -> Parameters {
        let moved = self.map(|tensor| tensor.to_device(device).to_kind(kind));
        moved.flatten_for_cudnn();
        moved
    }

    /// Returns the number of features of the input at each step, I.
    pub fn input_size(&self) -> i64 {
        self.layers[0].w_ih.size()[1]
    }

    /// Returns the number of units of each layer, H.
    pub fn hidden_size(&self) -> i64 {
        self.state_size().hidden
    }

    /// Returns the size of h of each layer: P with a projection, else H.
    pub fn output_size(&self) -> i64 {
        self.state_size().output
    }

    fn state_size(&self) -> StateSize {
        self.layers[0].state_size(self.cell.gates().len())
    }

    fn map(&self, mut change: impl FnMut(&Tensor) -> Tensor) -> Parameters {
        let layers = self.layers.iter().map(|layer| layer.map(&mut change)).collect();
        Parameters { cell: self.cell, layers }
    }

    /// Moves all weights into one block of memory for cuDNN, which otherwise copies them at every call.
    fn flatten_for_cudnn(&self) {
        let first = &self.layers[0].w_ih;
        if !(first.device().is_cuda() && tch::Cuda::cudnn_is_available()) {
            return;
        }
        // cuDNN's numbers for its RNN modes: 0 is ReLU, 1 is tanh, 2 the LSTM, 3 the GRU.
        let mode = match self.cell.name() {
            Some(CellName::ReluRnn) => 0,
            Some(CellName::Rnn) => 1,
            Some(CellName::Lstm | CellName::LstmProjected) => 2,
            Some(CellName::Gru) => 3,
            _ => return,
        };
        tch::no_grad(|| {
            let (input, hidden, layers) = (self.input_size(), self.hidden_size(), self.layers.len() as i64);
            let proj_size = if self.cell.layout().has_projection() { self.output_size() } else { 0 };
            let tensors = self.tensors();
            let each = tensors.len() as i64 / layers;
            // The call works in place and returns the block that the tensors are now views of.
            let _ = Tensor::internal_cudnn_rnn_flatten_weight(
                &tensors, each, input, mode, hidden, proj_size, layers, false, false,
            );
        });
    }
}

/// Returns the names of the parameters of layer k: PyTorch's, then those of further parameters.
fn names(cell: &dyn Cell, k: usize) -> Vec<String> {
    let pytorch = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].into_iter();
    pytorch
        .chain(cell.layout().further.iter().map(|further| further.name))
        .map(|name| format!("{name}_l{k}"))
        .collect()
}
