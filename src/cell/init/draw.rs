//! Parameters drawn from a seed.
//!
//! All numbers are drawn in f64 on the CPU and converted last. They are therefore the same for every dtype
//! and device.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Uniform};
use tch::{Device, Kind, Tensor};

use super::policy::Init;
use super::recipe::{Draw, GateBias, LayerSize};
use crate::cell::{
    Cell, CellName, FurtherInit, LayerParameters, Parameters, Recurrent, Retention, StateSize, cell,
};
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
    /// The size of h for a cell with a projection, P, from 1 to below H. 0 for the other cells, as in
    /// PyTorch.
    pub proj_size: i64,
}

impl StackSize {
    /// Returns the sizes of the states of each layer.
    pub fn state_size(&self) -> StateSize {
        StateSize::new(self.hidden_size, self.proj_size)
    }
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
    ///
    /// # Panics
    /// If the policy is the init of the cell's paper and there is none (see [`Init::fits`]). If `proj_size`
    /// is not for the cell (see [`crate::cell::Layout::check_projection`]).
    pub fn of_cell(
        cell: &'static dyn Cell,
        init: Init,
        size: StackSize,
        seed: u64,
        kind: Kind,
        device: Device,
    ) -> Parameters {
        if let Err(problem) = cell.layout().check_projection(size.hidden_size, size.proj_size) {
            panic!("proj_size: {cell:?} {problem}");
        }
        let mut rng = random::stream(seed, Purpose::Parameters);
        let state = size.state_size();
        let layers = (0..size.layers)
            .map(|layer| {
                let input = if layer == 0 { size.input_size } else { state.output };
                let is_last = layer + 1 == size.layers;
                draw_layer(cell, init, LayerSize { input, state, is_last }, &mut rng)
            })
            .collect();
        Parameters { cell, layers }.to(kind, device)
    }
}

fn draw_layer(cell: &dyn Cell, init: Init, size: LayerSize, rng: &mut ChaCha8Rng) -> LayerParameters {
    let recipe = init.recipe(cell, size);
    let (gates, StateSize { hidden, output }) = (cell.gates().len() as i64, size.state);
    // Each gate has its own matrix: its fan-out is H, not G·H.
    let mut stacked = |count, draw: Draw, shape: [i64; 2]| {
        let blocks: Vec<Tensor> = (0..count).map(|_| draw.tensor(&shape, rng)).collect();
        Tensor::cat(&blocks, 0)
    };
    let w_ih = stacked(gates, recipe.input, [hidden, size.input]);
    let layout = cell.layout();
    let w_hh = match layout.recurrent {
        Recurrent::Matrices => stacked(gates, recipe.recurrent, [hidden, output]),
        Recurrent::Vector => stacked(hidden, recipe.recurrent, [1, 1]).flatten(0, 1),
        Recurrent::None => Tensor::zeros([0, hidden], (Kind::Double, cpu())),
    };
    let b_ih = recipe.bias.tensor(&[gates * hidden], rng);
    let b_hh = recipe.bias.tensor(&[layout.recurrent_bias(gates, size.state)], rng);
    let mut further = Vec::new();
    for one in layout.further {
        let mut drawn = |draw: Draw| draw.tensor(&one.size(gates, size.state), rng);
        further.push(match one.init {
            FurtherInit::Bias => drawn(recipe.bias),
            FurtherInit::Recurrent => drawn(recipe.recurrent),
            FurtherInit::Projection => drawn(recipe.projection),
            FurtherInit::Constant(first) => drawn(Draw::Constant(first)),
            FurtherInit::Own(draw) => draw(&further, hidden, rng),
        });
    }
    let layer = LayerParameters { w_ih, w_hh, b_ih, b_hh, further };
    set_gate_bias(cell, recipe.gate, &layer, rng);
    layer
}

/// Sets the bias of the retention gate. b_ih gets the whole bias and b_hh is 0, so that the sum is the
/// required bias.
fn set_gate_bias(cell: &dyn Cell, gate: GateBias, layer: &LayerParameters, rng: &mut ChaCha8Rng) {
    let (retention, sign) = match cell.retention() {
        Some(Retention::Keeps(gate)) => (gate, 1.0),
        Some(Retention::Replaces(gate)) => (gate, -1.0),
        None => return,
    };
    let hidden = layer.state_size(cell.gates().len()).hidden;
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
