//! The backward recursion of one layer over a segment of steps, by a derivation or by autograd.

use tch::Tensor;

use super::segments::{LayerSegment, Method};
use crate::cell::{Cell, LayerParameters, PreparedLayer, State};
use crate::engine::analytic::BackwardStep;
use crate::engine::recompute::StepGraph;

/// The backward recursion of one layer over one segment, from the last step to the first.
///
/// Steps t count from 0 within the segment. Adjoints are `[B, H]`. Those of the states carried beside h are
/// without the part that passes h of the same step. The last two functions are for split paths only.
pub trait Recursion {
    /// Pulls the adjoint of s_t back to s_{t−1}.
    fn step_back(&mut self, t: usize, adjoint: State) -> Back;

    /// Returns the adjoint of the carried state, given a part of the adjoint of s_t. The carried state is all
    /// states carried beside h, one after the other, or h of a cell without them. The part that passes h_t is
    /// included.
    fn carried(&mut self, t: usize, part: &State) -> Tensor;

    /// Returns the adjoint of s_{t−1} that results from `part`, a part of the adjoint of s_t, on the direct
    /// path.
    fn along_direct_path(&mut self, t: usize, part: &State) -> State;

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
    /// The adjoints of the states carried beside h_t, with the part that passes h_t.
    pub totals: Vec<Tensor>,
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
            let layer = cell.prepare(p);
            let bias = if split_paths { layer.parameters.b_ih.shallow_clone() } else { cell.input_bias(p) };
            let projections = p.project(&bias, input).unbind(0);
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
        let State { h, mut carried } = adjoint;
        if let Some(c) = carried.first_mut() {
            self.steps.accumulate_cell_grad(t, &h, c);
        }
        let totals = carried.iter().map(Tensor::copy).collect();
        self.steps.gate_grads(t, &h, carried.first_mut());
        let mut earlier = self.steps.delta(t).matmul(&self.p.w_hh);
        // No product of these cells sees a state carried beside h.
        let through_products = self
            .split_paths
            .then(|| State { h: earlier.copy(), carried: carried.iter().map(Tensor::zeros_like).collect() });
        self.steps.add_skip_to_h(t, &h, &mut earlier);
        Back { previous: State { h: earlier, carried }, through_products, totals }
    }

    fn carried(&mut self, t: usize, part: &State) -> Tensor {
        let from_h = self.steps.state_jacobian_vec(t, &part.h).expect("the cell has a direct path");
        part.carried.iter().fold(from_h, |sum, carried| sum + carried)
    }

    fn along_direct_path(&mut self, t: usize, part: &State) -> State {
        let earlier = self.carried(t, part) * self.steps.retention(t).expect("the cell has a direct path");
        match part.carried.is_empty() {
            true => State::from_hidden(earlier),
            false => State { h: part.h.zeros_like(), carried: vec![earlier] },
        }
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
            return Back { previous: pulled.previous, through_products: None, totals: pulled.totals };
        };
        let previous = pulled.previous.plus(&direct);
        Back { previous, through_products: Some(pulled.previous), totals: pulled.totals }
    }

    fn carried(&mut self, t: usize, part: &State) -> Tensor {
        match part.carried.is_empty() {
            true => part.h.shallow_clone(),
            false => Tensor::cat(&self.recorded(t).totals(part), 1),
        }
    }

    fn along_direct_path(&mut self, t: usize, part: &State) -> State {
        self.recorded(t).along_direct_path(part)
    }

    fn input_gradient(&self, t: usize, _: &Tensor) -> Tensor {
        self.of_projection(t).matmul(&self.p.w_ih)
    }

    fn input_gradients(&self, _: &Tensor) -> Tensor {
        let all: Vec<&Tensor> = (0..self.of_projections.len()).map(|t| self.of_projection(t)).collect();
        Tensor::stack(&all, 0).matmul(&self.p.w_ih)
    }
}
