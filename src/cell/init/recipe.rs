//! The distributions of the parameters of one layer.

use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use crate::cell::StateSize;
use crate::device::cpu;
use crate::random;

/// The size of one layer, and its place in the stack.
#[derive(Debug, Clone, Copy)]
pub struct LayerSize {
    /// The number of features of the layer's input, I; the size of h above the first layer.
    pub input: i64,
    /// The sizes of the states.
    pub state: StateSize,
    /// True for the uppermost layer.
    pub is_last: bool,
}

/// The distribution of the numbers of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Draw {
    /// The same number everywhere.
    Constant(f64),
    /// Uniform from the first number to the second.
    Uniform(f64, f64),
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// A random orthogonal matrix times this factor. A matrix that is not square has orthonormal rows or
    /// columns, whichever are fewer.
    Orthogonal(f64),
    /// The identity times this factor. A matrix that is not square has 0 outside the diagonal, too.
    Identity(f64),
}

/// The bias of the retention gate: f of the LSTM, z of the GRU. It is negated for a gate that is the part of
/// the state that is replaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GateBias {
    /// The bias that is drawn with the others.
    AsBase,
    /// A constant (Gers et al. 2000; Jozefowicz et al. 2015).
    Forget(f64),
    /// The logarithm of U(1, t_max − 1), and its negative for the input gate of the LSTM (Tallec &
    /// Ollivier 2018).
    Chrono {
        /// The longest dependency expected, in steps.
        t_max: f64,
    },
}

/// The distributions of a layer's parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Each gate's input matrix, `[H, I]`.
    pub input: Draw,
    /// Each gate's recurrent matrix, `[H, H]`, or `[H, P]` with a projection. A unit that sees its own state
    /// only has a matrix `[1, 1]`.
    pub recurrent: Draw,
    /// The matrix of a projection, `[P, H]`.
    pub projection: Draw,
    /// The biases.
    pub bias: Draw,
    /// The bias of the retention gate, set last.
    pub gate: GateBias,
}

impl Draw {
    /// Returns U(±`bound`).
    pub fn within(bound: f64) -> Draw {
        Draw::Uniform(-bound, bound)
    }

    /// Returns U(±√(6 / (rows + columns))): Glorot & Bengio 2010, eq. 16.
    pub fn xavier(rows: i64, columns: i64) -> Draw {
        Draw::within((6.0 / (rows + columns) as f64).sqrt())
    }

    /// Draws a tensor. [`Draw::Orthogonal`] and [`Draw::Identity`] are for matrices.
    pub fn tensor(self, shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
        let options = (Kind::Double, cpu());
        match self {
            Draw::Constant(number) => Tensor::full(shape, number, options),
            Draw::Uniform(low, high) => random::uniform(rng, low, high, shape, Kind::Double, cpu()),
            Draw::Normal(std) => random::normal(rng, shape, Kind::Double, cpu()) * std,
            Draw::Orthogonal(gain) => orthogonal(shape[0], shape[1], rng) * gain,
            Draw::Identity(gain) => Tensor::eye_m(shape[0], shape[1], options) * gain,
        }
    }
}

/// Draws uniformly from the matrices with orthonormal columns. The result is Q of the QR decomposition of a
/// Gaussian matrix, with the diagonal of R made positive (Mezzadri 2007). A matrix with more columns than
/// rows is the transpose of one with orthonormal columns.
fn orthogonal(rows: i64, columns: i64, rng: &mut ChaCha8Rng) -> Tensor {
    if rows < columns {
        return orthogonal(columns, rows, rng).tr().contiguous();
    }
    let (q, r) = Tensor::linalg_qr(&random::normal(rng, &[rows, columns], Kind::Double, cpu()), "reduced");
    q * r.diagonal(0, 0, 1).sign()
}

impl Recipe {
    /// Returns U(±1/√`fan`) for all weights and biases.
    pub fn uniform(fan: i64) -> Recipe {
        let draw = Draw::within(1.0 / (fan as f64).sqrt());
        Recipe { input: draw, recurrent: draw, projection: draw, bias: draw, gate: GateBias::AsBase }
    }

    /// Returns these distributions of input and recurrent matrices, with biases 0. A projection is drawn like
    /// a recurrent matrix.
    pub fn of_weights(input: Draw, recurrent: Draw) -> Recipe {
        let bias = Draw::Constant(0.0);
        Recipe { input, recurrent, projection: recurrent, bias, gate: GateBias::AsBase }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn matrix_that_is_not_square_has_orthonormal_rows_or_columns() {
        let mut rng = random::stream(1, Purpose::Parameters);
        let eye = Tensor::eye(3, (Kind::Double, cpu()));
        let tall = Draw::Orthogonal(2.0).tensor(&[7, 3], &mut rng);
        let wide = Draw::Orthogonal(2.0).tensor(&[3, 7], &mut rng);
        assert_eq!((tall.size(), wide.size()), (vec![7, 3], vec![3, 7]));
        for product in [tall.tr().matmul(&tall), wide.matmul(&wide.tr())] {
            assert!(product.allclose(&(&eye * 4.0), 0.0, 1e-12, false), "{product:?}");
        }
        assert!(wide.is_contiguous());
        let identity = Draw::Identity(2.0).tensor(&[3, 7], &mut rng);
        assert_eq!(identity.narrow(1, 0, 3), eye * 2.0);
        assert_eq!(identity.narrow(1, 3, 4), Tensor::zeros([3, 4], (Kind::Double, cpu())));
    }
}
