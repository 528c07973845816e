//! All parameters of a model in one vector, so that an optimizer step needs few operations for any
//! number of parameters.

use tch::{Device, Kind, Tensor, no_grad};

use crate::engine::gradients;

/// Named parameters that are views of one vector.
#[derive(Debug)]
pub struct Weights {
    /// All numbers.
    flat: Tensor,
    /// Leaves of the autograd graph.
    named: Vec<(String, Tensor)>,
}

impl Weights {
    /// Copies of the given tensors.
    pub fn new(initial: Vec<(String, Tensor)>, kind: Kind, device: Device) -> Weights {
        let rows: Vec<Tensor> = initial.iter().map(|(_, tensor)| tensor.reshape([-1])).collect();
        let flat = Tensor::cat(&rows, 0).to_kind(kind).to_device(device).contiguous();
        let mut start = 0;
        let leaf = |(name, tensor): (String, Tensor)| {
            let count = tensor.numel() as i64;
            let view = flat.narrow(0, start, count).view(tensor.size().as_slice());
            start += count;
            (name, view.detach().set_requires_grad(true))
        };
        let named = initial.into_iter().map(leaf).collect();
        Weights { flat, named }
    }

    /// The parameter of that name.
    ///
    /// # Panics
    /// The model defines no such parameter.
    pub fn get(&self, name: &str) -> Tensor {
        self.find(name).unwrap_or_else(|| panic!("the model has no parameter `{name}`"))
    }

    /// The parameter of that name, if the model has it.
    pub fn find(&self, name: &str) -> Option<Tensor> {
        let found = self.named.iter().find(|(known, _)| known == name);
        found.map(|(_, tensor)| tensor.shallow_clone())
    }

    /// Weight and bias of the layer of that name.
    pub fn pair(&self, name: &str) -> [Tensor; 2] {
        ["weight", "bias"].map(|part| self.get(&format!("{name}.{part}")))
    }

    /// Names and parameters, in the order of the vector.
    pub fn named(&self) -> &[(String, Tensor)] {
        &self.named
    }

    /// The number of parameters.
    pub fn count(&self) -> usize {
        self.flat.numel()
    }

    /// All parameters as one vector; writing to it changes the parameters.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// The gradient of a loss, as one vector like [`Weights::flat`].
    pub fn gradient(&self, loss: &Tensor) -> Tensor {
        let leaves: Vec<&Tensor> = self.named.iter().map(|(_, tensor)| tensor).collect();
        let rows = gradients(loss, &leaves).into_iter().map(|gradient| gradient.reshape([-1]));
        no_grad(|| Tensor::cat(&rows.collect::<Vec<_>>(), 0))
    }
}
