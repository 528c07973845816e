//! Probes during training compared with autograd.

use lstm_lab::cell::{Parameters, State};
use lstm_lab::data::Split;
use lstm_lab::engine::{EngineName, engine, forward};
use lstm_lab::model::ForwardArgs;
use lstm_lab::results::Rows;
use lstm_lab::task::learning::{Batch, Target};
use tch::{Kind, Tensor};

use crate::support::{PlannedRun, assert_near};

/// Returns the gradient norm at each step, as the mean over sequences. Each sequence is differentiated
/// alone.
fn profile_by_hand(planned: &PlannedRun) -> Vec<f64> {
    let task = planned.task();
    let (config, model) = planned.model(task.as_ref());
    let Batch { input, target, .. } = task.held_out(Split::Valid, 0);
    let (steps, sequences) = (input.size()[0], input.size()[1]);
    let mut norms = vec![0.0; steps as usize];
    for b in 0..sequences {
        let vectors = config.embed(model.weights(), &input.narrow(1, b, 1)).detach();
        let leaf = vectors.set_requires_grad(true);
        let output_steps = if let Target::Classes(right) = &target { right.size()[0] } else { 1 };
        let said =
            model.run(&leaf, ForwardArgs { initial: None, output_steps, dropout: None }).unwrap().outputs;
        let loss = match &target {
            Target::Numbers(right) => (said.reshape([1]) - right.narrow(0, b, 1)).square().sum(Kind::Double),
            Target::Classes(right) => {
                let right = right.narrow(1, b, 1).unsqueeze(-1);
                -said.log_softmax(-1, Kind::Double).gather(-1, &right, false).mean(Kind::Double)
            }
        };
        let gradient = Tensor::run_backward(&[loss], &[&leaf], false, false).remove(0);
        for (t, norm) in norms.iter_mut().enumerate() {
            *norm += gradient.get(t as i64).norm().double_value(&[]) / sequences as f64;
        }
    }
    norms
}

#[test]
fn gradient_profile_equals_mean_over_single_sequences() {
    let text = "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\n";
    for task in [text, &format!("{text}predict = \"last_step\"\n"), "[task]\nname = \"adding\"\n"] {
        for (model, cell) in [("recurrent", "lstm"), ("recurrent", "rnn"), ("attention", "gru")] {
            let planned = PlannedRun::new(
                &"abcacbdedd".repeat(30),
                &format!(
                    "{task}[grid]\ncell = \"{cell}\"\nengine = \"fused\"\ndtype = \"f64\"\nhidden_size = 6\n\
                     seq_len = 12\nbatch_size = 3\nlayers = 2\n[training]\nmodel = \"{model}\"\nsteps = 1\n\
                     eval_sequences = 3\nprobe_every = 1\n"
                ),
            );
            let curves = planned.rows_in(&planned.dir.path().join("checkpoints"), |_| ()).gradients;
            let of_input =
                |step| curves.iter().find(|c| c.quantity == "input_x" && c.step == Some(step)).unwrap();
            let (found, expected) = (&of_input(0).norms, profile_by_hand(&planned));
            assert_eq!(found.len(), 12);
            for ((t, log10), expected) in found.iter().zip(&expected) {
                assert_near(log10.unwrap(), expected.log10(), &format!("{task} {model} {cell} at step {t}"));
            }
            assert_ne!(found, &of_input(1).norms, "a step changes the gradients");
        }
    }
}

/// Returns the Frobenius norm of ∂s_T/∂s_t for all lags of one layer, by autograd.
fn products_by_hand(p: &Parameters, input: &Tensor) -> Vec<f64> {
    let steps = input.size()[0];
    let run = |from: i64, steps: i64, first: Option<&[State]>| {
        forward(engine(EngineName::Stepwise), p, &input.narrow(0, from, steps), first).unwrap().final_states
    };
    let norm = |lag: i64| {
        let mut before = run(0, steps - lag, None);
        before[0] = before[0].map(|state| state.detach().set_requires_grad(true));
        let after = run(steps - lag, lag, Some(&before));
        let parts: Vec<&Tensor> = before[0].tensors().into_iter().collect();
        let mut square = 0.0;
        for state in after[0].tensors() {
            for unit in 0..state.numel() as i64 {
                let rows = Tensor::run_backward(&[state.get(0).get(unit)], &parts, true, false);
                square +=
                    rows.iter().map(|row| row.square().sum(Kind::Double).double_value(&[])).sum::<f64>();
            }
        }
        square.sqrt()
    };
    (1..steps).map(norm).collect()
}

#[test]
fn probes_of_jacobians_and_gates_equal_autograd_before_the_first_step() {
    for (cell, states) in [("lstm", 2), ("mgu", 1)] {
        let planned = PlannedRun::new(
            "",
            &format!(
                "[task]\nname = \"adding\"\n[grid]\ncell = \"{cell}\"\ndtype = \"f64\"\nhidden_size = 4\n\
                 seq_len = 8\nbatch_size = 3\n[training]\nsteps = 2\neval_sequences = 3\nprobe_every = 1\n\
                 learning_rate = 0.1\nprobes = [\"paths\", \"jacobian\", \"gates\"]\n"
            ),
        );
        let Rows { gradients, jacobian, gates, .. } =
            planned.rows_in(&planned.dir.path().join("checkpoints"), |_| ());
        let task = planned.task();
        let (config, model) = planned.model(task.as_ref());
        let Batch { input, .. } = task.held_out(Split::Valid, 0);
        let vectors = config.embed(model.weights(), &input.narrow(1, 0, 1));
        let by_hand = products_by_hand(model.layers().unwrap(), &vectors);
        let norms = |step| -> Vec<(usize, f64)> {
            let of_step = jacobian.iter().filter(|row| row.step == Some(step) && row.quantity == "frobenius");
            of_step.map(|row| (row.lag, row.value.unwrap())).collect()
        };
        for (lag, log10) in norms(0).into_iter().filter(|(lag, _)| *lag > 0) {
            assert_near(log10, by_hand[lag - 1].log10(), &format!("{cell} at lag {lag}"));
        }
        assert_eq!(norms(0).len(), 8);
        assert_ne!(norms(0), norms(2), "a step changes the product");
        let exponents = jacobian.iter().filter(|row| row.quantity == "lyapunov" && row.t == 1);
        assert_eq!(exponents.count(), 3 * states * 4, "{cell}: three probes of all exponents");
        for step in 0..=2 {
            assert!(gates.iter().any(|row| row.step == Some(step) && row.statistic == "mean"));
            assert!(gradients.iter().any(|c| c.step == Some(step) && c.quantity == "cell_path"));
        }
    }
}
