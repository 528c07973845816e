//! Compares every instruction set of this machine, on one thread and on several, with the stepwise engine
//! in f64.

use tch::{Kind, Tensor};

use super::isa::Isa;
use super::split::{Recurrence, Size, Split, Way};
use super::{Setting, layer};
use crate::cell::init::{StackSize, parameters};
use crate::cell::{CellName, Parameters, State, cell};
use crate::device::cpu;
use crate::engine::agreement::relative_difference;
use crate::engine::{EngineName, engine};
use crate::random::{self, Purpose};

/// Sizes that fill no vector, one vector, or several vectors and a part. Batches of 1, of a register
/// block, and larger.
const SIZES: [[i64; 4]; 9] = [
    [1, 1, 1, 1],
    [3, 2, 5, 7],
    [4, 7, 16, 16],
    [9, 1, 3, 90],
    [2, 13, 37, 70],
    [5, 3, 65, 33],
    [600, 1, 2, 5],
    // For tiles: first partial pairs of blocks and partial lines of 32 terms, then whole ones.
    [6, 37, 31, 41],
    [3, 64, 64, 96],
];

struct Case {
    name: CellName,
    parameters: Parameters,
    input: Tensor,
    first: State,
    cotangent: Tensor,
}

impl Case {
    fn new(name: CellName, [steps, batch, input, hidden]: [i64; 4]) -> Case {
        let size = StackSize { input_size: input, hidden_size: hidden, layers: 1 };
        let mut rng = random::stream(5, Purpose::Input);
        let mut draw = |shape: &[i64]| random::normal(&mut rng, shape, Kind::Float, cpu());
        Case {
            name,
            parameters: parameters(name, "pytorch".parse().unwrap(), size, 3, Kind::Float, cpu()),
            input: draw(&[steps, batch, input]),
            first: State {
                h: draw(&[batch, hidden]),
                c: (name == CellName::Lstm).then(|| draw(&[batch, hidden])),
            },
            cotangent: draw(&[steps, batch, hidden]),
        }
    }

    /// Returns the output, the final states and all gradients, in `kind`.
    fn results(
        &self,
        kind: Kind,
        run: impl Fn(&Parameters, &Tensor, &State) -> (Tensor, State),
    ) -> Vec<Tensor> {
        let leaf = |tensor: &Tensor| tensor.to_kind(kind).detach().copy().set_requires_grad(true);
        let p = self.parameters.to(kind, cpu()).leaves();
        let input = leaf(&self.input);
        let first = State { h: leaf(&self.first.h), c: self.first.c.as_ref().map(leaf) };
        let (output, last) = run(&p, &input, &first);
        let mut loss = (&output * self.cotangent.to_kind(kind)).sum(kind) + last.h.sin().sum(kind);
        let mut nodes = p.tensors();
        nodes.extend([&input, &first.h]);
        nodes.extend(&first.c);
        let mut results = vec![output.detach(), last.h.detach()];
        if let Some(c) = &last.c {
            loss += c.sin().sum(kind);
            results.push(c.detach());
        }
        results.extend(Tensor::run_backward(&[loss], &nodes, false, false));
        results
    }

    fn expected(&self) -> Vec<Tensor> {
        let stepwise = engine(EngineName::Stepwise);
        self.results(Kind::Double, |p, input, first| {
            stepwise.layer(cell(self.name), &p.layers[0], input, first)
        })
    }

    fn found(&self, isa: Isa, threads: usize) -> Vec<Tensor> {
        let setting = Setting { isa, threads, cell: self.name };
        self.results(Kind::Float, |p, input, first| layer(setting, &p.layers[0], input, first, None))
    }
}

