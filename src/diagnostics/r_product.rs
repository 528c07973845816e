//! The product of the R factors of QR decompositions, with an extended exponent for each row.

use tch::{Kind, Tensor};

use super::scaled::{Scaled, ZERO_EXPONENT, to_vec};
use super::singular::{Row, log2_singular_values};

/// The product of all R factors so far. It has the singular values of the product of Jacobians.
pub struct RProduct {
    /// The product, `[n, n]`, upper triangular.
    product: Scaled,
    /// Σ ln |r_ii| over all decompositions. The next field is its value at the end of the burn-in.
    log_diagonal: Vec<f64>,
    log_diagonal_at_burn_in: Vec<f64>,
}

impl RProduct {
    /// Returns the empty product, given the identity `[n, n]`.
    pub fn new(identity: &Tensor) -> RProduct {
        let zeros = vec![0.0; identity.size()[0] as usize];
        RProduct {
            product: Scaled::new(identity),
            log_diagonal: zeros.clone(),
            log_diagonal_at_burn_in: zeros,
        }
    }

    /// Multiplies another R from the left. Row i of the result is a combination of the rows k ≥ i, each
    /// aligned to the largest exponent among them. All exponents are whole numbers, so the alignment is
    /// exact.
    pub fn multiply(&mut self, r: &Tensor) {
        let (mantissa, power) = r.frexp();
        let power = power.to_kind(Kind::Double) + self.product.exponent.tr();
        let power = power.masked_fill(&r.eq(0.0), ZERO_EXPONENT);
        let exponent = power.amax([1], true);
        let factors = mantissa * Scaled::factor(&power, &exponent);
        let mantissa = factors.matmul(&self.product.mantissa);
        self.product = Scaled { mantissa, exponent }.normalised_rows();
        let diagonal = to_vec(&r.diagonal(0, 0, 1));
        self.log_diagonal.iter_mut().zip(diagonal).for_each(|(sum, r)| *sum += r.abs().ln());
    }

    /// Ends the burn-in. Lyapunov exponents are averaged from here on.
    pub fn end_burn_in(&mut self) {
        self.log_diagonal_at_burn_in.copy_from_slice(&self.log_diagonal);
    }

    /// Returns log10 of the Frobenius norm.
    pub fn log10_frobenius(&self) -> f64 {
        let Scaled { mantissa, exponent } = &self.product;
        let largest = exponent.max();
        let scaled = mantissa * Scaled::factor(exponent, &largest);
        let length = scaled.square().sum(Kind::Double).sqrt().double_value(&[]);
        length.log10() + largest.double_value(&[]) * std::f64::consts::LOG10_2
    }

    /// Returns log10 of the singular values, the largest first.
    pub fn log10_singular(&self) -> Vec<f64> {
        let Scaled { mantissa, exponent } = &self.product;
        let rows = mantissa.unbind(0).into_iter().zip(to_vec(&exponent.flatten(0, 1)));
        let rows = rows.map(|(row, exponent)| Row { numbers: to_vec(&row), exponent }).collect();
        log2_singular_values(rows).iter().map(|log2| log2 * std::f64::consts::LOG10_2).collect()
    }

    /// Returns the Lyapunov exponents, the largest first. Each is the mean over the `steps` steps since
    /// the burn-in.
    pub fn lyapunov(&self, steps: usize) -> Vec<f64> {
        let mean = |(sum, before): (&f64, &f64)| {
            if sum.is_finite() { (sum - before) / steps as f64 } else { *sum }
        };
        let sums = self.log_diagonal.iter().zip(&self.log_diagonal_at_burn_in);
        let mut exponents: Vec<f64> = sums.map(mean).collect();
        exponents.sort_by(|a, b| b.total_cmp(a));
        exponents
    }
}
