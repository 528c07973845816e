//! The benchmark of `cargo bench`: the time of one step, a forward pass and a training pass, for each
//! engine (LSTM, f32, CPU).
//!
//! These times show the effect of a change to the code. Published ratios come from
//! `experiments/speed.toml`, which interleaves the samples of the engines.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lstm_lab::cell::cell;
use lstm_lab::device::cpu;
use lstm_lab::engine::{engine, engines_of};
use lstm_lab::random::{self, Purpose};
use lstm_lab::{CellName, EngineName, Init, Parameters, StackSize, forward};
use tch::{Kind, Tensor, no_grad};

const BATCH: i64 = 16;
const SIZE: i64 = 128;

struct Work {
    parameters: Parameters,
    input: Tensor,
}

impl Work {
    fn new(steps: i64) -> Work {
        let size = StackSize { input_size: SIZE, hidden_size: SIZE, layers: 1, proj_size: 0 };
        let parameters =
            Parameters::new(CellName::Lstm, Init::pytorch(), size, 1, Kind::Float, cpu()).leaves();
        let mut rng = random::stream(1, Purpose::Input);
        let input =
            random::normal(&mut rng, &[steps, BATCH, SIZE], Kind::Float, cpu()).set_requires_grad(true);
        Work { parameters, input }
    }

    fn forward(&self, name: EngineName) -> Tensor {
        forward(engine(name), &self.parameters, &self.input, None).expect("shapes fit").output
    }

    fn train(&self, name: EngineName) -> Vec<Tensor> {
        let loss = self.forward(name).sum(Kind::Float);
        let mut inputs = self.parameters.tensors();
        inputs.push(&self.input);
        Tensor::run_backward(&[loss], &inputs, false, false)
    }
}

fn engines(c: &mut Criterion) {
    for (title, steps, train) in [("step", 1, false), ("forward", 100, false), ("train", 100, true)] {
        let work = Work::new(steps);
        let mut group = c.benchmark_group(title);
        group.sample_size(20);
        let on_this_device = |name: &EngineName| engine(*name).accepts(&work.input).is_ok();
        for name in engines_of(cell(CellName::Lstm)).filter(on_this_device) {
            group.bench_with_input(BenchmarkId::from_parameter(name), &name, |bencher, &name| {
                if train {
                    bencher.iter(|| work.train(name));
                } else {
                    bencher.iter(|| no_grad(|| work.forward(name)));
                }
            });
        }
        group.finish();
    }
}

criterion_group!(benches, engines);
criterion_main!(benches);