#[test]
fn every_instruction_set_and_split_gives_what_the_textbook_gives() {
    for &name in CellName::ALL {
        for size in SIZES {
            let case = Case::new(name, size);
            let expected = case.expected();
            for (n, isa) in Isa::all().into_iter().enumerate() {
                for threads in [1, 2, 3] {
                    let found = case.found(isa, threads);
                    assert_eq!(found.len(), expected.len());
                    for (which, (found, expected)) in found.iter().zip(&expected).enumerate() {
                        let error = relative_difference(found, expected);
                        let context = format!("{name} {size:?}, instruction set {n}, {threads} threads");
                        assert!(error < 1e-5, "{context}: result {which} differs by {error:.1e}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit_unless_it_decides_on_tiles() {
    for &name in CellName::ALL {
        let case = Case::new(name, [40, 14, 20, 70]);
        for isa in Isa::all() {
            let alone = case.found(isa, 1);
            for threads in [2, 3, 5] {
                for (found, alone) in case.found(isa, threads).iter().zip(&alone) {
                    if isa.has_tiles() {
                        assert!(relative_difference(found, alone) < 1e-6, "{name} on {threads} threads");
                    } else {
                        assert_eq!(found, alone, "{name} on {threads} threads");
                    }
                }
            }
        }
    }
}

#[test]
fn work_is_split_where_that_pays() {
    let choose = |tiles, batch, hidden| {
        let recurrence = Recurrence { gates: 4, lanes: 16, tiles, needed: 1 };
        Way::choose(Size { steps: 10, batch, input: 8, hidden }, recurrence, 2)
    };
    let plain = |split| Way { split, tiles: false };
    assert_eq!(choose(false, 64, 128), plain(Split::Batch));
    assert_eq!(choose(false, 1, 512), plain(Split::Units));
    assert_eq!(choose(true, 1, 16), plain(Split::Alone));
    // Tiles pay for many rows, not for a few.
    assert_eq!(choose(true, 8, 64), plain(Split::Batch));
    assert_eq!(choose(true, 64, 128), Way { split: Split::Batch, tiles: true });
}

#[test]
fn activations_are_right_over_all_floats() {
    use super::math::{sigmoid, tanh};
    use super::vector::{Op, Simd};

    struct Check(Vec<f32>);
    impl Op for Check {
        fn run<S: Simd>(self, s: S) {
            for &x in &self.0 {
                let lane = |v: S::V| {
                    let mut all = [0.0; 16];
                    // SAFETY: no vector is longer than 16.
                    unsafe { s.store(all.as_mut_ptr(), v) };
                    f64::from(all[0])
                };
                let exact = f64::from(x);
                // For small numbers, tanh is the number itself. The sigmoid is 0 where e⁻ˣ is infinite.
                let smallest = f64::from(f32::MIN_POSITIVE);
                for (found, expected, distance) in [
                    (lane(tanh(s, s.splat(x))), exact.tanh(), 1e-44),
                    (lane(sigmoid(s, s.splat(x))), 1.0 / (1.0 + (-exact).exp()), smallest),
                ] {
                    assert_eq!(found.is_nan(), x.is_nan(), "{x}");
                    let allowed = expected.abs() * 4.0 * f64::from(f32::EPSILON) + distance;
                    assert!(x.is_nan() || (found - expected).abs() <= allowed, "{x}: {found} {expected}");
                }
            }
        }
    }
    let mut numbers = vec![0.0, f32::INFINITY, f32::NAN, f32::MAX, 1e-45, 1e-40, f32::MIN_POSITIVE];
    numbers.extend((0..20_000).map(|n| n as f32 * 0.007));
    numbers.extend((0..2_000).map(|n| (n as f32 * -0.02).exp()));
    let negative: Vec<f32> = numbers.iter().map(|x| -x).collect();
    numbers.extend(negative);
    for isa in Isa::all() {
        struct With(Vec<f32>);
        impl super::isa::Task for With {
            type Result = ();
            fn run<S: Simd>(self, s: S) {
                Check(self.0).run(s);
            }
        }
        isa.run(With(numbers.clone()));
    }
}

#[test]
fn a_panic_on_one_thread_reaches_the_caller_and_the_threads_live_on() {
    let outcome = std::panic::catch_unwind(|| {
        super::pool::run(2, |worker| {
            assert!(worker.index == 0 && worker.count == 2, "on purpose");
            worker.barrier();
        });
    });
    assert!(outcome.is_err());
    let sum = std::sync::atomic::AtomicUsize::new(0);
    super::pool::run(2, |worker| {
        sum.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        worker.barrier();
        assert_eq!(sum.load(std::sync::atomic::Ordering::Relaxed), worker.count);
    });
}
