//! Comparison of the scaled backward pass with the backward pass in f64.

use rnn_kernels::{
    Cell, InitialState, Isa, Layer, Options, Outputs, ScaledAdjoint, ScaledInputs, ScaledOutputs, ScaledRows,
    Size, forward_saving_preactivations, scaled_backward,
};

use crate::support::Case;

/// The results of a scaled backward pass over all steps. The fields are those of [`ScaledOutputs`] and
/// [`ScaledAdjoint`].
struct Found {
    h_norm: Vec<f64>,
    c_norm: Vec<f64>,
    input: Vec<f64>,
    exponent: Vec<f64>,
    h: Vec<f64>,
    c: Vec<f64>,
    /// The exponents of `h` and `c`.
    initial: Vec<f64>,
}

/// Runs both passes in segments of `length` steps. The upstream gradients are times 2^exponent.
fn scaled(case: &Case<f64>, options: Options, length: usize, exponent: f64) -> Found {
    let Size { steps, batch, input, hidden } = case.size;
    let has_c = case.cell.has_c();
    let mut found = Found {
        h_norm: vec![f64::NAN; steps * batch],
        c_norm: vec![f64::NAN; if has_c { steps * batch } else { 0 }],
        input: vec![f64::NAN; case.input.len()],
        exponent: vec![f64::NAN; steps * batch],
        h: case.grad_final_h.clone(),
        c: case.grad_final_c.clone(),
        initial: vec![exponent; batch],
    };
    let (mut h, mut c) = (case.h.clone(), case.c.clone());
    let mut segments = Vec::new();
    for first in (0..steps).step_by(length) {
        let size = Size { steps: length.min(steps - first), ..case.size };
        let x = &case.input[first * batch * input..][..size.steps * batch * input];
        let (initial_h, initial_c) = (h.clone(), c.clone());
        let initial = InitialState { h: &initial_h, c: has_c.then_some(&initial_c[..]) };
        let layer = Layer { size, input: x, initial, ..case.layer() };
        let (mut output, mut final_c) = (vec![0.0; size.steps * batch * hidden], vec![0.0; c.len()]);
        let outputs = Outputs { output: &mut output, final_c: has_c.then_some(&mut final_c[..]) };
        let saved = forward_saving_preactivations(options, &layer, outputs).unwrap();
        h.copy_from_slice(&output[(size.steps - 1) * batch * hidden..]);
        let mut all_c = vec![0.0; if has_c { (size.steps + 1) * batch * hidden } else { 0 }];
        saved.copy_c(&mut all_c).unwrap();
        if has_c {
            assert_eq!(all_c[..initial_c.len()], initial_c);
            assert_eq!(all_c[size.steps * batch * hidden..], final_c);
        }
        c = final_c;
        segments.push((first, size, initial_h, initial_c, output, saved));
    }
    for (first, size, initial_h, initial_c, output, saved) in segments.iter().rev() {
        let rows = first * batch..(first + size.steps) * batch;
        let of = |width: usize| rows.start * width..rows.end * width;
        let initial = InitialState { h: initial_h, c: has_c.then_some(&initial_c[..]) };
        let layer = Layer { size: *size, input: &case.input[of(input)], initial, ..case.layer() };
        let grad_output =
            ScaledRows { mantissa: &case.grad_output[of(hidden)], exponent: &vec![exponent; rows.len()] };
        let c_norm = has_c.then(|| &mut found.c_norm[rows.clone()]);
        scaled_backward(
            ScaledInputs { layer, output, saved, grad_output: Some(grad_output) },
            ScaledAdjoint {
                h: &mut found.h,
                c: has_c.then_some(&mut found.c[..]),
                exponent: &mut found.initial,
            },
            ScaledOutputs {
                h_norm: &mut found.h_norm[rows.clone()],
                c_norm,
                input: &mut found.input[of(input)],
                exponent: &mut found.exponent[rows.clone()],
            },
        )
        .unwrap();
    }
    found
}

/// Returns the L2 norm of each row of `width` numbers.
fn norms(rows: &[f64], width: usize) -> Vec<f64> {
    rows.chunks(width).map(|row| row.iter().map(|x| x * x).sum::<f64>().sqrt()).collect()
}

