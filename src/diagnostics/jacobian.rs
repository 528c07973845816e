//! Products of Jacobians: how the state s_T at the end answers to the state s_t before, ∂s_T/∂s_t.
//!
//! The state is that of all layers, h and (LSTM) c. All rows of the product go back through time at once, as one batch of
//! vector-Jacobian products of the hand-derived recursion. Left alone they would all turn into the direction that grows
//! most, so every few steps they are made orthonormal again by a QR decomposition (Benettin et al. 1980). What the R factors
//! say is kept, each row of their product with an exponent of its own: from it come the norm and every singular value, however
//! small. The logarithms of their diagonals add up to the Lyapunov exponents (Engelken, Wolf & Abbott 2023; Vogt et al.
//! 2022); going back through time the cocycle is the adjoint one, whose exponents are the same.

use tch::{Kind, Tensor, no_grad};

use super::norm::Scaled;
use super::pieces::{Layer, Pieces};
use super::singular::{Row, log2_singular_values};
use crate::cell::{Parameters, State};
use crate::engine::analytic::{Analytic, Reverse};
use crate::engine::check;
use crate::error::{Error, Result};

/// How to follow the product.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Steps from one QR decomposition to the next; at a lag that is looked at there is one in any case.
    pub qr_every: usize,
    /// Lyapunov exponents are averaged over larger lags than this.
    pub burn_in: usize,
}

/// What is looked at, at one lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
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
    /// T − t: so many Jacobians were multiplied.
    pub lag: usize,
    /// log10 of the Frobenius norm.
    pub log10_frobenius: f64,
    /// log10 of the singular values, the largest first; empty where only the norm was asked for.
    pub log10_singular: Vec<f64>,
    /// Lyapunov exponents in nats a step, the largest first, averaged from the burn-in up to this lag; empty up to the
    /// burn-in.
    pub lyapunov: Vec<f64>,
}

/// ∂s_T/∂s_t at the lags 0 … T − 1 that `view` asks for, along the trajectory that the input `[T, 1, I]` drives from the
/// states `first` or zeros. `[n, n]` with n the size of the whole state.
///
/// # Errors
/// A shape that does not fit the parameters; more than one sequence.
pub fn products(
    p: &Parameters,
    input: &Tensor,
    first: Option<&[State]>,
    settings: Settings,
    view: impl Fn(usize) -> View,
) -> Result<Vec<Product>> {
    let first = check(&Analytic, p, input, first)?;
    let (steps, batch) = (input.size()[0], input.size()[1]);
    if batch != 1 {
        let expected = "[T, 1, I]: each sequence has a Jacobian of its own".to_string();
        return Err(Error::Shape { name: "input".to_string(), expected, found: input.size() });
    }
    no_grad(|| {
        let rows = Rows::identity(p, input);
        // One copy of the sequence for each row: the recursion then needs to know nothing of Jacobians.
        let copies = |tensor: &Tensor| tensor.expand([rows.count, -1], false);
        let first = first.iter().map(|s| State { h: copies(&s.h), c: s.c.as_ref().map(copies) }).collect();
        let input = input.expand([steps, rows.count, -1], false);
        let pieces = Pieces::new(p, &input, first);
        let graded = Graded::identity(&rows.matrix());
        let mut walk = Walk { rows, graded, settings, lag: 0, since_qr: 0 };
        let mut found = Vec::new();
        for (piece, range) in pieces.ranges().rev() {
            let layers = pieces.run(piece);
            let mut reverses: Vec<Box<dyn Reverse>> =
                layers.iter().map(|layer: &Layer| layer.derivation.reverse(&layer.h)).collect();
            for t in (0..range.len()).rev() {
                found.extend(walk.look(view(walk.lag), p));
                walk.step_back(p, &mut reverses, t);
            }
        }
        Ok(found)
    })
}

/// The rows that go back through time: for each layer the part of h and (LSTM) c, `[n, H]`.
struct Rows {
    count: i64,
    h: Vec<Tensor>,
    c: Vec<Tensor>,
}

impl Rows {
    fn identity(p: &Parameters, like: &Tensor) -> Rows {
        let parts = p.layers.len() as i64 * if p.cell().has_c() { 2 } else { 1 };
        let count = parts * p.hidden_size();
        let mut rows = Rows { count, h: Vec::new(), c: Vec::new() };
        rows.put(p, &Tensor::eye(count, (like.kind(), like.device())));
        rows
    }

    /// Side by side, `[n, n]`: h of each layer, then c of each.
    fn matrix(&self) -> Tensor {
        Tensor::cat(&self.h.iter().chain(&self.c).collect::<Vec<_>>(), 1)
    }

    fn put(&mut self, p: &Parameters, matrix: &Tensor) {
        let layers = p.layers.len();
        let mut parts: Vec<Tensor> =
            matrix.split(p.hidden_size(), 1).iter().map(Tensor::contiguous).collect();
        self.c = parts.split_off(layers);
        self.h = parts;
    }
}

struct Walk {
    rows: Rows,
    graded: Graded,
    settings: Settings,
    lag: usize,
    since_qr: usize,
}

