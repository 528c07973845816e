//! Parameters drawn from a seed.
//!
//! All numbers are drawn in f64 on the CPU and converted last. They are therefore the same for every dtype
//! and device.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Uniform};
use tch::{Device, Kind, Tensor};

use super::policy::{BaseInit, GateBias, Init};
use crate::cell::{Cell, CellName, FurtherInit, LayerParameters, Parameters, Recurrent, Retention, cell};
use crate::device::cpu;
use crate::random::{self, Purpose};

/// The sizes of a stack of layers.
#[derive(Debug, Clone, Copy)]
pub struct StackSize {
    /// The number of features of the input at each step, I.
    pub input_size: i64,
    /// The number of units of each layer, H.
    pub hidden_size: i64,
    /// The number of layers.
    pub layers: usize,
}

impl Parameters {
    /// Draws the parameters of a stack of layers of a cell of this crate: see [`Parameters::of_cell`].
    pub fn new(
        name: CellName,
        init: Init,
        size: StackSize,
        seed: u64,
        kind: Kind,
        device: Device,
    ) -> Parameters {
        Parameters::of_cell(cell(name), init, size, seed, kind, device)
    }

    /// Draws the parameters of a stack of layers of any cell. A seed gives the same numbers for every dtype
    /// and device.
    ///
    /// The tensors require no gradient (see [`Parameters::leaves`]).
    pub fn of_cell(
        cell: &'static dyn Cell,
        init: Init,
        size: StackSize,
        seed: u64,
        kind: Kind,
        device: Device,
    ) -> Parameters {
        let mut rng = random::stream(seed, Purpose::Parameters);
        let layers = (0..size.layers)
            .map(|layer| {
                let input = if layer == 0 { size.input_size } else { size.hidden_size };
                draw_layer(cell, init, input, size.hidden_size, &mut rng)
            })
            .collect();
        Parameters { cell, layers }.to(kind, device)
    }
}

fn draw_layer(cell: &dyn Cell, init: Init, input: i64, hidden: i64, rng: &mut ChaCha8Rng) -> LayerParameters {
    let gates = cell.gates().len() as i64;
    // Each gate has its own matrix: its fan-out is H, not G·H.
    let mut stacked = |columns, weight: fn(&BaseInit, [i64; 2], &mut ChaCha8Rng) -> Tensor| {
        let blocks: Vec<Tensor> = (0..gates).map(|_| weight(&init.base, [hidden, columns], rng)).collect();
        Tensor::cat(&blocks, 0)
    };
    let w_ih = stacked(input, input_weight);
    let layout = cell.layout();
    let w_hh = match layout.recurrent {
        Recurrent::Matrices => stacked(hidden, recurrent_weight),
        Recurrent::Vector => recurrent_vector(&init.base, hidden, rng),
        Recurrent::None => Tensor::zeros([0, hidden], (Kind::Double, cpu())),
    };
    let b_ih = bias(&init.base, gates * hidden, hidden, rng);
    let rows = if layout.recurrent == Recurrent::Matrices { gates * hidden } else { 0 };
    let b_hh = bias(&init.base, rows, hidden, rng);
    let further = layout.further.iter().map(|further| {
        let size = further.size(gates, hidden);
        match further.init {
            FurtherInit::Bias => bias(&init.base, size.iter().product(), hidden, rng),
            FurtherInit::Recurrent => recurrent_weight(&init.base, [hidden, hidden], rng),
            FurtherInit::Constant(first) => Tensor::full(size, first, (Kind::Double, cpu())),
        }
    });
    let further = further.collect();
    let layer = LayerParameters { w_ih, w_hh, b_ih, b_hh, further };
    set_gate_bias(cell, init.gate, &layer, rng);
    layer
}

fn bias(base: &BaseInit, length: i64, hidden: i64, rng: &mut ChaCha8Rng) -> Tensor {
    match base {
        BaseInit::Pytorch => uniform(1.0 / (hidden as f64).sqrt(), &[length], rng),
        _ => Tensor::zeros([length], (Kind::Double, cpu())),
    }
}

