//! Properties of layers of any size.

use proptest::prelude::*;
use rnn_kernels::{Cell, Isa, Size};

use crate::reference;
use crate::support::{Case, Number, error};

/// Compares each instruction set with the reference.
fn check_reference<E: Number>(
    cell: Cell,
    size: Size,
    threads: usize,
    seed: u64,
) -> Result<(), TestCaseError> {
    let case = Case::<E>::new(cell, size, seed);
    let expected = reference::results(&case);
    for isa in Isa::available() {
        for ((name, found), (_, expected)) in case.results(isa, threads).iter().zip(expected.named()) {
            let error = error(found, expected);
            prop_assert!(error <= 80.0, "{isa:?} {name}: off by {error:.1} ε");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_layer_agrees_with_the_reference(
        cell in prop::sample::select(&Cell::ALL[..]),
        (steps, batch) in (1usize..30, 1usize..20),
        (input, hidden) in (1usize..50, 1usize..80),
        threads in 1usize..4,
        seed in any::<u64>(),
    ) {
        let size = Size { steps, batch, input, hidden };
        check_reference::<f32>(cell, size, threads, seed)?;
        check_reference::<f64>(cell, size, threads, seed)?;
    }

    #[test]
    fn sequences_of_a_batch_do_not_depend_on_each_other(
        cell in prop::sample::select(&Cell::ALL[..]),
        (steps, batch) in (1usize..12, 2usize..10),
        (input, hidden) in (1usize..20, 1usize..40),
        seed in any::<u64>(),
    ) {
        let case = Case::<f32>::new(cell, Size { steps, batch, input, hidden }, seed);
        let mut changed = Case::new(cell, case.size, seed);
        // Only the last sequence has another input.
        for t in 0..steps {
            changed.input[((t + 1) * batch - 1) * input..][..input].fill(0.25);
        }
        for isa in Isa::available() {
            let ((output, _), (other, _)) = (case.forward(isa, 2), changed.forward(isa, 2));
            for t in 0..steps {
                let same = t * batch * hidden..((t + 1) * batch - 1) * hidden;
                prop_assert_eq!(&output[same.clone()], &other[same]);
            }
        }
    }
}