impl Walk {
    /// Multiplies the rows with ∂s_t/∂s_{t−1}, t counted within the piece. A layer's input is the h of the one below at the
    /// same step, so what the upper layer passes down joins the lower one's h before it goes back.
    fn step_back(&mut self, p: &Parameters, reverses: &mut [Box<dyn Reverse>], t: usize) {
        for (layer, reverse) in reverses.iter_mut().enumerate().rev() {
            let now = self.rows.h[layer].shallow_clone();
            let mut d_c = self.rows.c.get_mut(layer);
            if let Some(d_c) = &mut d_c {
                reverse.absorb(t, &now, d_c);
            }
            reverse.emit(t, &now, d_c);
            let mut earlier = reverse.delta(t).matmul(&p.layers[layer].w_hh);
            reverse.carry(t, &now, &mut earlier);
            self.rows.h[layer] = earlier;
            if let Some(below) = layer.checked_sub(1) {
                let passed = reverse.input_delta(t, &now).matmul(&p.layers[layer].w_ih);
                self.rows.h[below] += passed;
            }
        }
        self.lag += 1;
        self.since_qr += 1;
        if self.since_qr >= self.settings.qr_every {
            self.orthonormalise(p);
        }
        if self.lag == self.settings.burn_in {
            self.orthonormalise(p);
            self.graded.settled();
        }
    }

    fn orthonormalise(&mut self, p: &Parameters) {
        if self.since_qr == 0 {
            return;
        }
        self.since_qr = 0;
        // Rows are the columns of what QR takes apart.
        let (q, r) = Tensor::linalg_qr(&self.rows.matrix().tr(), "reduced");
        self.rows.put(p, &q.tr());
        self.graded.multiply(&r);
    }

    fn look(&mut self, view: View, p: &Parameters) -> Option<Product> {
        if view == View::Nothing {
            return None;
        }
        self.orthonormalise(p);
        let spectrum = view == View::Spectrum;
        let after = self.lag.saturating_sub(self.settings.burn_in);
        Some(Product {
            lag: self.lag,
            log10_frobenius: self.graded.log10_frobenius(),
            log10_singular: if spectrum { self.graded.log10_singular() } else { vec![] },
            lyapunov: if spectrum && after > 0 { self.graded.exponents(after) } else { vec![] },
        })
    }
}

/// The product of the R factors, whose singular values are those of the product of Jacobians.
struct Graded {
    /// `[n, n]`, upper triangular.
    product: Scaled,
    /// Σ ln |r_ii| over all decompositions, and what it was at the end of the burn-in.
    sums: Vec<f64>,
    sums_at_burn_in: Vec<f64>,
}

impl Graded {
    fn identity(identity: &Tensor) -> Graded {
        let nothing = vec![0.0; identity.size()[0] as usize];
        Graded { product: Scaled::new(identity), sums: nothing.clone(), sums_at_burn_in: nothing }
    }

    /// Multiplies with another R from the left. Row i of the result is made of the rows k ≥ i, each brought to the largest
    /// exponent among them; all exponents are whole numbers, so no digit is lost by that.
    fn multiply(&mut self, r: &Tensor) {
        let (mantissa, power) = r.frexp();
        let power = power.to_kind(Kind::Double) + self.product.exponent.tr();
        let power = power.where_self(&r.not_equal(0.0), &Scaled::nothing(&r.get(0)));
        let exponent = power.amax([1], true);
        let factors = mantissa * Scaled::factor(&power, &exponent);
        let mantissa = factors.matmul(&self.product.mantissa);
        self.product = Scaled { mantissa, exponent }.normalised_rows();
        let diagonal: Vec<f64> = numbers(&r.diagonal(0, 0, 1));
        self.sums.iter_mut().zip(diagonal).for_each(|(sum, r)| *sum += r.abs().ln());
    }

    fn settled(&mut self) {
        self.sums_at_burn_in.copy_from_slice(&self.sums);
    }

    fn log10_frobenius(&self) -> f64 {
        let Scaled { mantissa, exponent } = &self.product;
        let largest = exponent.max();
        let scaled = mantissa * Scaled::factor(exponent, &largest);
        let length = scaled.square().sum(Kind::Double).sqrt().double_value(&[]);
        length.log10() + largest.double_value(&[]) * std::f64::consts::LOG10_2
    }

    fn log10_singular(&self) -> Vec<f64> {
        let Scaled { mantissa, exponent } = &self.product;
        let numbered = mantissa.unbind(0);
        let rows = numbered.iter().zip(numbers(&exponent.flatten(0, 1)));
        let rows = rows.map(|(row, exponent)| Row { numbers: numbers(row), exponent }).collect();
        log2_singular_values(rows).iter().map(|log2| log2 * std::f64::consts::LOG10_2).collect()
    }

    /// Mean over the `steps` since the burn-in, the largest first.
    fn exponents(&self, steps: usize) -> Vec<f64> {
        let mean = |(sum, before): (&f64, &f64)| {
            if sum.is_finite() { (sum - before) / steps as f64 } else { *sum }
        };
        let mut exponents: Vec<f64> = self.sums.iter().zip(&self.sums_at_burn_in).map(mean).collect();
        exponents.sort_by(|a, b| b.total_cmp(a));
        exponents
    }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.contiguous()).expect("a tensor of one dimension and 64-bit floats")
}
