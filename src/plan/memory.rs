//! The memory that a run needs at its peak, estimated from below, and the refusal of runs that need more than
//! there is.
//!
//! The letters are those of reports: T steps, B sequences, I features, H units. A number has e bytes, and a
//! model has P parameters. A cell has G gates: 1 for the RNN, 3 for the GRU, 4 for the LSTM. An engine keeps
//! c tensors of one unit for its backward pass (see [`kept`]). Sums are over layers. With a projection, h has
//! fewer than H components, and the sizes of h take the place of H where only h counts.
//!
//! | kind | bytes, besides the parameters and the input |
//! | --- | --- |
//! | `training` | e T B (Σ c H); a Transformer has c = 24; attention has 3 e T B H more for each output |
//! | `speed` | e T B (Σ (c + 10) H), and 10 e T B I more for the comparison of engines |
//! | `gradients`, `analytic` or `recompute` | 7 e G B (Σ H) times √T steps, or 32 steps if these are more |
//! | `gradients`, `simd` in f64 | as above, with 2 in place of 7 |
//! | `gradients`, other engines | (e c + 32) T B (Σ H), and 4 e T B I more for the norms |
//! | `jacobian` | 128 n² for the n rows of the Jacobian, and 56 G n √T (Σ H) for their segment |
//!
//! A training with the probe `jacobian` needs at least what a run of that kind needs. One with flossing of k
//! exponents needs at least k times the `training` of the engine `fused`.
//!
//! Parameters take 48 P bytes: they are drawn in f64, compared or checkpointed, and have gradients and
//! moments. Where nothing is compared or learned, they take 16 P. The input takes (8 + e) T B I, because it
//! is drawn in f64 or as 64-bit symbols. A longer test sequence counts in place of T there, and takes e T B
//! (Σ H) more. Norms of `gradients` take 32 bytes per step, quantity and layer. The
//! outputs of `training` take 3 e bytes for each component.
//!
//! On CUDA, the limit is the memory of the card. Parameters are drawn and compared outside it, so they take
//! e P bytes, or 4 e P with their gradients and moments in a training. The input takes e T B I.
//!
//! The factors are sums of tensors that live at one time, rounded down to what processes were seen to hold.

use std::iter;

use super::interventions::flosses;
use super::rules;
use super::run::Run;
use super::sizing::{ModelShape, gates};
use crate::cell::cell;
use crate::config::Spec;
use crate::config::spec::{Measure, TaskSpec, TrainingSpec};
use crate::data::Inputs;
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::settings::names::{ModelName, Predict, ProbeName};
use crate::support::error::ConfigError;
use crate::support::text::bytes;

/// The steps of the comparison of an engine with the reference, before gradients are measured.
const COMPARED_STEPS: f64 = 32.0;

/// The run that needs most memory, with its need in bytes.
pub fn largest<'a>(runs: impl Iterator<Item = &'a Run>, inputs: &Inputs) -> Option<(&'a Run, f64)> {
    let need = |run: &'a Run| (run, Need::new(run, inputs).bytes());
    runs.map(need).max_by(|(_, one), (_, other)| one.total_cmp(other))
}

/// Refuses a run that needs more than `limit` bytes.
///
/// # Errors
/// The largest such run, at the key of the size that counts most.
pub fn check(spec: &Spec, runs: &[Run], inputs: &Inputs, limit: u64) -> Result<(), ConfigError> {
    let Some((run, need)) = largest(runs.iter(), inputs).filter(|(_, need)| *need > limit as f64) else {
        return Ok(());
    };
    let problem = format!(
        "expected sizes that fit into memory: the run `{}` needs at least {}, and {} is the limit here",
        run.describe(),
        bytes(need),
        bytes(limit as f64)
    );
    Err(rules::error(spec, run.settings.kind, Need::new(run, inputs).decisive_key(), problem))
}

/// The tensors of one unit and step that an engine keeps for its backward pass.
fn kept(engine: EngineName, gates: f64) -> f64 {
    match engine {
        EngineName::Simd => 2.0 * gates,
        // The states, and the products of the inputs in the backward pass.
        EngineName::Recompute => 2.0 + gates,
        EngineName::Analytic => 6.0 * gates,
        EngineName::Cuda => gates + 2.0,
        EngineName::Stepwise | EngineName::Fused | EngineName::Scan | EngineName::Builtin => 4.0 * gates,
    }
}

/// The sizes of a run that its memory depends on.
#[derive(Clone)]
struct Need<'a> {
    run: &'a Run,
    shape: ModelShape,
    /// The units of each layer.
    layers: Vec<usize>,
    steps: f64,
    /// The steps of the longest test sequence of a further length, 0 without one.
    test_steps: f64,
    batch: f64,
}

