//! Adjoints at any length, without underflow or overflow, in memory that grows as √T.
//!
//! Autograd keeps every step and multiplies floats: after some hundred steps a gradient is exactly 0 or infinite. Here
//! the hand-derived recursion is followed directly. The adjoint of each sequence is numbers near 1 times a power of two
//! that is carried beside them, so that nothing is lost. The forward pass keeps the states of every √T-th step only; each
//! piece in between is computed again when the recursion comes to it.

use std::ops::Range;

use tch::{Kind, Tensor, no_grad};

use super::PieceLoss;
use super::adjoint::Profile;
use super::norm::{Norm, Scaled, norms_scaled};
use super::pieces::{Layer, Pieces};
use crate::cell::{LayerParameters, Parameters, State};
use crate::engine::analytic::{Analytic, Reverse};
use crate::engine::check;
use crate::error::Result;
use crate::settings::names::Quantity;

/// Whether the adjoint of the carried state (c of the LSTM, h of the GRU) is also split by the way it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathSplit {
    /// No.
    Off,
    /// Yes: `cell_path` along the state itself, a product of forget gates (the constant error carousel of Hochreiter &
    /// Schmidhuber 1997), and `gate_path`, the rest. The two add up to the adjoint.
    On,
}

/// `total_h`, `total_c` (LSTM) and `direct_h` of every layer and `input_x`, at every step of `input` `[T, B, I]`, from the
/// states `first` or zeros.
///
/// # Errors
/// A shape that does not fit the parameters.
pub fn profiles(
    p: &Parameters,
    input: &Tensor,
    first: Option<&[State]>,
    split: PathSplit,
    loss: &PieceLoss,
) -> Result<Vec<Profile>> {
    let first = check(&Analytic, p, input, first)?;
    no_grad(|| {
        let pieces = Pieces::new(p, input, first);
        let mut found = Found::new(p.layers.len(), input.size()[0] as usize);
        let mut carried: Vec<Option<Carried>> = p.layers.iter().map(|_| None).collect();
        for (piece, range) in pieces.ranges().rev() {
            let layers = pieces.run(piece);
            let output = layers.last().map(Layer::output).expect("a stack has a layer");
            let mut direct = Scaled::new(&gradient(loss, &output, &range));
            for (n, layer) in layers.into_iter().enumerate().rev() {
                direct = layer.backward(&p.layers[n], direct, split, &mut carried[n], &mut found.layers[n]);
            }
            found.input_x.put(norms_scaled(&direct));
        }
        Ok(found.profiles())
    })
}

/// ∂loss/∂output of one piece, `[t, B, H]`, in f64.
fn gradient(loss: &PieceLoss, output: &Tensor, piece: &Range<usize>) -> Tensor {
    let leaf = output.detach().copy().set_requires_grad(true);
    let gradient = tch::with_grad(|| {
        let loss = loss(&leaf, piece.clone())?;
        Some(Tensor::run_backward(&[loss], &[&leaf], false, false).remove(0))
    });
    gradient.filter(Tensor::defined).unwrap_or_else(|| output.zeros_like()).to_kind(Kind::Double)
}

/// What a layer's recursion hands from a step to the one before: all `[B, H]`, times 2^exponent, `[B, 1]`.
struct Carried {
    h: Tensor,
    c: Option<Tensor>,
    exponent: Tensor,
    paths: Option<Paths>,
}

/// The adjoint of the carried state by the way it came, each with its own power of two.
struct Paths {
    /// The part of `Carried::h` that came through W_hh at the step after, times 2^`Carried::exponent`.
    through_w: Tensor,
    cell: Scaled,
    gates: Scaled,
    /// Both at every step of the piece so far.
    all_cell: Vec<Scaled>,
    all_gates: Vec<Scaled>,
}

impl Paths {
    fn new(like: &Tensor, exponent: &Tensor) -> Paths {
        let nothing = || Scaled { mantissa: like.zeros_like(), exponent: Scaled::nothing(exponent) };
        Paths {
            through_w: like.zeros_like(),
            cell: nothing(),
            gates: nothing(),
            all_cell: Vec::new(),
            all_gates: Vec::new(),
        }
    }

