//! Products of Jacobians: the derivative ∂s_T/∂s_t of the final state with respect to an earlier one.
//!
//! The state consists of h and the carried states (c of the LSTM) of all layers. All rows of the product go
//! back through time as one batch of vector-Jacobian products of the backward recursion. Without a
//! correction, all rows would turn into the direction that grows most. QR re-orthonormalisation every few
//! steps prevents this (Benettin et al. 1980).
//!
//! The product of the R factors has the norm and the singular values of the product of Jacobians. The
//! logarithms of their diagonals add up to the Lyapunov exponents (Engelken, Wolf & Abbott 2023; Vogt et
//! al. 2022). Backward in time the cocycle is the adjoint cocycle, which has the same exponents.

use tch::{Tensor, no_grad};

use super::r_product::RProduct;
use super::recursion::{Recursion, recursion};
use super::segments::Segments;
use crate::cell::{Parameters, State};
use crate::engine::{EngineName, check, engine};
use crate::error::{Error, Result};

/// Options of a product of Jacobians.
#[derive(Debug, Clone, Copy)]
pub struct JacobianOptions {
    /// The number of steps between two QR decompositions. Each observed lag adds a decomposition.
    pub qr_every: usize,
    /// The lag after which Lyapunov exponents are averaged.
    pub burn_in: usize,
}

/// The numbers to observe at one lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// Nothing.
    Nothing,
    /// The norm.
    Norm,
    /// The norm, all singular values and all Lyapunov exponents.
    Spectrum,
}

/// The product at one lag. Logarithms are to base 10, and −∞ for 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// T − t, the number of factors.
    pub lag: usize,
    /// log10 of the Frobenius norm.
    pub log10_frobenius: f64,
    /// log10 of the singular values, the largest first. Empty if only the norm is observed.
    pub log10_singular: Vec<f64>,
    /// The Lyapunov exponents in nats per step, the largest first, averaged from the burn-in to this lag.
    /// Empty up to the burn-in.
    pub lyapunov: Vec<f64>,
}

/// Returns ∂s_T/∂s_t, `[n, n]` for a state of size n, at the observed lags out of 0 … T − 1.
///
/// The input `[T, 1, I]` drives the trajectory from the states `initial` or zeros. The engine `analytic`
/// uses its derivation; `recompute` serves any cell.
///
/// # Errors
/// A shape does not fit the parameters, the cell has no derivation, or there is more than one sequence.
pub fn products(
    method: EngineName,
    p: &Parameters,
    input: &Tensor,
    initial: Option<&[State]>,
    options: JacobianOptions,
    observation: impl Fn(usize) -> Observation,
) -> Result<Vec<Product>> {
    let initial = check(engine(method), p, input, initial)?;
    let (steps, batch) = (input.size()[0], input.size()[1]);
    if batch != 1 {
        let expected = "[T, 1, I]: each sequence has a Jacobian of its own".to_string();
        return Err(Error::Shape { name: "input".to_string(), expected, found: input.size() });
    }
    let cell = p.cell;
    no_grad(|| {
        let sizes: Vec<i64> = initial.iter().flat_map(State::sizes).collect();
        let size = sizes.iter().sum();
        // Each row gets a copy of the sequence, so that the recursion treats the rows as a batch.
        let copies = |tensor: &Tensor| tensor.expand([size, -1], false);
        let initial = initial.iter().map(|state| state.map(copies)).collect();
        let input = input.expand([steps, size, -1], false);
        let segments = Segments::new(method, p, &input, initial);
        let identity = Tensor::eye(size, (input.kind(), input.device()));
        let mut sweep = BackwardSweep::new(p, sizes, options, &identity);
        let mut products = Vec::new();
        for (segment, range) in segments.ranges().rev() {
            let layers = segments.run(segment);
            let of_layer = |(layer, p)| recursion(cell, p, layer, false);
            let mut recursions: Vec<Box<dyn Recursion>> =
                layers.iter().zip(&p.layers).map(of_layer).collect();
            for t in (0..range.len()).rev() {
                products.extend(sweep.observe(observation(sweep.lag)));
                sweep.step_back(&mut recursions, t);
            }
        }
        Ok(products)
    })
}

/// The rows of the product on their way back through time.
struct BackwardSweep<'a> {
    p: &'a Parameters,
    /// The sizes of the tensors of the states of all layers, H or P each.
    sizes: Vec<i64>,
    options: JacobianOptions,
    /// The columns of the state of each layer, `[n, H]` or `[n, P]` each.
    layers: Vec<State>,
    r_product: RProduct,
    lag: usize,
    since_qr: usize,
}

impl<'a> BackwardSweep<'a> {
    fn new(
        p: &'a Parameters,
        sizes: Vec<i64>,
        options: JacobianOptions,
        identity: &Tensor,
    ) -> BackwardSweep<'a> {
        let r_product = RProduct::new(identity);
        let mut sweep = BackwardSweep { p, sizes, options, layers: vec![], r_product, lag: 0, since_qr: 0 };
        sweep.set_rows(identity);
        sweep
    }

    /// Sets the rows from a matrix `[n, n]`. Its columns are the state of each layer: h, then what is
    /// carried.
    fn set_rows(&mut self, matrix: &Tensor) {
        let columns = matrix.split_with_sizes(&self.sizes, 1);
        let of_layers = columns.chunks(1 + self.p.cell.carried().len());
        self.layers =
            of_layers.map(|state| State::from_tensors(state.iter().map(Tensor::contiguous))).collect();
    }

    /// Multiplies the rows by ∂s_t/∂s_{t−1}, with t counted within the segment. The input of a layer is the h
    /// of the layer below at the same step. The gradient of the input is therefore added to that h before the
    /// layer below steps back.
    fn step_back(&mut self, recursions: &mut [Box<dyn Recursion + '_>], t: usize) {
        for (layer, step) in recursions.iter_mut().enumerate().rev() {
            let adjoint = self.layers[layer].shallow_clone();
            let d_h = adjoint.h.shallow_clone();
            self.layers[layer] = step.step_back(t, adjoint).previous;
            if let Some(below) = layer.checked_sub(1) {
                self.layers[below].h += step.input_gradient(t, &d_h);
            }
        }
        self.lag += 1;
        self.since_qr += 1;
        if self.since_qr >= self.options.qr_every {
            self.orthonormalise();
        }
        if self.lag == self.options.burn_in {
            self.orthonormalise();
            self.r_product.end_burn_in();
        }
    }

    fn orthonormalise(&mut self) {
        if self.since_qr == 0 {
            return;
        }
        self.since_qr = 0;
        let rows = Tensor::cat(&self.layers.iter().flat_map(State::tensors).collect::<Vec<_>>(), 1);
        // QR orthonormalises columns.
        let (q, r) = Tensor::linalg_qr(&rows.tr(), "reduced");
        self.set_rows(&q.tr());
        self.r_product.multiply(&r);
    }

    fn observe(&mut self, observation: Observation) -> Option<Product> {
        if observation == Observation::Nothing {
            return None;
        }
        self.orthonormalise();
        let spectrum = observation == Observation::Spectrum;
        let averaged = self.lag.saturating_sub(self.options.burn_in);
        Some(Product {
            lag: self.lag,
            log10_frobenius: self.r_product.log10_frobenius(),
            log10_singular: if spectrum { self.r_product.log10_singular() } else { vec![] },
            lyapunov: if spectrum && averaged > 0 { self.r_product.lyapunov(averaged) } else { vec![] },
        })
    }
}
