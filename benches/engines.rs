//! `cargo bench`: one step, a forward pass and a training pass, per engine (LSTM, f32, CPU).
//!
//! For a look at one change. Ratios that are to be published come from `experiments/speed.toml`, whose samples are
//! interleaved.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use lstm_lab::cell::CellName;
use lstm_lab::cell::Parameters;
use lstm_lab::cell::init::StackSize;
use lstm_lab::device::cpu;
use lstm_lab::engine::EngineName;
use lstm_lab::engine::{engine, forward};
use lstm_lab::random::{self, Purpose};
use tch::{Kind, Tensor, no_grad};

const BATCH: i64 = 16;
const SIZE: i64 = 128;

struct Work {
    parameters: Parameters,
    input: Tensor,
}

impl Work {
    fn new(steps: i64) -> Work {
        let size = StackSize { input_size: SIZE, hidden_size: SIZE, layers: 1 };
        let init = "pytorch".parse().expect("a known init");
        let parameters = Parameters::new(CellName::Lstm, init, size, 1, Kind::Float, cpu()).leaves();
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
        for &name in EngineName::ALL {
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