    /// Adds what enters at step t: the direct part to the cell's path, what came through W_hh to the gates'.
    fn enter(&mut self, t: usize, reverse: &dyn Reverse, direct: &Scaled, exponent: &Tensor) {
        let entering = |d_h: &Tensor, exponent: &Tensor| {
            let mantissa = reverse.enter(t, d_h)?;
            Some(Scaled { mantissa, exponent: exponent.shallow_clone() })
        };
        let kind = self.through_w.kind();
        if let Some(direct) = entering(&direct.mantissa.to_kind(kind), &direct.exponent) {
            self.cell = self.cell.plus(&direct);
        }
        if let Some(through_w) = entering(&self.through_w, exponent) {
            self.gates = self.gates.plus(&through_w);
        }
        self.all_cell.push(self.cell.shallow_clone());
        self.all_gates.push(self.gates.shallow_clone());
    }

    /// Goes to the step before t.
    fn pass(&mut self, t: usize, reverse: &dyn Reverse, through_w: Tensor) {
        if let Some(keep) = reverse.keep(t) {
            self.cell.mantissa = &self.cell.mantissa * keep;
            self.gates.mantissa = &self.gates.mantissa * keep;
        }
        self.through_w = through_w;
    }

    /// The norms of the piece, and ready for the next.
    fn take(&mut self, found: &mut LayerFound) {
        found.cell_path.put(norms_of(std::mem::take(&mut self.all_cell)));
        found.gate_path.put(norms_of(std::mem::take(&mut self.all_gates)));
    }
}

/// Norms of steps that were gathered from the last to the first.
fn norms_of(mut of_steps: Vec<Scaled>) -> Vec<Norm> {
    of_steps.reverse();
    let stack =
        |part: fn(&Scaled) -> &Tensor| Tensor::stack(&of_steps.iter().map(part).collect::<Vec<_>>(), 0);
    norms_scaled(&Scaled { mantissa: stack(|s| &s.mantissa), exponent: stack(|s| &s.exponent) })
}

impl Carried {
    /// Adds the direct part of a step, bringing both to the larger exponent.
    fn join(&mut self, direct: &Tensor, exponent: &Tensor) {
        let larger = self.exponent.maximum(exponent);
        let ours = Scaled::factor(&self.exponent, &larger);
        let kind = self.h.kind();
        self.h = (&self.h * &ours + direct * Scaled::factor(exponent, &larger)).to_kind(kind);
        self.c = self.c.take().map(|c| (c * ours).to_kind(kind));
        self.exponent = larger;
    }

    /// Takes the power of two out of the adjoints, so that the largest component is near 1.
    fn rescale(&mut self) {
        let mut largest = self.h.abs().amax([-1], true);
        if let Some(c) = &self.c {
            largest = largest.maximum(&c.abs().amax([-1], true));
        }
        let exponent = self.exponent.shallow_clone();
        let scaled = |mantissa: &Tensor| {
            Scaled { mantissa: mantissa.shallow_clone(), exponent: exponent.shallow_clone() }
                .normalised(&largest)
        };
        let h = scaled(&self.h);
        self.c = self.c.take().map(|c| scaled(&c).mantissa);
        self.h = h.mantissa;
        self.exponent = h.exponent;
    }
}

