//! Small networks, their inputs and all results of an engine on them.

use lstm_lab::cell::init::StackSize;
use lstm_lab::cell::{CarriedState, CellName};
use lstm_lab::cell::{Parameters, State, cell};
use lstm_lab::device::cpu;
use lstm_lab::engine::{Engine, EngineName, engine, engines_of, gradients};
use lstm_lab::random::{self, Purpose};
use tch::{Kind, Tensor};

/// The sizes of a small case.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub cell: CellName,
    pub layers: usize,
    pub steps: i64,
    pub batch: i64,
    pub input: i64,
    pub hidden: i64,
    pub kind: Kind,
    pub seed: u64,
}

impl Case {
    pub fn new(cell: CellName, layers: usize, steps: i64, kind: Kind) -> Case {
        Case { cell, layers, steps, batch: 3, input: 5, hidden: 7, kind, seed: 11 }
    }

    /// Returns the case with the least hidden size that its cell can have. A projection is smaller than that.
    pub fn smallest(self) -> Case {
        Case { hidden: if cell(self.cell).layout().has_projection() { 2 } else { 1 }, ..self }
    }

    /// Returns the sizes of the layers. A projection has half of the units.
    pub fn size(&self) -> StackSize {
        let has_projection = cell(self.cell).layout().has_projection();
        StackSize {
            input_size: self.input,
            hidden_size: self.hidden,
            layers: self.layers,
            proj_size: if has_projection { self.hidden / 2 } else { 0 },
        }
    }

    pub fn parameters(&self) -> Parameters {
        let size = self.size();
        Parameters::new(self.cell, "pytorch".parse().unwrap(), size, self.seed, self.kind, cpu())
    }

    pub fn input(&self) -> Tensor {
        self.normal(Purpose::Input, &[self.steps, self.batch, self.input])
    }

    pub fn cotangent(&self) -> Tensor {
        self.normal(Purpose::Loss, &[self.steps, self.batch, self.size().state_size().output])
    }

    /// Returns a random first state for every layer.
    pub fn first(&self) -> Vec<State> {
        let mut rng = random::stream(self.seed, Purpose::Readout);
        let mut draw = |size| random::normal(&mut rng, &[self.batch, size], self.kind, cpu());
        let carried = cell(self.cell).carried();
        let mut state = || {
            let h = draw(self.size().state_size().output);
            // A normaliser near 0 would enlarge rounding, and it is at least 1 after a step.
            let carried = carried.iter().map(|name| match name {
                CarriedState::N => draw(self.hidden).abs() + 0.5,
                _ => draw(self.hidden),
            });
            State { h, carried: carried.collect() }
        };
        (0..self.layers).map(|_| state()).collect()
    }

    fn normal(&self, purpose: Purpose, shape: &[i64]) -> Tensor {
        random::normal(&mut random::stream(self.seed, purpose), shape, self.kind, cpu())
    }
}

/// The cells with a derivation, with kernels and with a layer in libtorch.
pub const DERIVED: [CellName; 3] = [CellName::Rnn, CellName::Lstm, CellName::Gru];

/// The engines with exact adjoints at any length.
pub const EXACT: [EngineName; 2] = [EngineName::Analytic, EngineName::Recompute];

/// Returns the engines that run a cell with tensors of a type.
pub fn engines(name: CellName, kind: Kind) -> impl Iterator<Item = &'static dyn Engine> {
    let sample = Tensor::zeros([1], (kind, cpu()));
    engines_of(cell(name)).map(engine).filter(move |engine| engine.accepts(&sample).is_ok())
}

/// Returns every result of a run from a given first state: the output, the last states and all gradients.
pub fn results(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    first: &[State],
    cotangent: &Tensor,
) -> Vec<(String, Tensor)> {
    let p = p.leaves();
    let leaf = |tensor: &Tensor| tensor.detach().copy().set_requires_grad(true);
    let input = leaf(input);
    let first: Vec<State> = first.iter().map(|state| state.map(leaf)).collect();
    let run = lstm_lab::engine::forward(engine, &p, &input, Some(&first)).unwrap();
    // The last states enter the loss too, so that gradients flow back from both ends.
    let mut loss = (&run.output * cotangent).sum(input.kind());
    let mut found = vec![("output".to_string(), run.output.detach())];
    for (layer, state) in run.final_states.iter().enumerate() {
        for (name, tensor) in state.named(p.cell.carried()) {
            loss += tensor.sin().sum(input.kind());
            found.push((format!("{name}_n[{layer}]"), tensor.detach()));
        }
    }
    let mut nodes: Vec<(String, &Tensor)> = p.named();
    nodes.push(("input".into(), &input));
    for (layer, state) in first.iter().enumerate() {
        let named = state.named(p.cell.carried()).into_iter();
        nodes.extend(named.map(|(name, tensor)| (format!("{name}0[{layer}]"), tensor)));
    }
    let tensors: Vec<&Tensor> = nodes.iter().map(|(_, tensor)| *tensor).collect();
    let gradients = gradients(&loss, &tensors);
    found.extend(nodes.iter().map(|(name, _)| format!("grad.{name}")).zip(gradients));
    found
}
