//! Laws that hold for every cell, engine and size.

use lstm_lab::cell::{Activation, CellName, cell};
use lstm_lab::engine::forward;
use proptest::prelude::*;
use tch::{Kind, Tensor};

use crate::support::{Case, assert_same, engines};

fn case() -> impl Strategy<Value = Case> {
    let cell = prop::sample::select(CellName::ALL);
    (cell, 1usize..3, 2i64..12, 1i64..5, 1i64..6, 1i64..9, any::<u64>()).prop_map(
        |(cell, layers, steps, batch, input, hidden, seed)| {
            let case = Case { batch, input, seed, ..Case::new(cell, layers, steps, Kind::Double) };
            Case { hidden: hidden.max(case.smallest().hidden), ..case }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cutting_a_sequence_anywhere_changes_nothing(case in case(), at in 0.0f64..1.0) {
        let cut = 1 + ((case.steps - 1) as f64 * at) as i64;
        let (p, input, first) = (case.parameters(), case.input(), case.first());
        for engine in engines(case.cell, Kind::Double) {
            let whole = forward(engine, &p, &input, Some(&first)).unwrap();
            let head = forward(engine, &p, &input.narrow(0, 0, cut), Some(&first)).unwrap();
            let mut output = head.output.shallow_clone();
            let mut last = head.final_states;
            if cut < case.steps {
                let tail = forward(engine, &p, &input.narrow(0, cut, case.steps - cut), Some(&last)).unwrap();
                output = Tensor::cat(&[output, tail.output], 0);
                last = tail.final_states;
            }
            assert_same(&output, &whole.output, 1e-13, "output");
            for (a, b) in last.iter().zip(&whole.final_states) {
                for ((name, a), b) in a.named(p.cell.carried()).into_iter().zip(b.tensors()) {
                    assert_same(a, b, 1e-13, &format!("{name}_n"));
                }
            }
        }
    }

    #[test]
    fn permuting_the_batch_permutes_the_output(case in case(), shift in 0i64..5) {
        let order: Vec<i64> = (0..case.batch).map(|b| (b + shift) % case.batch).rev().collect();
        let order = Tensor::from_slice(&order);
        for engine in engines(case.cell, Kind::Double) {
            let plain = forward(engine, &case.parameters(), &case.input(), None).unwrap();
            let permuted =
                forward(engine, &case.parameters(), &case.input().index_select(1, &order), None).unwrap();
            assert_same(&permuted.output, &plain.output.index_select(1, &order), 1e-13, "output");
        }
    }

    #[test]
    fn a_step_does_not_see_the_next(case in case(), at in 0.0f64..1.0) {
        let step = ((case.steps - 1) as f64 * at) as i64;
        let input = case.input();
        let changed = input.copy();
        let mut after = changed.narrow(0, step + 1, case.steps - step - 1);
        let _ = after.fill_(1e3);
        for engine in engines(case.cell, Kind::Double) {
            let before = forward(engine, &case.parameters(), &input, None).unwrap().output;
            let now = forward(engine, &case.parameters(), &changed, None).unwrap().output;
            let seen = |output: &Tensor| output.narrow(0, 0, step + 1);
            assert_same(&seen(&now), &seen(&before), 1e-14, "output up to the step");
            // A ReLU may be off before and after the change.
            let is_bounded = cell(case.cell).candidate_activation() == Activation::Tanh;
            // A single number minus its mean is 0.
            let is_constant = case.cell == CellName::LstmLayernorm && case.hidden == 1;
            if step + 1 < case.steps && is_bounded && !is_constant {
                assert!(now != before, "the change after the step shows nowhere");
            }
        }
    }
}