impl Layer {
    /// Follows the recursion through one piece, from its last step to its first, and gives the gradient with respect to
    /// the layer's input, `[t, B, I]`: the direct part of the layer below.
    fn backward(
        &self,
        p: &LayerParameters,
        direct: Scaled,
        split: PathSplit,
        carried: &mut Option<Carried>,
        found: &mut LayerFound,
    ) -> Scaled {
        found.direct_h.put(norms_scaled(&direct));
        let mut reverse = self.derivation.reverse(&self.h);
        // With the loss at the end this is so in every piece but the last.
        let silent = direct.is_zero();
        let (directs, exponents) = (direct.mantissa.unbind(0), direct.exponent.unbind(0));
        let (mut all_h, mut all_c, mut all_exponents) = (Vec::new(), Vec::new(), Vec::new());
        let mut now = carried.take().unwrap_or_else(|| Carried {
            h: self.h.get(0).zeros_like(),
            c: self.derivation.c().map(|c| c.get(0).zeros_like()),
            exponent: Scaled::nothing(&exponents[0]),
            paths: (split == PathSplit::On && reverse.keep(0).is_some())
                .then(|| Paths::new(&self.h.get(0), &exponents[0])),
        });
        for t in (0..directs.len()).rev() {
            if let Some(paths) = &mut now.paths {
                let direct =
                    Scaled { mantissa: directs[t].shallow_clone(), exponent: exponents[t].shallow_clone() };
                paths.enter(t, reverse.as_ref(), &direct, &now.exponent);
            }
            if !silent {
                now.join(&directs[t], &exponents[t]);
            }
            if let Some(c) = &mut now.c {
                reverse.absorb(t, &now.h, c);
            }
            now.rescale();
            all_h.push(now.h.shallow_clone());
            all_exponents.push(now.exponent.shallow_clone());
            all_c.extend(now.c.as_ref().map(Tensor::copy));
            reverse.emit(t, &now.h, now.c.as_mut());
            let mut earlier = reverse.delta(t).matmul(&p.w_hh);
            if let Some(paths) = &mut now.paths {
                paths.pass(t, reverse.as_ref(), earlier.copy());
            }
            reverse.carry(t, &now.h, &mut earlier);
            now.h = earlier;
        }
        if let Some(paths) = &mut now.paths {
            paths.take(found);
        }
        *carried = Some(now);
        let stack = |mut of_steps: Vec<Tensor>| {
            of_steps.reverse();
            Tensor::stack(&of_steps, 0)
        };
        let (total_h, exponent) = (stack(all_h), stack(all_exponents));
        let scaled = |mantissa: Tensor| Scaled { mantissa, exponent: exponent.shallow_clone() };
        if !all_c.is_empty() {
            found.total_c.put(norms_scaled(&scaled(stack(all_c))));
        }
        let of_input = reverse.deltas(&total_h).of_input.matmul(&p.w_ih);
        found.total_h.put(norms_scaled(&scaled(total_h)));
        scaled(of_input).normalised_rows()
    }
}

/// The norms of all steps, filled in from the last piece to the first.
///
/// Room for all is made at once. Small lists that outlive the large buffers of a piece would lie between them and keep the
/// allocator from using these again: over a gigabyte at a million steps.
struct Series {
    norms: Vec<Norm>,
    steps: usize,
    /// Up to here they are still to come.
    left: usize,
}

impl Series {
    fn new(steps: usize) -> Series {
        Series { norms: Vec::new(), steps, left: steps }
    }

    fn put(&mut self, piece: Vec<Norm>) {
        if self.norms.is_empty() {
            self.norms = vec![Norm::Zero; self.steps];
        }
        let start = self.left - piece.len();
        self.norms[start..self.left].copy_from_slice(&piece);
        self.left = start;
    }
}

struct LayerFound {
    total_h: Series,
    total_c: Series,
    direct_h: Series,
    cell_path: Series,
    gate_path: Series,
}

struct Found {
    layers: Vec<LayerFound>,
    input_x: Series,
}

impl Found {
    fn new(layers: usize, steps: usize) -> Found {
        let series = || Series::new(steps);
        let layer = |_| LayerFound {
            total_h: series(),
            total_c: series(),
            direct_h: series(),
            cell_path: series(),
            gate_path: series(),
        };
        Found { layers: (0..layers).map(layer).collect(), input_x: series() }
    }

    /// What was found; nothing where a cell has no such quantity.
    fn profiles(self) -> Vec<Profile> {
        let mut profiles = Vec::new();
        let mut add = |quantity, layer, series: Series| {
            if !series.norms.is_empty() {
                let norms = series.norms.into_iter().enumerate().map(|(n, norm)| (n + 1, norm)).collect();
                profiles.push(Profile { quantity, layer, norms });
            }
        };
        for (n, layer) in self.layers.into_iter().enumerate() {
            add(Quantity::TotalH, n, layer.total_h);
            add(Quantity::TotalC, n, layer.total_c);
            add(Quantity::DirectH, n, layer.direct_h);
            add(Quantity::CellPath, n, layer.cell_path);
            add(Quantity::GatePath, n, layer.gate_path);
        }
        add(Quantity::InputX, 0, self.input_x);
        profiles
    }
}
