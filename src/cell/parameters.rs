//! One set of parameters under PyTorch's names and shapes, the same for every engine.

use tch::{Device, Kind, Tensor};

use super::{Cell, CellName, Gate, cell};

/// The parameters of one layer; G is the number of gates.
#[derive(Debug)]
pub struct LayerParameters {
    /// `weight_ih_l{k}`, `[G·H, I]` (I is H above the first layer).
    pub w_ih: Tensor,
    /// `weight_hh_l{k}`, `[G·H, H]`.
    pub w_hh: Tensor,
    /// `bias_ih_l{k}`, `[G·H]`.
    pub b_ih: Tensor,
    /// `bias_hh_l{k}`, `[G·H]`.
    pub b_hh: Tensor,
}

impl LayerParameters {
    /// The four tensors in libtorch's order.
    pub fn tensors(&self) -> [&Tensor; 4] {
        [&self.w_ih, &self.w_hh, &self.b_ih, &self.b_hh]
    }

    /// Units of the layer, H.
    pub fn hidden_size(&self) -> i64 {
        self.w_hh.size()[1]
    }

    /// Each gate's own matrices and biases, as views that gradients flow through.
    pub fn gates(&self, count: usize) -> Vec<Gate> {
        let cut = |tensor: &Tensor| tensor.chunk(count as i64, 0).into_iter();
        cut(&self.w_ih)
            .zip(cut(&self.w_hh))
            .zip(cut(&self.b_ih).zip(cut(&self.b_hh)))
            .map(|((w_x, w_h), (b_x, b_h))| Gate { w_x, w_h, b_x, b_h })
            .collect()
    }

    fn map(&self, change: impl Fn(&Tensor) -> Tensor) -> LayerParameters {
        LayerParameters {
            w_ih: change(&self.w_ih),
            w_hh: change(&self.w_hh),
            b_ih: change(&self.b_ih),
            b_hh: change(&self.b_hh),
        }
    }
}

/// The parameters of a stack of layers of one cell.
#[derive(Debug)]
pub struct Parameters {
    /// Which cell they are for.
    pub cell: CellName,
    /// One entry a layer, from the input upwards.
    pub layers: Vec<LayerParameters>,
}

impl Parameters {
    /// The cell's equations.
    pub fn cell(&self) -> &'static dyn Cell {
        cell(self.cell)
    }

    /// All tensors in libtorch's order: for each layer w_ih, w_hh, b_ih, b_hh.
    pub fn tensors(&self) -> Vec<&Tensor> {
        self.layers.iter().flat_map(LayerParameters::tensors).collect()
    }

    /// All tensors with PyTorch's names, in the same order.
    pub fn named(&self) -> Vec<(String, &Tensor)> {
        let names = ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"];
        let mut named = Vec::with_capacity(4 * self.layers.len());
        for (k, layer) in self.layers.iter().enumerate() {
            named.extend(names.map(|name| format!("{name}{k}")).into_iter().zip(layer.tensors()));
        }
        named
    }

    /// Copies that autograd treats as leaves: gradients are taken with respect to them.
    pub fn leaves(&self) -> Parameters {
        self.map(|tensor| tensor.detach().copy().set_requires_grad(true))
    }

    /// Copies of the given type on the given device.
    pub fn to(&self, kind: Kind, device: Device) -> Parameters {
        let moved = self.map(|tensor| tensor.to_device(device).to_kind(kind));
        moved.flatten_for_cudnn();
        moved
    }

    /// Features of the input at each step, I.
    pub fn input_size(&self) -> i64 {
        self.layers[0].w_ih.size()[1]
    }

    /// Units of each layer, H.
    pub fn hidden_size(&self) -> i64 {
        self.layers[0].hidden_size()
    }

    fn map(&self, change: impl Fn(&Tensor) -> Tensor) -> Parameters {
        let layers = self.layers.iter().map(|layer| layer.map(&change)).collect();
        Parameters { cell: self.cell, layers }
    }

    /// cuDNN wants all weights in one piece of memory; without that it copies them at every call.
    fn flatten_for_cudnn(&self) {
        let first = &self.layers[0].w_ih;
        if !(first.device().is_cuda() && tch::Cuda::cudnn_is_available()) {
            return;
        }
        // cuDNN's numbers for its RNN modes: 1 is tanh, 2 the LSTM, 3 the GRU.
        let mode = match self.cell {
            CellName::Rnn => 1,
            CellName::Lstm => 2,
            CellName::Gru => 3,
        };
        tch::no_grad(|| {
            let (input, hidden, layers) = (self.input_size(), self.hidden_size(), self.layers.len() as i64);
            let tensors = self.tensors();
            // It works in place; what it returns is the one piece that the tensors are now views of.
            let _ = Tensor::internal_cudnn_rnn_flatten_weight(
                &tensors, 4, input, mode, hidden, 0, layers, false, false,
            );
        });
    }
}
