//! Comparisons of instruction sets, numbers of threads and kinds of passes with each other and with the
//! reference.

use rnn_kernels::{
    BackwardInputs, Cell, GradOutputs, Grads, Isa, Options, Outputs, Size, backward, forward_saving,
};

use crate::reference;
use crate::support::{Case, Number, error};

const fn size([steps, batch, input, hidden]: [usize; 4]) -> Size {
    Size { steps, batch, input, hidden }
}

/// Sizes that fill no vector, one vector, or several vectors and a part. Batches of 1, of a register
/// block, and larger.
const SIZES: [Size; 10] = [
    size([1, 1, 1, 1]),
    size([3, 2, 5, 7]),
    size([4, 7, 16, 16]),
    size([9, 1, 3, 90]),
    size([2, 13, 37, 70]),
    size([5, 3, 65, 33]),
    size([600, 1, 2, 5]),
    // For tiles: first partial pairs of blocks and partial lines of 32 terms, then whole ones.
    size([6, 37, 31, 41]),
    size([3, 64, 64, 96]),
    MANY_ROWS,
];

/// A size whose sequences are divided into parts in the backward pass.
const MANY_ROWS: Size = size([70, 17, 5, 33]);

/// Returns every cell with every instruction set of this processor.
fn every_cell_and_isa() -> impl Iterator<Item = (Cell, Isa)> {
    Cell::ALL.into_iter().flat_map(|cell| Isa::available().into_iter().map(move |isa| (cell, isa)))
}

/// Compares each instruction set with the reference.
fn check_reference<E: Number>() {
    for cell in Cell::ALL {
        for (seed, size) in SIZES.into_iter().enumerate() {
            let case = Case::<E>::new(cell, size, seed as u64 + 1);
            let expected = reference::results(&case);
            for isa in Isa::available() {
                for threads in [1, 2, 3] {
                    for ((name, found), (_, expected)) in
                        case.results(isa, threads).iter().zip(expected.named())
                    {
                        let error = error(found, expected);
                        let context = format!("{cell:?} {size:?}, {isa:?}, {threads} threads");
                        assert!(error < 80.0, "{context}: {name} differs by {error:.1} ε");
                    }
                }
            }
        }
    }
}

#[test]
fn every_isa_and_thread_count_agrees_with_the_reference() {
    check_reference::<f32>();
    check_reference::<f64>();
}

/// Compares numbers of threads.
fn check_threads<E: Number>() {
    let sizes = [size([40, 14, 20, 70]), MANY_ROWS];
    for (cell, size) in Cell::ALL.into_iter().flat_map(|cell| sizes.map(|size| (cell, size))) {
        let case = Case::<E>::new(cell, size, 5);
        for isa in Isa::available() {
            let one = case.results(isa, 1);
            for threads in [2, 3, 4, 5] {
                for ((name, found), (_, one)) in case.results(isa, threads).iter().zip(&one) {
                    if isa.has_tiles() {
                        let one: Vec<f64> = one.iter().map(|x| (*x).into()).collect();
                        assert!(error(found, &one) < 8.0, "{cell:?} {name}, {threads} threads");
                    } else {
                        assert_eq!(found, one, "{cell:?} {name}, {isa:?}, {threads} threads");
                    }
                }
            }
        }
    }
}

#[test]
fn thread_count_without_tiles_changes_no_bit() {
    check_threads::<f32>();
    check_threads::<f64>();
}

/// Compares a forward pass that saves nothing with one that saves.
fn check_forward<E: Number>() {
    for cell in Cell::ALL {
        // There are more steps than in a block, so that the rows of a block are used again.
        let case = Case::<E>::new(cell, size([300, 3, 4, 21]), 6);
        for isa in Isa::available() {
            let saving = case.results(isa, 2);
            let (output, final_c) = case.forward(isa, 2);
            assert_eq!((&output, &final_c), (&saving[0].1, &saving[1].1), "{cell:?} {isa:?}");
        }
    }
}

#[test]
fn forward_gives_the_bits_of_forward_saving() {
    check_forward::<f32>();
    check_forward::<f64>();
}

#[test]
fn backward_with_some_gradients_gives_the_bits_of_all() {
    for (cell, isa) in every_cell_and_isa() {
        let case = Case::<f32>::new(cell, size([7, 5, 6, 19]), 7);
        let all = case.results(isa, 2);
        let expected = |name: &str| &all.iter().find(|(n, _)| *n == name).unwrap().1;
        let (mut output, mut final_c) = (vec![0.0; case.grad_output.len()], vec![0.0; case.c.len()]);
        let has_c = cell.has_c();
        let outputs = Outputs { output: &mut output, final_c: has_c.then_some(&mut final_c[..]) };
        let saved = forward_saving(Options { isa, threads: 2 }, &case.layer(), outputs).unwrap();
        let inputs = || BackwardInputs {
            layer: case.layer(),
            output: &output,
            saved: &saved,
            grad_outputs: GradOutputs {
                output: Some(&case.grad_output),
                final_h: Some(&case.grad_final_h),
                final_c: has_c.then_some(&case.grad_final_c),
            },
        };
        let (mut w_hh, mut input) = (vec![0.0; case.w_hh.len()], vec![0.0; case.input.len()]);
        backward(inputs(), Grads { w_hh: Some(&mut w_hh), ..Grads::default() }).unwrap();
        backward(inputs(), Grads { input: Some(&mut input), ..Grads::default() }).unwrap();
        assert_eq!((&w_hh, &input), (expected("w_hh"), expected("input")), "{cell:?} {isa:?}");
    }
}

#[test]
fn missing_upstream_gradients_count_as_zeros() {
    for (cell, isa) in every_cell_and_isa() {
        let case =
            Case::<f64> { grad_output: vec![0.0; 4 * 3 * 9], ..Case::new(cell, size([4, 3, 2, 9]), 8) };
        let expected = case.results(isa, 1);
        let (mut output, mut final_c) = (vec![0.0; case.grad_output.len()], vec![0.0; case.c.len()]);
        let has_c = cell.has_c();
        let outputs = Outputs { output: &mut output, final_c: has_c.then_some(&mut final_c[..]) };
        let saved = forward_saving(Options { isa, threads: 1 }, &case.layer(), outputs).unwrap();
        let grad_outputs = GradOutputs {
            output: None,
            final_h: Some(&case.grad_final_h),
            final_c: has_c.then_some(&case.grad_final_c),
        };
        let mut initial_h = vec![0.0; case.h.len()];
        backward(
            BackwardInputs { layer: case.layer(), output: &output, saved: &saved, grad_outputs },
            Grads { initial_h: Some(&mut initial_h), ..Grads::default() },
        )
        .unwrap();
        let (_, expected) = expected.iter().find(|(name, _)| *name == "initial_h").unwrap();
        assert_eq!(&initial_h, expected, "{cell:?} {isa:?}");
    }
}