/// Returns the numbers of rows of `width` times 2^exponent.
fn unscaled(rows: &[f64], width: usize, exponents: &[f64]) -> Vec<f64> {
    let rows = rows.chunks(width).zip(exponents);
    rows.flat_map(|(row, exponent)| row.iter().map(|x| x * exponent.exp2())).collect()
}

fn assert_close(found: &[f64], expected: &[f64], context: &str) {
    assert_eq!(found.len(), expected.len(), "{context}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{context}: {found} {expected}");
    }
}

#[test]
fn scaled_backward_in_segments_gives_the_norms_of_backward() {
    for cell in Cell::ALL {
        for [steps, batch, input, hidden] in [[1, 1, 1, 1], [9, 3, 5, 7], [23, 5, 9, 33], [12, 2, 3, 64]] {
            let case = Case::<f64>::new(cell, Size { steps, batch, input, hidden }, 3);
            for isa in Isa::available() {
                let expected = case.results(isa, 1);
                let of = |name: &str| &expected.iter().find(|(n, _)| *n == name).unwrap().1;
                for (threads, length) in [(1, steps), (2, 4), (3, 1)] {
                    let found = scaled(&case, Options { isa, threads }, length, 0.0);
                    let context =
                        format!("{cell:?} {:?} {isa:?} {threads} threads, {length} steps", case.size);
                    let value = |norms: &[f64]| unscaled(norms, 1, &found.exponent);
                    assert_close(&value(&found.h_norm), &norms(of("all_h"), hidden), &context);
                    if cell.has_c() {
                        assert_close(&value(&found.c_norm), &norms(of("all_c"), hidden), &context);
                    }
                    let input_grad = unscaled(&found.input, input, &found.exponent);
                    assert_close(&input_grad, of("input"), &context);
                    assert_close(&unscaled(&found.h, hidden, &found.initial), of("initial_h"), &context);
                    assert_close(&unscaled(&found.c, hidden, &found.initial), of("initial_c"), &context);
                }
            }
        }
    }
}

#[test]
fn scaled_backward_of_tiny_and_huge_gradients_gives_the_same_digits() {
    for cell in Cell::ALL {
        let case = Case::<f64>::new(cell, Size { steps: 60, batch: 3, input: 2, hidden: 11 }, 4);
        let options = Options::with_threads(1);
        let expected = scaled(&case, options, 8, 0.0);
        for exponent in [-40_000.0, -1060.0, 1060.0, 40_000.0] {
            let found = scaled(&case, options, 8, exponent);
            let shifted: Vec<f64> = expected.exponent.iter().map(|power| power + exponent).collect();
            assert_eq!(found.exponent, shifted, "{cell:?}");
            assert_eq!((&found.h_norm, &found.input), (&expected.h_norm, &expected.input), "{cell:?}");
        }
    }
}

#[test]
fn scaled_backward_of_a_saturated_gate_keeps_its_digits() {
    // The recurrent weight is 0 apart from the path through c, so each step multiplies the adjoint of c by f.
    let size = Size { steps: 3, batch: 1, input: 1, hidden: 1 };
    let mut case = Case::<f64> { w_ih: vec![0.0; 4], w_hh: vec![0.0; 4], ..Case::new(Cell::Gru, size, 5) };
    (case.b_ih, case.b_hh) = (vec![0.0, 40.0, 0.0], vec![0.0; 3]);
    (case.w_ih, case.w_hh) = (vec![0.0, 0.0, 1.0], vec![0.0; 3]);
    (case.input, case.grad_output, case.grad_final_h) = (vec![0.5; 3], vec![0.0; 3], vec![1.0]);
    let found = scaled(&case, Options::with_threads(1), 3, 0.0);
    // ∂h/∂n = 1 − z = σ(−40), which is 0 as 1 less the rounded z.
    let expected = (1.0 / (1.0 + 40f64.exp())) / 0.5f64.cosh().powi(2);
    let last = found.input[2] * found.exponent[2].exp2();
    assert!((last / expected - 1.0).abs() < 1e-14, "{last:e} {expected:e}");
}
