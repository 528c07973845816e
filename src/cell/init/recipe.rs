//! The distributions of the parameters of one layer.

use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use crate::device::cpu;
use crate::random;

/// The size of one layer, and its place in the stack.
#[derive(Debug, Clone, Copy)]
pub struct LayerSize {
    /// The number of features of the layer's input, I; H above the first layer.
    pub input: i64,
    /// The number of units, H.
    pub hidden: i64,
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
    /// A random orthogonal matrix times this factor.
    Orthogonal(f64),
    /// The identity times this factor.
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
    /// Each gate's recurrent matrix, `[H, H]`. A unit that sees its own state only has a matrix `[1, 1]`.
    pub recurrent: Draw,
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

    /// Draws a tensor. [`Draw::Orthogonal`] and [`Draw::Identity`] are for square matrices.
    pub fn tensor(self, shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
        let options = (Kind::Double, cpu());
        match self {
            Draw::Constant(number) => Tensor::full(shape, number, options),
            Draw::Uniform(low, high) => random::uniform(rng, low, high, shape, Kind::Double, cpu()),
            Draw::Normal(std) => random::normal(rng, shape, Kind::Double, cpu()) * std,
            Draw::Orthogonal(gain) => orthogonal(shape[0], rng) * gain,
            Draw::Identity(gain) => Tensor::eye(shape[0], options) * gain,
        }
    }
}

/// Draws uniformly from the orthogonal matrices. The result is Q of the QR decomposition of a Gaussian
/// matrix, with the diagonal of R made positive (Mezzadri 2007).
fn orthogonal(size: i64, rng: &mut ChaCha8Rng) -> Tensor {
    let (q, r) = Tensor::linalg_qr(&random::normal(rng, &[size, size], Kind::Double, cpu()), "reduced");
    q * r.diagonal(0, 0, 1).sign()
}

impl Recipe {
    /// Returns U(±1/√`fan`) for all weights and biases.
    pub fn uniform(fan: i64) -> Recipe {
        let draw = Draw::within(1.0 / (fan as f64).sqrt());
        Recipe { input: draw, recurrent: draw, bias: draw, gate: GateBias::AsBase }
    }

    /// Returns these distributions of input and recurrent matrices, with biases 0.
    pub fn of_weights(input: Draw, recurrent: Draw) -> Recipe {
        Recipe { input, recurrent, bias: Draw::Constant(0.0), gate: GateBias::AsBase }
    }
}
