//! Singular values of a matrix whose rows differ by powers of two beyond the range of a float.
//!
//! The method is one-sided Jacobi: rows are rotated in pairs until all are orthogonal. Their lengths are
//! then the singular values (Hestenes 1958). If a matrix is badly scaled by rows and well conditioned
//! otherwise, every singular value keeps all its digits, even the smallest (Demmel & Veselić 1992). Here
//! each row has an extended exponent, and only differences of exponents enter the formulas of a rotation.

/// An upper bound of the number of sweeps. It is never reached, because convergence is quadratic.
const MAX_SWEEPS: usize = 60;

/// A row, `numbers · 2^exponent`.
#[derive(Debug, Clone)]
pub struct Row {
    /// The mantissas, near 1.
    pub numbers: Vec<f64>,
    /// The exponent. It is −∞ for a row of zeros.
    pub exponent: f64,
}

impl Row {
    /// Moves the power of two of the largest number into the exponent.
    fn rescale(&mut self) {
        let largest = self.numbers.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        if largest == 0.0 {
            self.exponent = f64::NEG_INFINITY;
            return;
        }
        let power = largest.log2().floor();
        let factor = (-power).exp2();
        self.numbers.iter_mut().for_each(|x| *x *= factor);
        self.exponent += power;
    }

    fn log2_length(&self) -> f64 {
        dot(&self.numbers, &self.numbers).log2() / 2.0 + self.exponent
    }
}

/// Returns log2 of the singular values, the largest first. A value of 0 gives −∞.
pub fn log2_singular_values(mut rows: Vec<Row>) -> Vec<f64> {
    let tolerance = f64::EPSILON * (rows.len() as f64).sqrt();
    for _ in 0..MAX_SWEEPS {
        rows.iter_mut().for_each(Row::rescale);
        // With the longest row first, fewer sweeps are needed (de Rijk 1989).
        rows.sort_by(|a, b| b.log2_length().total_cmp(&a.log2_length()));
        if !sweep(&mut rows, tolerance) {
            break;
        }
    }
    let mut lengths: Vec<f64> = rows.iter().map(Row::log2_length).collect();
    lengths.sort_by(|a, b| b.total_cmp(a));
    lengths
}

/// Makes each pair of rows orthogonal in turn. Returns true if any pair was rotated.
fn sweep(rows: &mut [Row], tolerance: f64) -> bool {
    let mut rotated = false;
    for i in 0..rows.len() {
        let (upper, lower) = rows.split_at_mut(i + 1);
        for other in lower {
            rotated |= orthogonalise(&mut upper[i], other, tolerance);
        }
    }
    rotated
}

/// Rotates two rows a and b until they are orthogonal. Returns true if they were rotated.
///
/// The scale of b relative to a is r = 2^(e_b − e_a) ≤ 1, and the tangent of the angle is r·τ. τ is
/// therefore finite even for r = 0, where b only loses its component along a.
fn orthogonalise(a: &mut Row, b: &mut Row, tolerance: f64) -> bool {
    if b.exponent > a.exponent {
        return orthogonalise(b, a, tolerance);
    }
    if b.exponent == f64::NEG_INFINITY {
        return false;
    }
    let (aa, bb, ab) =
        (dot(&a.numbers, &a.numbers), dot(&b.numbers, &b.numbers), dot(&a.numbers, &b.numbers));
    // This is false for NaN too.
    let is_apart = ab.abs() > tolerance * (aa * bb).sqrt();
    if !is_apart {
        return false;
    }
    let r = (b.exponent - a.exponent).exp2();
    let zeta = (r * r * bb - aa) / (2.0 * ab);
    let tau = zeta.signum() / (zeta.abs() + r.hypot(zeta));
    let cosine = 1.0 / (r * tau).hypot(1.0);
    for (a, b) in a.numbers.iter_mut().zip(&mut b.numbers) {
        let (old_a, old_b) = (*a, *b);
        *a = cosine * (old_a - r * r * tau * old_b);
        *b = cosine * (tau * old_a + old_b);
    }
    true
}

/// Returns the dot product. Its eight partial sums let the compiler use vector registers.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((sum, x), y) in sums.iter_mut().zip(a).zip(b) {
            *sum += x * y;
        }
    }
    rest + sums.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use tch::Tensor;

    use super::*;

    fn rows(matrix: &[Vec<f64>], exponents: &[f64]) -> Vec<Row> {
        let row =
            |(numbers, exponent): (&Vec<f64>, &f64)| Row { numbers: numbers.clone(), exponent: *exponent };
        matrix.iter().zip(exponents).map(row).collect()
    }

    fn random(n: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n).map(|_| (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()).collect()
    }

    #[test]
    fn log2_singular_values_in_float_range_equal_libtorch() {
        for n in [1, 2, 3, 17, 40] {
            let matrix = random(n, n as u64);
            let exponents: Vec<f64> = (0..n).map(|k| ((7 * k) % 5) as f64 - 2.0).collect();
            let scaled: Vec<f64> =
                matrix.iter().zip(&exponents).flat_map(|(row, e)| row.iter().map(|x| x * e.exp2())).collect();
            let tensor = Tensor::from_slice(&scaled).reshape([n as i64, n as i64]);
            let expected: Vec<f64> = Vec::try_from(tensor.svd(true, false).1).expect("a row of numbers");
            for (found, expected) in log2_singular_values(rows(&matrix, &exponents)).iter().zip(expected) {
                assert!((found - expected.log2()).abs() < 1e-11, "{n}: {found} {expected}");
            }
        }
    }

    #[test]
    fn log2_singular_values_of_distant_rows_equal_closed_form() {
        // [[1, x], [0, d]]: the product of the singular values is d. For tiny d the first is √(1 + x²).
        let x = 0.75f64;
        for exponent in [-40.0, -600.0, -100_000.0] {
            let found = log2_singular_values(rows(&[vec![1.0, x], vec![0.0, 1.0]], &[0.0, exponent]));
            let first = (1.0 + x * x).log2() / 2.0;
            assert!((found[0] - first).abs() < 1e-14 && (found[1] - (exponent - first)).abs() < 1e-10);
        }
    }

    #[test]
    fn log2_singular_values_sum_to_log2_determinant() {
        let n = 24;
        let mut matrix = random(n, 3);
        let mut log2_determinant = 0.0;
        for (i, row) in matrix.iter_mut().enumerate() {
            row[..i].fill(0.0);
            row[i] = 1.0 + 0.1 * i as f64;
            log2_determinant += row[i].log2();
        }
        let exponents: Vec<f64> = (0..n).map(|k| -137.0 * k as f64).collect();
        log2_determinant += exponents.iter().sum::<f64>();
        let sum: f64 = log2_singular_values(rows(&matrix, &exponents)).iter().sum();
        assert!((sum - log2_determinant).abs() < 1e-9, "{sum} {log2_determinant}");
    }

    #[test]
    fn log2_singular_values_of_zero_row_include_minus_infinity() {
        let found = log2_singular_values(rows(&[vec![0.0, 0.0], vec![3.0, 4.0]], &[0.0, 0.0]));
        assert_eq!(found, [5f64.log2(), f64::NEG_INFINITY]);
    }
}
