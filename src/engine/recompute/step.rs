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
    /// The adjoint of c_t with the part that passes h_t, for a cell with c.
    pub total_c: Option<Tensor>,
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

    /// Pulls the adjoint of s_t back. In `adjoint`, c is the part that does not pass h_t. Also returns the
    /// gradients of `parameters`, which must be leaves of the recorded layer.
    pub fn pull_back(&self, adjoint: &State, parameters: &[&Tensor]) -> PulledBack {
        let mut inputs = vec![&self.projection];
        inputs.extend(self.previous.tensors());
        inputs.extend(self.direct.iter().flat_map(State::tensors));
        inputs.extend(&self.next.c);
        inputs.extend(parameters);
        let mut found = vjp(&self.next.tensors(), &adjoint.tensors(), &inputs).into_iter();
        let mut tensor = || found.next().expect("one gradient for each input");
        let has_c = self.next.c.is_some();
        let projection = tensor();
        let previous = State { h: tensor(), c: has_c.then(&mut tensor) };
        let direct = self.direct.is_some().then(|| State { h: tensor(), c: has_c.then(&mut tensor) });
        let total_c = has_c.then(&mut tensor);
        PulledBack { projection, previous, direct, total_c, parameters: found.collect() }
    }

    /// Returns the adjoint of the carried state s_t that results from `d_h`, a part of the adjoint of
    /// h_t. The carried state is c, or h for a cell without c.
    pub fn carried_from_h(&self, d_h: &Tensor) -> Tensor {
        match &self.next.c {
            Some(c) => vjp(&[&self.next.h], &[d_h], &[c]).remove(0),
            None => d_h.shallow_clone(),
        }
    }

    /// Returns the adjoint of the carried state of step t−1 that results from that of step t on the
    /// direct path.
    ///
    /// # Panics
    /// If the step was recorded without split paths.
    pub fn along_direct_path(&self, carried: &Tensor) -> Tensor {
        let direct = self.direct.as_ref().expect("the paths are split");
        let (from, to) = match (&self.next.c, &direct.c) {
            (Some(from), Some(to)) => (from, to),
            _ => (&self.next.h, &direct.h),
        };
        vjp(&[from], &[carried], &[to]).remove(0)
    }
}
