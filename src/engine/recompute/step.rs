//! One step of a cell under autograd.

use tch::{Tensor, with_grad};

use crate::cell::{Cell, PreparedLayer, Products, State};
use crate::engine::gradients::vjp;

/// The graph of one step, from s_{t−1} and the input projection to s_t.
pub(crate) struct StepGraph {
    projection: Tensor,
    /// The previous state, as the products see it. Without `direct`, the update sees it too.
    previous: State,
    /// The previous state, as the update of the cell sees it.
    direct: Option<State>,
    next: State,
}

/// The adjoint of a step's result, pulled back through the step.
pub(crate) struct PulledBack {
    /// The gradient of the input projection, `[B, G·H]`.
    pub projection: Tensor,
    /// The adjoint of s_{t−1}. If the paths are split, the part through the products.
    pub previous: State,
    /// The part of the adjoint of s_{t−1} on the direct path, if the paths are split.
    pub direct: Option<State>,
    /// The adjoints of the states carried beside h_t, with the part that passes h_t.
    pub totals: Vec<Tensor>,
    /// The gradients of the parameters, in the order of the request.
    pub parameters: Vec<Tensor>,
}

impl StepGraph {
    /// Records a step from an input projection `[B, G·H]` and the previous state. The projection has
    /// [`Cell::input_bias`] in it, or b_ih if the paths are split.
    pub fn record(
        cell: &dyn Cell,
        layer: &PreparedLayer,
        projection: &Tensor,
        previous: &State,
        split_paths: bool,
    ) -> StepGraph {
        let leaf = |tensor: &Tensor| tensor.detach().set_requires_grad(true);
        let (projection, through_products) = (leaf(projection), previous.map(leaf));
        let direct = split_paths.then(|| previous.map(leaf));
        let next = with_grad(|| match &direct {
            None => cell.step_from_projection(layer, &projection, &through_products),
            Some(direct) => {
                let products = Products::joint(layer, &projection, &through_products.h);
                cell.update(&cell.activations(&products, &through_products), direct)
            }
        });
        StepGraph { projection, previous: through_products, direct, next }
    }

    /// Pulls the adjoint of s_t back. In `adjoint`, the carried states are without the part that passes h_t.
    /// Also returns the gradients of `parameters`, which must be leaves of the recorded layer.
    pub fn pull_back(&self, adjoint: &State, parameters: &[&Tensor]) -> PulledBack {
        let mut inputs = vec![&self.projection];
        inputs.extend(self.previous.tensors());
        inputs.extend(self.direct.iter().flat_map(State::tensors));
        inputs.extend(&self.next.carried);
        inputs.extend(parameters);
        let mut found = vjp(&self.next.tensors(), &adjoint.tensors(), &inputs).into_iter();
        let projection = found.next().expect("one gradient for each input");
        let carried = self.next.carried.len();
        let mut state = || State::from_tensors(found.by_ref().take(1 + carried));
        let previous = state();
        let direct = self.direct.is_some().then(&mut state);
        let totals = found.by_ref().take(carried).collect();
        PulledBack { projection, previous, direct, totals, parameters: found.collect() }
    }

    /// Returns the adjoints of the states carried beside h_t, with the part that passes h_t, given a part of
    /// the adjoint of s_t.
    pub fn totals(&self, part: &State) -> Vec<Tensor> {
        vjp(&self.next.tensors(), &part.tensors(), &self.next.carried.iter().collect::<Vec<_>>())
    }

    /// Returns the adjoint of s_{t−1} that results from a part of the adjoint of s_t on the direct path.
    ///
    /// # Panics
    /// If the step was recorded without split paths.
    pub fn along_direct_path(&self, part: &State) -> State {
        let direct = self.direct.as_ref().expect("the paths are split");
        State::from_tensors(vjp(&self.next.tensors(), &part.tensors(), &direct.tensors()))
    }
}