fn input_weight(base: &BaseInit, shape: [i64; 2], rng: &mut ChaCha8Rng) -> Tensor {
    match *base {
        BaseInit::Pytorch => uniform(1.0 / (shape[0] as f64).sqrt(), &shape, rng),
        BaseInit::Xavier | BaseInit::Orthogonal { .. } => xavier(shape, rng),
        BaseInit::Identity { .. } => normal(0.001, shape, rng),
        BaseInit::Gaussian { std } => normal(std, shape, rng),
        BaseInit::Tch => uniform((6.0 / shape[1] as f64).sqrt(), &shape, rng),
    }
}

fn recurrent_weight(base: &BaseInit, shape: [i64; 2], rng: &mut ChaCha8Rng) -> Tensor {
    match *base {
        BaseInit::Orthogonal { gain } => orthogonal(shape[0], rng) * gain,
        BaseInit::Identity { gain } => Tensor::eye(shape[0], (Kind::Double, cpu())) * gain,
        _ => input_weight(base, shape, rng),
    }
}

/// Draws the recurrent weights `[H]` of units that see their own state only. Each is the 1 × 1 matrix of a
/// network of one unit. `Pytorch` keeps its bound 1/√H.
fn recurrent_vector(base: &BaseInit, hidden: i64, rng: &mut ChaCha8Rng) -> Tensor {
    if *base == BaseInit::Pytorch {
        return uniform(1.0 / (hidden as f64).sqrt(), &[hidden], rng);
    }
    let each: Vec<Tensor> = (0..hidden).map(|_| recurrent_weight(base, [1, 1], rng)).collect();
    Tensor::cat(&each, 0).flatten(0, 1)
}

fn uniform(bound: f64, shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
    random::uniform(rng, -bound, bound, shape, Kind::Double, cpu())
}

fn normal(std: f64, shape: [i64; 2], rng: &mut ChaCha8Rng) -> Tensor {
    random::normal(rng, &shape, Kind::Double, cpu()) * std
}

/// Draws from U(±√(6 / (rows + columns))): Glorot & Bengio 2010, eq. 16.
fn xavier(shape: [i64; 2], rng: &mut ChaCha8Rng) -> Tensor {
    uniform((6.0 / (shape[0] + shape[1]) as f64).sqrt(), &shape, rng)
}

/// Draws uniformly from the orthogonal matrices. The result is Q of the QR decomposition of a Gaussian
/// matrix, with the diagonal of R made positive (Mezzadri 2007).
fn orthogonal(size: i64, rng: &mut ChaCha8Rng) -> Tensor {
    let (q, r) = Tensor::linalg_qr(&random::normal(rng, &[size, size], Kind::Double, cpu()), "reduced");
    q * r.diagonal(0, 0, 1).sign()
}

/// Sets the bias of the retention gate. b_ih gets the whole bias and b_hh is 0, so that the sum is the
/// required bias.
fn set_gate_bias(cell: &dyn Cell, gate: GateBias, layer: &LayerParameters, rng: &mut ChaCha8Rng) {
    let (retention, sign) = match cell.retention() {
        Some(Retention::Keeps(gate)) => (gate, 1.0),
        Some(Retention::Replaces(gate)) => (gate, -1.0),
        None => return,
    };
    let hidden = layer.hidden_size();
    let set = |gate: usize, value: &Tensor| {
        layer.b_ih.narrow(0, gate as i64 * hidden, hidden).copy_(value);
        if layer.b_hh.numel() > 0 {
            let _ = layer.b_hh.narrow(0, gate as i64 * hidden, hidden).zero_();
        }
    };
    match gate {
        GateBias::AsBase => {}
        GateBias::Forget(bias) => {
            set(retention, &Tensor::full([hidden], sign * bias, (Kind::Double, cpu())));
        }
        GateBias::Chrono { t_max } => {
            let steps = Uniform::new(1.0, t_max - 1.0).expect("t_max is above 2");
            let logs: Vec<f64> = (0..hidden).map(|_| steps.sample(rng).ln()).collect();
            let bias = Tensor::from_slice(&logs);
            set(retention, &(&bias * sign));
            if let Some(input) = cell.input_gate() {
                set(input, &-bias);
            }
        }
    }
}