impl<'a> Need<'a> {
    fn new(run: &'a Run, inputs: &Inputs) -> Need<'a> {
        let settings = &run.settings;
        let even = || vec![settings.hidden_size; settings.layers];
        let layers = run.training().and_then(|training| training.layer_sizes.clone()).unwrap_or_else(even);
        let lengths = run.training().map_or(&[][..], |training| &training.test_lengths);
        let heads = run.training().map_or(1, |training| training.heads);
        Need {
            run,
            shape: ModelShape::of_run(&run.task, settings, heads, inputs.of(run.training().is_some())),
            layers,
            steps: run.task.longest(settings.seq_len) as f64,
            test_steps: lengths.last().map_or(0.0, |length| run.task.longest(*length) as f64),
            batch: settings.batch_size as f64,
        }
    }

    /// The memory of the run in bytes.
    fn bytes(&self) -> f64 {
        let steps = self.steps * self.batch;
        let longest = self.test_steps.max(self.steps) * self.batch;
        let drawn = if self.is_on_card() { 0.0 } else { 8.0 };
        let input = (drawn + self.number()) * longest * self.features();
        input
            + self.held_parameters()
            + match &self.run.measure {
                Measure::Training(training) => {
                    let has_jacobian = training.probes(ProbeName::Jacobian);
                    let test = self.number() * self.test_steps * self.batch * self.sizes_of_h();
                    let jacobian = if has_jacobian { self.jacobian() } else { 0.0 };
                    self.training(steps).max(test).max(jacobian).max(self.flossing(steps, training))
                }
                Measure::Speed(_) => self.speed(steps),
                Measure::Step(_) => self.training(steps),
                Measure::Gradients(_) if self.is_exact() => self.exact_gradients() + self.norms(),
                Measure::Gradients(_) => {
                    let adjoints = (self.number() * self.kept() + 32.0) * steps * self.units();
                    adjoints + 4.0 * self.number() * steps * self.features() + self.norms()
                }
                Measure::Jacobian(_) => self.jacobian(),
            }
    }

    /// The bytes of one number.
    fn number(&self) -> f64 {
        if self.run.settings.dtype == Dtype::F64 { 8.0 } else { 4.0 }
    }

    fn is_on_card(&self) -> bool {
        self.run.settings.device != "cpu"
    }

    /// The features of an input vector. A vector of an embedding is as long as `input_size`.
    fn features(&self) -> f64 {
        self.shape.input_size as f64
    }

    /// The units of all layers.
    fn units(&self) -> f64 {
        self.layers.iter().map(|size| *size as f64).sum()
    }

    /// The sizes of h of all layers together.
    fn sizes_of_h(&self) -> f64 {
        self.layers.iter().map(|size| self.shape.state_size(*size).output as f64).sum()
    }

    fn gates(&self) -> f64 {
        gates(self.shape.cell) as f64
    }

    /// The largest number of kept tensors among the engines.
    fn kept(&self) -> f64 {
        let engines = &self.run.settings.engine.engines;
        engines.iter().map(|engine| kept(*engine, self.gates())).fold(0.0, f64::max)
    }

    fn is_exact(&self) -> bool {
        match self.run.settings.engine.first() {
            Some(EngineName::Analytic | EngineName::Recompute) => true,
            Some(EngineName::Simd) => self.run.settings.dtype == Dtype::F64,
            _ => false,
        }
    }

    /// The parameters with everything that is as large as they are.
    fn held_parameters(&self) -> f64 {
        let recurrent = || self.shape.recurrent_layers(&self.layers) as f64;
        let (learned, measured) =
            if self.is_on_card() { (4.0 * self.number(), self.number()) } else { (48.0, 16.0) };
        match &self.run.measure {
            Measure::Training(_) => learned * self.shape.parameters(&self.layers) as f64,
            // Each engine trains a model of its own.
            Measure::Step(_) => {
                let engines = self.run.settings.engine.engines.len() as f64;
                learned * engines * self.shape.parameters(&self.layers) as f64
            }
            Measure::Jacobian(_) => measured * recurrent(),
            _ if self.is_on_card() => measured * recurrent(),
            // The engine is the reference, so it is not compared.
            Measure::Gradients(_) if self.run.settings.engine.first() == Some(EngineName::Stepwise) => {
                measured * recurrent()
            }
            Measure::Gradients(_) | Measure::Speed(_) => learned * recurrent(),
        }
    }

    /// The values that the backward pass of a training step needs.
    fn training(&self, steps: f64) -> f64 {
        let width = self.layers.last().map_or(0.0, |size| self.shape.state_size(*size).output as f64);
        let values = match self.shape.model {
            ModelName::Recurrent => self.kept() * steps * self.units(),
            // The score of each output and step has H components.
            ModelName::Attention => self.kept() * steps * self.units() + 3.0 * self.outputs() * steps * width,
            // A block keeps query, key, value and context, two norms, and an MLP 4 times as wide.
            ModelName::Transformer => 24.0 * steps * self.units(),
        };
        let logits = 3.0 * self.outputs() * self.batch * self.shape.outputs as f64;
        self.number() * (values + logits)
    }

    /// The steps of the copies of the sequences, one for each flossed exponent. The graph of the copies'
    /// gradient needs more.
    fn flossing(&self, steps: f64, training: &TrainingSpec) -> f64 {
        if !flosses(&self.run.settings) {
            return 0.0;
        }
        let copies = training.flossing_exponents_of(self.layers.iter().copied()) as f64;
        self.number() * kept(EngineName::Fused, self.gates()) * copies * steps * self.units()
    }

    /// The steps with an output.
    fn outputs(&self) -> f64 {
        match &self.run.task {
            TaskSpec::Text { corpus, .. } if corpus.predict == Predict::EveryStep => self.steps,
            TaskSpec::CopyMemory { .. } | TaskSpec::ModularSum { .. } => self.steps,
            TaskSpec::SelectiveCopy { .. } => 10.0,
            _ => 1.0,
        }
    }

    fn speed(&self, steps: f64) -> f64 {
        let is_compared = self.run.settings.engine.engines.len() > 1;
        let compared = if is_compared { 10.0 } else { 0.0 };
        let compared = compared * (self.sizes_of_h() + self.features());
        self.number() * steps * (self.kept() * self.units() + compared)
    }

    /// The recomputed segment of an engine with exact norms, or the steps on which it is compared.
    fn exact_gradients(&self) -> f64 {
        let steps = self.steps.sqrt().max(COMPARED_STEPS.min(self.steps));
        let is_simd = self.run.settings.engine.first() == Some(EngineName::Simd);
        let tensors = if is_simd { 2.0 } else { 7.0 };
        tensors * self.number() * self.gates() * steps * self.batch * self.units()
    }

    /// The norms of all quantities at every step.
    fn norms(&self) -> f64 {
        let quantities = 2 + cell(self.shape.cell).carried().len();
        32.0 * self.steps * (quantities as f64 * self.layers.len() as f64 + 1.0)
    }

    fn jacobian(&self) -> f64 {
        let rows = self.sizes_of_h() + self.units() * cell(self.shape.cell).carried().len() as f64;
        128.0 * rows * rows + 56.0 * self.gates() * rows * self.steps.sqrt() * self.units()
    }

    /// The key of the size that counts most: with a value of 1, it would leave the smallest need.
    fn decisive_key(&self) -> &'static str {
        let with = |change: &dyn Fn(&mut Need)| {
            let mut other = self.clone();
            change(&mut other);
            other.bytes()
        };
        let hidden = match self.run.training() {
            Some(training) if training.parameter_budget.is_some() => "training.parameter_budget",
            Some(training) if training.layer_sizes.is_some() => "training.layer_sizes",
            _ => "hidden_size",
        };
        let task = &self.run.task;
        let steps =
            (!matches!(task, TaskSpec::Images { .. })).then(|| ("seq_len", with(&|need| need.steps = 1.0)));
        let input =
            (!task.fixes_input_size()).then(|| ("input_size", with(&|need| need.shape.input_size = 1)));
        iter::once((hidden, with(&|need| need.layers.fill(1))))
            .chain([("batch_size", with(&|need| need.batch = 1.0))])
            .chain(steps)
            .chain([("training.test_lengths", with(&|need| need.test_steps = 0.0))])
            .chain(input)
            .chain([("layers", with(&|need| need.layers.truncate(1)))])
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
            .map_or(hidden, |(key, _)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::plan::{Machine, Plan};

    /// The need of the only run of a config, in bytes.
    fn need(device: &str, text: &str) -> f64 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        std::fs::write(&path, text).unwrap();
        let (spec, inputs) = (config::load(&path, &[]).unwrap(), Inputs::default());
        let plan = Plan::new(&spec, &inputs, &Machine::new(device, 1, "avx2")).unwrap();
        largest(plan.runs.iter(), &inputs).unwrap().1
    }

    #[test]
    fn need_on_a_card_leaves_out_what_is_drawn_and_compared_outside() {
        let text = "kind = \"training\"\n[task]\nname = \"adding\"\n[grid]\ncell = \"lstm\"\nengine = \
                    \"builtin\"\nhidden_size = 2000\nseq_len = 2\nbatch_size = 1\n[training]\nsteps = 1\n";
        let parameters = 4.0 * 2000.0 * (2000.0 + 2.0 + 2.0) + 2001.0;
        for (device, bytes_each) in [("cpu", 48.0), ("cuda:0", 16.0)] {
            let ratio = need(device, text) / (bytes_each * parameters);
            assert!((1.0..1.02).contains(&ratio), "{device}: {ratio}");
        }
        let text = text.replace("seq_len = 2\n", "seq_len = 100_000\n").replace("= 2000\n", "= 2\n");
        assert!(need("cuda:0", &text) < need("cpu", &text));
    }

    #[test]
    fn check_refuses_what_a_card_cannot_hold() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        let text =
            "kind = \"gradients\"\n[grid]\ncell = \"lstm\"\nengine = \"builtin\"\nhidden_size = 4000\n";
        std::fs::write(&path, text).unwrap();
        let spec = config::load(&path, &[]).unwrap();
        let of = |memory| {
            let machine = Machine { memory: Some(memory), ..Machine::new("cuda:0", 1, "avx2") };
            Plan::new(&spec, &Inputs::default(), &machine).map(|_| ()).map_err(|error| error.to_string())
        };
        let error = of(1 << 20).unwrap_err();
        assert!(error.contains("`grid.hidden_size`: expected sizes that fit into memory"), "{error}");
        assert_eq!(of(1 << 40), Ok(()));
    }
}
