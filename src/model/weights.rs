//! All parameters of a model in one piece of memory, so that an optimizer's step is a few operations however many there are.

use tch::{Device, Kind, Tensor, no_grad};

/// Named parameters that are views of one vector.
#[derive(Debug)]
pub struct Weights {
    /// All numbers, one after the other.
    flat: Tensor,
    /// Each a leaf of the autograd graph.
    named: Vec<(String, Tensor)>,
}

impl Weights {
    /// Copies of the given tensors.
    pub fn new(initial: Vec<(String, Tensor)>, kind: Kind, on: Device) -> Weights {
        let rows: Vec<Tensor> = initial.iter().map(|(_, tensor)| tensor.reshape([-1])).collect();
        let flat = Tensor::cat(&rows, 0).to_kind(kind).to_device(on).contiguous();
        let mut from = 0;
        let leaf = |(name, tensor): (String, Tensor)| {
            let count = tensor.numel() as i64;
            let view = flat.narrow(0, from, count).view(tensor.size().as_slice());
            from += count;
            (name, view.detach().set_requires_grad(true))
        };
        let named = initial.into_iter().map(leaf).collect();
        Weights { flat, named }
    }

    /// The parameter of that name, which the model itself has put there.
    pub fn get(&self, name: &str) -> Tensor {
        let found = self.named.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("the model has no parameter `{name}`")).1.shallow_clone()
    }

    /// Names and parameters, in their order.
    pub fn named(&self) -> &[(String, Tensor)] {
        &self.named
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.flat.numel()
    }

    /// All numbers in one vector; what is written there is written to the parameters.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// The gradient of a loss, as one vector like [`Weights::flat`].
    pub fn gradient(&self, loss: &Tensor) -> Tensor {
        let leaves: Vec<&Tensor> = self.named.iter().map(|(_, tensor)| tensor).collect();
        let gradients = Tensor::run_backward(&[loss], &leaves, false, false);
        let rows = leaves.iter().zip(gradients).map(|(leaf, gradient)| {
            // What the loss does not depend on has a gradient of 0.
            if gradient.defined() { gradient.reshape([-1]) } else { leaf.zeros_like().reshape([-1]) }
        });
        no_grad(|| Tensor::cat(&rows.collect::<Vec<_>>(), 0))
    }
}
