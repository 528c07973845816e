//! Backpropagation through a part of the sequence: BPTT(h; h′) of Williams & Peng (1990).

use tch::{Tensor, no_grad};

use crate::cell::State;
use crate::model::{ForwardArgs, Model, ModelConfig, ModelOutput};
use crate::support::error::Result;
use crate::task::learning::{Batch, loss};

/// The part of a sequence that a gradient goes back through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncation {
    /// The steps from one backward pass to the next, h′.
    pub every: usize,
    /// The steps that each backward pass goes back, h, at least h′.
    pub back: usize,
}

/// Returns the output for a batch, its loss, and the truncated gradient of all parameters.
///
/// After every `every` steps, the loss of these steps goes back through the last `back` steps, at most to the
/// first step of the batch. The states before them are constants. The gradient is the sum over the batch.
///
/// # Errors
/// A shape that does not fit the model.
pub fn truncated_loss_and_gradient(
    model: &dyn Model,
    config: &ModelConfig,
    batch: &Batch,
    initial: Option<&[State]>,
    Truncation { every, back }: Truncation,
) -> Result<(ModelOutput, f64, Tensor)> {
    let (steps, outputs) = (batch.input.size()[0], batch.target.steps());
    let mut before: Option<Vec<State>> =
        initial.map(|states| states.iter().map(State::shallow_clone).collect());
    let run = |from: i64, to: i64, initial: Option<&[State]>, output_steps: i64| {
        let vectors = config.embed(model.weights(), &batch.input.narrow(0, from, to - from));
        model.run(&vectors, ForwardArgs { initial, output_steps, dropout: None })
    };
    let (mut found, mut last, mut value) = (Vec::new(), Vec::new(), 0.0);
    let mut gradient = model.weights().flat().zeros_like();
    // The state `before` is that before this step.
    let mut at = 0;
    for segment in (0..steps).step_by(every) {
        let end = (segment + every as i64).min(steps);
        let first = segment.max(steps - outputs);
        if first >= end {
            continue;
        }
        let start = (end - back as i64).max(0);
        if start > at {
            before = Some(no_grad(|| run(at, start, before.as_deref(), 1))?.state);
            at = start;
        }
        let output = run(start, end, before.as_deref(), end - first)?;
        let target = batch.target.narrow(first - (steps - outputs), end - first);
        let loss = loss(&output.outputs, &target) * ((end - first) as f64 / outputs as f64);
        gradient += model.weights().gradient(&loss);
        value += loss.double_value(&[]);
        found.push(output.outputs.detach());
        last = output.state;
    }
    Ok((ModelOutput { outputs: Tensor::cat(&found, 0), state: last }, value, gradient))
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::cell::CellName;
    use crate::device::{Dtype, cpu};
    use crate::engine::EngineName;
    use crate::model::{Interventions, model};
    use crate::random::{self, Purpose};
    use crate::settings::names::ModelName;
    use crate::task::learning::Target;
    use crate::train::loss_and_gradient;

    const STEPS: i64 = 12;

    fn config() -> ModelConfig {
        ModelConfig {
            model: ModelName::Recurrent,
            cell: Some(CellName::Lstm),
            engine: Some(EngineName::Analytic),
            init: Some("pytorch".into()),
            layer_sizes: vec![4, 4],
            proj_size: 0,
            heads: 1,
            positions: STEPS,
            symbols: None,
            encoding: None,
            input_size: 2,
            outputs: 3,
            dropout: 0.0,
            interventions: Interventions::default(),
            dtype: Dtype::F64,
        }
    }

    /// A batch with targets after its last steps.
    fn batch(targets: i64) -> Batch {
        let mut rng = random::stream(1, Purpose::Input);
        let input = random::normal(&mut rng, &[STEPS, 5, 2], Kind::Double, cpu());
        let classes = Tensor::arange(targets * 5, (Kind::Int64, cpu())).remainder(3).view([targets, 5]);
        Batch { input, target: Target::Classes(classes), continues: false }
    }

    fn steps(batch: &Batch, start: i64, count: i64) -> Batch {
        let input = batch.input.narrow(0, start, count);
        Batch { input, target: batch.target.narrow(start, count), continues: false }
    }

    fn args(initial: Option<&[State]>, output_steps: i64) -> ForwardArgs<'_> {
        ForwardArgs { initial, output_steps, dropout: None }
    }

    fn assert_same(found: &(ModelOutput, f64, Tensor), expected: &(ModelOutput, f64, Tensor), about: &str) {
        assert!((found.1 - expected.1).abs() < 1e-12, "{about}: {} {}", found.1, expected.1);
        assert!(found.0.outputs.allclose(&expected.0.outputs, 0.0, 1e-12, false), "{about}: outputs");
        assert!(found.2.allclose(&expected.2, 0.0, 1e-12, false), "{about}: gradient");
        let state = |run: &(ModelOutput, f64, Tensor)| Tensor::cat(&run.0.state[1].tensors(), 0);
        assert!(state(found).allclose(&state(expected), 0.0, 1e-12, false), "{about}: state");
    }

    #[test]
    fn truncated_gradient_over_the_whole_sequence_is_the_gradient() {
        let (config, model) = (config(), model(&config(), 1, cpu()));
        for targets in [1, 7, STEPS] {
            let batch = batch(targets);
            let expected = loss_and_gradient(model.as_ref(), &config, &batch, args(None, targets)).unwrap();
            for every in [1, 5, 12, 40] {
                let truncation = Truncation { every, back: 40 };
                let found = truncated_loss_and_gradient(model.as_ref(), &config, &batch, None, truncation);
                assert_same(&found.unwrap(), &expected, &format!("{targets} targets, every {every}"));
            }
        }
    }

    /// Steps that are not overlapped are batches that continue each other.
    #[test]
    fn truncated_gradient_without_overlap_is_that_of_shorter_batches() {
        let (config, model, batch) = (config(), model(&config(), 1, cpu()), batch(STEPS));
        let truncation = Truncation { every: 4, back: 4 };
        let found = truncated_loss_and_gradient(model.as_ref(), &config, &batch, None, truncation).unwrap();
        let mut state: Option<Vec<State>> = None;
        let mut sum = model.weights().flat().zeros_like();
        for start in [0, 4, 8] {
            let part = steps(&batch, start, 4);
            let found = loss_and_gradient(model.as_ref(), &config, &part, args(state.as_deref(), 4)).unwrap();
            sum += found.2 / 3.0;
            state = Some(found.0.state.iter().map(|state| state.map(Tensor::detach)).collect());
        }
        assert!(found.2.allclose(&sum, 0.0, 1e-12, false));
    }

    /// The loss of the last steps goes back through `back` steps, and the steps before are constants.
    #[test]
    fn truncated_gradient_goes_back_beyond_its_own_steps() {
        let (config, model, batch) = (config(), model(&config(), 1, cpu()), batch(3));
        let of = |back| {
            let truncation = Truncation { every: 3, back };
            truncated_loss_and_gradient(model.as_ref(), &config, &batch, None, truncation).unwrap().2
        };
        let before =
            no_grad(|| model.run(&batch.input.narrow(0, 0, STEPS - 7), args(None, 1))).unwrap().state;
        let last = Batch { input: batch.input.narrow(0, STEPS - 7, 7), ..self::batch(3) };
        let expected = loss_and_gradient(model.as_ref(), &config, &last, args(Some(&before), 3)).unwrap().2;
        assert!(of(7).allclose(&expected, 0.0, 1e-12, false));
        assert!(!of(3).allclose(&expected, 0.0, 1e-9, false));
    }
}
