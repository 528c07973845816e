//! The backward recursion of one layer over a segment of steps, by a derivation or by autograd.

use tch::Tensor;

use super::segments::{LayerSegment, Method};
use crate::cell::{Cell, LayerParameters, PreparedLayer, State};
use crate::engine::analytic::BackwardStep;
use crate::engine::recompute::StepGraph;

/// The backward recursion of one layer over one segment, from the last step to the first.
///
/// Steps t count from 0 within the segment. Adjoints are `[B, H]`. The carried state is the state with a
/// direct path to the previous step: c, or h of a cell with a retention gate but no c.
pub trait Recursion {
    /// Pulls the adjoint of s_t back to s_{t−1}. In `adjoint`, c is the part that does not pass h_t.
    fn step_back(&mut self, t: usize, adjoint: State) -> Back;

    /// Returns the adjoint of the carried state that results from `d_h`, a part of the adjoint of h_t. `None`
    /// for a cell without a carried state.
    fn carried_from_h(&mut self, t: usize, d_h: &Tensor) -> Option<Tensor>;

    /// Returns the adjoint of the carried state of step t−1 that results from `carried`, that of step t,
    /// on the direct path. `None` for a cell without a carried state.
    fn along_direct_path(&mut self, t: usize, carried: &Tensor) -> Option<Tensor>;

    /// Returns the gradient of the input x_t, `[B, I]`, after [`Recursion::step_back`] of this step.
    /// `d_h` is the adjoint of h_t.
    fn input_gradient(&self, t: usize, d_h: &Tensor) -> Tensor;

    /// Returns the gradients of all inputs, `[t, B, I]`, after all steps. `d_h` has the adjoints of all
    /// h, `[t, B, H]`.
    fn input_gradients(&self, d_h: &Tensor) -> Tensor;
}

/// The result of one step back.
pub struct Back {
    /// The adjoint of s_{t−1}.
    pub previous: State,
    /// The part of this adjoint that came through the products, if the paths are split.
    pub through_products: Option<State>,
    /// The adjoint of c_t with the part that passes h_t, for a cell with c.
    pub total_c: Option<Tensor>,
}

/// Returns the recursion of a layer over a segment.
pub fn recursion<'a>(
    cell: &'a dyn Cell,
    p: &'a LayerParameters,
    segment: &'a LayerSegment,
    split_paths: bool,
) -> Box<dyn Recursion + 'a> {
    match &segment.method {
        Method::Derived(cache) => {
            Box::new(Derived { steps: cache.backward_steps(&segment.states.h), p, split_paths })
        }
        Method::Kernels(_) => unreachable!("the kernels have a backward pass of their own"),
        Method::Recorded { input } => {
            let bias = if split_paths { p.b_ih.shallow_clone() } else { cell.input_bias(p) };
            let projections = p.project(&bias, input).unbind(0);
            let layer = cell.prepare(p);
            let of_projections = projections.iter().map(|_| None).collect();
            Box::new(Recorded {
                cell,
                p,
                layer,
                segment,
                projections,
                of_projections,
                split_paths,
                step: None,
            })
        }
    }
}

/// The recursion of the engine `analytic`.
struct Derived<'a> {
    steps: Box<dyn BackwardStep>,
    p: &'a LayerParameters,
    split_paths: bool,
}

impl Recursion for Derived<'_> {
    fn step_back(&mut self, t: usize, adjoint: State) -> Back {
        let State { h, mut c } = adjoint;
        if let Some(c) = &mut c {
            self.steps.accumulate_cell_grad(t, &h, c);
        }
        let total_c = c.as_ref().map(Tensor::copy);
        self.steps.gate_grads(t, &h, c.as_mut());
        let mut earlier = self.steps.delta(t).matmul(&self.p.w_hh);
        let through_products = self.split_paths.then(|| State::from_hidden(earlier.copy()));
        self.steps.add_skip_to_h(t, &h, &mut earlier);
        Back { previous: State { h: earlier, c }, through_products, total_c }
    }

    fn carried_from_h(&mut self, t: usize, d_h: &Tensor) -> Option<Tensor> {
        self.steps.state_jacobian_vec(t, d_h)
    }

    fn along_direct_path(&mut self, t: usize, carried: &Tensor) -> Option<Tensor> {
        self.steps.retention(t).map(|retained| carried * retained)
    }

    fn input_gradient(&self, t: usize, d_h: &Tensor) -> Tensor {
        self.steps.input_delta(t, d_h).matmul(&self.p.w_ih)
    }

    fn input_gradients(&self, d_h: &Tensor) -> Tensor {
        self.steps.deltas(d_h).of_input.matmul(&self.p.w_ih)
    }
}

/// The recursion of the engine `recompute`, for any cell.
struct Recorded<'a> {
    cell: &'a dyn Cell,
    p: &'a LayerParameters,
    layer: PreparedLayer,
    segment: &'a LayerSegment,
    projections: Vec<Tensor>,
    of_projections: Vec<Option<Tensor>>,
    split_paths: bool,
    /// The step that was recorded last.
    step: Option<(usize, StepGraph)>,
}

impl Recorded<'_> {
    fn recorded(&mut self, t: usize) -> &StepGraph {
        if self.step.as_ref().is_none_or(|(recorded, _)| *recorded != t) {
            let previous = self.segment.states.map(|states| states.get(t as i64));
            let step =
                StepGraph::record(self.cell, &self.layer, &self.projections[t], &previous, self.split_paths);
            self.step = Some((t, step));
        }
        &self.step.as_ref().expect("a step was recorded").1
    }

    fn of_projection(&self, t: usize) -> &Tensor {
        self.of_projections[t].as_ref().expect("the recursion has passed this step")
    }
}

impl Recursion for Recorded<'_> {
    fn step_back(&mut self, t: usize, adjoint: State) -> Back {
        let pulled = self.recorded(t).pull_back(&adjoint, &[]);
        self.of_projections[t] = Some(pulled.projection);
        let Some(direct) = pulled.direct else {
            return Back { previous: pulled.previous, through_products: None, total_c: pulled.total_c };
        };
        let sum = |(a, b): (Tensor, Tensor)| a + b;
        let c = pulled.previous.c.as_ref().map(Tensor::shallow_clone).zip(direct.c).map(sum);
        let previous = State { h: &pulled.previous.h + direct.h, c };
        Back { previous, through_products: Some(pulled.previous), total_c: pulled.total_c }
    }

    fn carried_from_h(&mut self, t: usize, d_h: &Tensor) -> Option<Tensor> {
        Some(self.recorded(t).carried_from_h(d_h))
    }

    fn along_direct_path(&mut self, t: usize, carried: &Tensor) -> Option<Tensor> {
        Some(self.recorded(t).along_direct_path(carried))
    }

    fn input_gradient(&self, t: usize, _: &Tensor) -> Tensor {
        self.of_projection(t).matmul(&self.p.w_ih)
    }

    fn input_gradients(&self, _: &Tensor) -> Tensor {
        let all: Vec<&Tensor> = (0..self.of_projections.len()).map(|t| self.of_projection(t)).collect();
        Tensor::stack(&all, 0).matmul(&self.p.w_ih)
    }
}
