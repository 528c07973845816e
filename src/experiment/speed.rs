//! The kind `speed`: engine against engine on the same parameters and input, interleaved sample by sample, so
//! that whatever else the machine does meets all of them alike.

use std::time::{Duration, Instant};

use tch::{Tensor, no_grad};

use super::{Place, agree, cotangent, run_parameters};
use crate::autograd::{Saved, attach};
use crate::cell::{Parameters, State};
use crate::config::names::{EngineName, Pass};
use crate::config::plan::{Run, RunMeasure};
use crate::data::Text;
use crate::device;
use crate::engine::{Engine, engine, zero_states};
use crate::error::{Error, Result};
use crate::results::schema::SpeedRow;
use crate::task::batch;

/// The engine that the others are held against and measured by.
const REFERENCE: EngineName = EngineName::Builtin;

/// So many samples are taken however long they last: fewer make no interval.
const LEAST_SAMPLES: usize = 5;

/// Executes a run of this kind: the rows, and the engines that were not timed because they disagree.
///
/// # Errors
/// A shape does not fit; the task's text is missing.
pub fn execute(run: &Run, text: Option<&Text>, place: Place) -> Result<(Vec<SpeedRow>, Vec<Error>)> {
    let RunMeasure::Speed { engines, passes, samples, warmup, budget_seconds, .. } = &run.measure else {
        return Err(Error::Usage("a run of another kind was given to `speed`".into()));
    };
    let work = Work::new(run, text, place)?;
    let mut refused = Vec::new();
    let mut agreeing = Vec::new();
    for &name in engines {
        match work.agrees(name) {
            Ok(()) => agreeing.push(name),
            Err(error @ Error::Disagreement { .. }) => refused.push(error),
            Err(error) => return Err(error),
        }
    }
    let mut rows = Vec::new();
    let budget = Duration::from_secs_f64(budget_seconds / passes.len() as f64);
    for &pass in passes {
        for &name in &agreeing {
            for _ in 0..*warmup {
                work.seconds(name, pass);
            }
        }
        let start = Instant::now();
        for sample in 0..*samples {
            if sample >= LEAST_SAMPLES && start.elapsed() > budget {
                break;
            }
            // Each round begins with another engine: none always follows the same one.
            for turn in 0..agreeing.len() {
                let name = agreeing[(turn + sample) % agreeing.len()];
                rows.push(row(run, place, name, pass, sample, work.seconds(name, pass)));
            }
        }
    }
    Ok((rows, refused))
}

/// What every engine is given.
struct Work {
    parameters: Parameters,
    input: Tensor,
    first: Vec<State>,
    cotangent: Tensor,
    place: Place,
}

impl Work {
    fn new(run: &Run, text: Option<&Text>, place: Place) -> Result<Work> {
        let parameters = run_parameters(&run.point, run.seed, place.device).leaves();
        let input = batch(&run.point, text, run.seed, place.device)?.input;
        let cotangent = cotangent(&run.point, input.size()[0], &input, run.seed);
        let input = input.set_requires_grad(true);
        let first = zero_states(&parameters, &input);
        Ok(Work { parameters, input, first, cotangent, place })
    }

    fn agrees(&self, name: EngineName) -> Result<()> {
        if name == REFERENCE {
            return Ok(());
        }
        agree(engine(name), engine(REFERENCE), &self.parameters, &self.input, &self.cotangent)
    }

    /// The wall-clock time of one pass, up to the moment when the device has done all of it.
    fn seconds(&self, name: EngineName, pass: Pass) -> f64 {
        let engine = engine(name);
        device::synchronize(self.place.device);
        let start = Instant::now();
        let results = match pass {
            Pass::Forward => self.forward(engine),
            Pass::Train => self.train(engine),
        };
        device::synchronize(self.place.device);
        let seconds = start.elapsed().as_secs_f64();
        drop(results);
        seconds
    }

    fn forward(&self, engine: &dyn Engine) -> Vec<Tensor> {
        vec![no_grad(|| engine.stack(&self.parameters, &self.input, &self.first).output)]
    }

    /// Forward, and backward to the input and every parameter.
    fn train(&self, engine: &dyn Engine) -> Vec<Tensor> {
        let output = engine.stack(&self.parameters, &self.input, &self.first).output;
        // A number whose gradient is the cotangent as it stands: a product and its sum would be timed with the engine.
        let (cotangent, number) =
            (Saved::new(&self.cotangent), Tensor::zeros([], (output.kind(), output.device())));
        let loss =
            attach(&[&output], vec![number], move |_| Some(vec![Some(cotangent.get().shallow_clone())]))
                .expect("a new tensor, computed without gradients")
                .remove(0);
        let mut inputs = self.parameters.tensors();
        inputs.push(&self.input);
        Tensor::run_backward(&[loss], &inputs, false, false)
    }
}

fn row(run: &Run, place: Place, engine: EngineName, pass: Pass, sample: usize, seconds: f64) -> SpeedRow {
    let point = &run.point;
    SpeedRow {
        run_id: run.id.clone(),
        cell: point.cell.to_string(),
        engine: engine.to_string(),
        pass: pass.to_string(),
        seq_len: point.seq_len,
        batch_size: point.batch_size,
        input_size: point.input_size,
        hidden_size: point.hidden_size,
        threads: place.threads,
        sample,
        seconds,
        layers: point.layers,
        dtype: point.dtype.to_string(),
        device: device::name(place.device),
    }
}
