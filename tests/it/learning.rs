//! The training loop compared with training by hand: steps, scores, gradients, and resuming from checkpoints.

use std::fs;

use lstm_lab::cell::State;
use lstm_lab::data::Split;
use lstm_lab::model::{ForwardArgs, InputSpec, Model, ModelConfig};
use lstm_lab::random::{self, Purpose};
use lstm_lab::results::schema::TrainingRow;
use lstm_lab::task::learning::{Batch, Target, Task, loss};
use tch::{Kind, Tensor, no_grad};

use crate::support::{PlannedRun, assert_near};

/// Returns the step and the value of each row of a metric.
fn series(rows: &[TrainingRow], split: &str, metric: &str) -> Vec<(usize, f64)> {
    rows.iter().filter(|r| r.split == split && r.metric == metric).map(|r| (r.step, r.value)).collect()
}

fn classes(target: &Target) -> &Tensor {
    match target {
        Target::Classes(right) => right,
        Target::Numbers(_) => panic!("the task has classes"),
    }
}

const STEPS: usize = 14;
const PEAK: f64 = 8.0;
const CLIP: f64 = 0.35;

/// The windows of each stream continue each other, except at step 11, where the second epoch starts. The
/// first part of the text resembles the held-out text, and the second part does not.
fn streams() -> PlannedRun {
    let (early, late) = ("abcacb".repeat(5), "dedd".repeat(7) + "de");
    let held_out = "bcacba".repeat(7);
    let text = format!("{early}{late}{early}{late}{}{}", &held_out[..40], &"aabcc".repeat(8));
    let config = format!(
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\n\
         [grid]\ncell = \"lstm\"\nengine = \"analytic\"\ndtype = \"f64\"\nhidden_size = 6\nseq_len = 5\n\
         batch_size = 2\n\
         [training]\nsteps = {STEPS}\noptimizer = \"sgd\"\nlearning_rate = {PEAK}\nschedule = \"linear\"\n\
         warmup_steps = 4\nclip_norm = {CLIP}\ndropout = 0.1\nlog_every = 1\nevaluate_every = 1\n"
    );
    PlannedRun::new(&text, &config)
}

/// One step by hand: loss and gradient norm before the update, held-out losses after the update.
struct ByHand {
    loss: f64,
    norm: f64,
    valid: f64,
    test: f64,
}

/// Returns the mean loss of a split whose streams are read in one pass from start to end.
fn held_out(model: &dyn Model, config: &ModelConfig, task: &dyn Task, split: Split) -> f64 {
    let batches: Vec<Batch> = (0..task.held_out_count(split)).map(|n| task.held_out(split, n)).collect();
    assert!(batches.len() > 2, "{split}");
    let input = Tensor::cat(&batches.iter().map(|batch| &batch.input).collect::<Vec<_>>(), 0);
    let target = Tensor::cat(&batches.iter().map(|batch| classes(&batch.target)).collect::<Vec<_>>(), 0);
    no_grad(|| {
        let vectors = config.embed(model.weights(), &input);
        let args = ForwardArgs { initial: None, output_steps: input.size()[0], dropout: None };
        loss(&model.run(&vectors, args).unwrap().outputs, &Target::Classes(target)).double_value(&[])
    })
}

/// Trains [`streams`] by hand.
fn by_hand(planned: &PlannedRun) -> Vec<ByHand> {
    let task = planned.task();
    let (config, model) = planned.model(task.as_ref());
    let mut state: Option<Vec<State>> = None;
    (0..STEPS)
        .map(|step| {
            let batch = task.train(step);
            assert_eq!(batch.continues, step != 0 && step != 11, "step {step}");
            let first = state.take().filter(|_| batch.continues);
            let vectors = config.embed(model.weights(), &batch.input);
            let dropout = Some(random::at_step(planned.run.settings.seed, Purpose::Dropout, step));
            let said = model
                .run(&vectors, ForwardArgs { initial: first.as_deref(), output_steps: 5, dropout })
                .unwrap();
            let loss = loss(&said.outputs, &batch.target);
            let gradient = model.weights().gradient(&loss);
            let norm = gradient.norm().double_value(&[]);
            let shrunk = if norm > CLIP { CLIP / norm } else { 1.0 };
            let rate = if step < 4 {
                PEAK * (step + 1) as f64 / 4.0
            } else {
                PEAK * (1.0 - (step - 4) as f64 / (STEPS - 4) as f64)
            };
            no_grad(|| {
                let _ = model.weights().flat().shallow_clone().g_add_(&(gradient * (-rate * shrunk)));
            });
            let detached = |state: &State| state.map(Tensor::detach);
            state = Some(said.state.iter().map(detached).collect());
            let judged = |split| held_out(model.as_ref(), &config, task.as_ref(), split);
            ByHand {
                loss: loss.double_value(&[]),
                norm,
                valid: judged(Split::Valid),
                test: judged(Split::Test),
            }
        })
        .collect()
}

#[test]
fn training_steps_carry_state_clip_gradient_and_follow_schedule() {
    let planned = streams();
    let expected = by_hand(&planned);
    let clipped = expected.iter().filter(|step| step.norm > CLIP).count();
    assert!(clipped > 0 && clipped < STEPS, "{clipped} steps are clipped");
    let rows = planned.rows();
    let [losses, norms, clipped] =
        ["loss", "gradient_norm", "clipped_steps"].map(|metric| series(&rows, "train", metric));
    assert_eq!([losses.len(), norms.len(), clipped.len()], [STEPS; 3]);
    for (n, step) in expected.iter().enumerate() {
        assert_eq!(losses[n].0, n + 1);
        assert_near(losses[n].1, step.loss, &format!("the loss of step {n}"));
        assert_near(norms[n].1, step.norm, &format!("the gradient's norm at step {n}"));
        assert_eq!(clipped[n].1 == 1.0, step.norm > CLIP, "step {n}");
    }
}

#[test]
fn evaluation_of_streams_carries_state_over_whole_split() {
    let planned = streams();
    let valid = series(&planned.rows(), "valid", "loss");
    assert_eq!(valid.len(), STEPS + 1);
    for (n, step) in by_hand(&planned).iter().enumerate() {
        assert_eq!(valid[n + 1].0, n + 1);
        assert_near(valid[n + 1].1, step.valid, &format!("after step {n}"));
    }
}

#[test]
fn test_split_is_evaluated_once_with_best_parameters() {
    let planned = streams();
    let expected = by_hand(&planned);
    let best = (0..STEPS).min_by(|a, b| expected[*a].valid.total_cmp(&expected[*b].valid)).unwrap();
    assert!(best > 0 && best < STEPS - 1, "the best is neither first nor last: {best}");
    let test = expected[best].test;
    for other in [expected[STEPS - 1].test, expected[best].valid, expected[STEPS - 1].valid] {
        assert!((test - other).abs() > 1e-3, "the other losses are distinguishable: {test} and {other}");
    }
    let found = series(&planned.rows(), "test", "loss");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, best + 1);
    assert_near(found[0].1, test, "the loss on the split `test`");
}

/// There are five excerpts in batches of two: the last batch has one.
#[test]
fn evaluation_of_excerpts_weights_each_excerpt_equally() {
    let planned = PlannedRun::new(
        &"abcacbdedd".repeat(20),
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\npredict = \"last_step\"\n\
         [grid]\ncell = \"lstm\"\nengine = \"fused\"\ndtype = \"f64\"\nhidden_size = 6\nseq_len = 5\n\
         batch_size = 2\n\
         [training]\nsteps = 1\neval_sequences = 5\n",
    );
    let task = planned.task();
    let (config, model) = planned.model(task.as_ref());
    let mut losses = Vec::new();
    let mut hits = 0;
    for n in 0..task.held_out_count(Split::Valid) {
        let batch = task.held_out(Split::Valid, n);
        let right = classes(&batch.target);
        let vectors = config.embed(model.weights(), &batch.input);
        let said = model
            .run(&vectors, ForwardArgs { initial: None, output_steps: 1, dropout: None })
            .unwrap()
            .outputs;
        for b in 0..batch.input.size()[1] {
            let (class, said) = (right.int64_value(&[0, b]), said.get(0).get(b));
            losses.push(-said.log_softmax(-1, Kind::Double).double_value(&[class]));
            hits += i64::from(said.argmax(-1, false).int64_value(&[]) == class);
        }
    }
    assert_eq!(losses.len(), 5);
    let mean = losses.iter().sum::<f64>() / 5.0;
    assert!((mean - (losses[0] + losses[1] + losses[2] + losses[3] + 2.0 * losses[4]) / 6.0).abs() > 1e-3);
    let rows = planned.rows();
    let found = ["loss", "accuracy"].map(|metric| series(&rows, "valid", metric)[0]);
    assert_eq!([found[0].0, found[1].0], [0, 0]);
    assert_near(found[0].1, mean, "loss");
    assert_near(found[1].1, hits as f64 / 5.0, "accuracy");
}

/// Trains on repeated letters, which a model learns in some tens of steps.
fn train_on_repeated(letters: &str, settings: &str) -> Vec<TrainingRow> {
    let config = format!(
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\n\
         [grid]\ncell = \"lstm\"\nengine = \"analytic\"\ndtype = \"f64\"\nhidden_size = 6\nseq_len = 5\n\
         batch_size = 4\n\
         [training]\nlearning_rate = 0.02\nlog_every = 1\nevaluate_every = 1\n{settings}\n"
    );
    PlannedRun::new(&letters.repeat(400 / letters.len()), &config).rows()
}

/// Returns the step at which the run reports its task as solved.
fn solved_at(rows: &[TrainingRow]) -> usize {
    let solved = series(rows, "train", "solved");
    assert_eq!(solved.len(), 1);
    assert_eq!(solved[0].1, 1.0, "after {} steps", solved[0].0);
    solved[0].0
}

#[test]
fn task_is_solved_at_first_evaluation_that_meets_every_condition() {
    let mut ends = Vec::new();
    for (settings, below, least) in [
        ("solved_loss = 0.3", 0.3, 0.0),
        ("solved_accuracy = 1.0", f64::INFINITY, 1.0),
        ("solved_loss = 0.05\nsolved_accuracy = 1.0", 0.05, 1.0),
        ("solved_loss = 1.0\nsolved_accuracy = 1.0", 1.0, 1.0),
    ] {
        let rows = train_on_repeated("ab", settings);
        let (losses, right) = (series(&rows, "valid", "loss"), series(&rows, "valid", "accuracy"));
        let holds = |n: &usize| losses[*n].1 < below && right[*n].1 >= least;
        let first = (0..losses.len()).find(holds).map(|n| losses[n].0);
        assert_eq!(first, Some(solved_at(&rows)), "{settings}");
        ends.push(first);
    }
    assert!(Some(0) < ends[0] && ends[0] < ends[2] && ends[1] < ends[2], "each condition decides: {ends:?}");
    assert_eq!(ends[1], ends[3]);
}

#[test]
fn task_is_solved_when_last_training_sequences_are_all_correct() {
    let mut ends = Vec::new();
    for (letters, settings, below) in [
        ("abbb", "solved_sequences = 10", f64::INFINITY),
        ("abbb", "solved_sequences = 10\nsolved_loss = 0.05", 0.05),
        ("a", "solved_sequences = 10", f64::INFINITY),
    ] {
        let rows = train_on_repeated(letters, settings);
        let (losses, right) = (series(&rows, "train", "loss"), series(&rows, "train", "accuracy"));
        // With four sequences a step, ten sequences span the last three steps.
        let holds = |last: &usize| {
            let mean = (last - 2..=*last).map(|n| losses[n].1).sum::<f64>() / 3.0;
            (last - 2..=*last).all(|n| right[n].1 == 1.0) && mean < below
        };
        let first = (2..losses.len()).find(holds).map(|n| losses[n].0);
        assert_eq!(first, Some(solved_at(&rows)), "{settings}");
        ends.push(first);
    }
    assert!(Some(3) < ends[0] && ends[0] < ends[1], "each condition decides: {ends:?}");
    assert_eq!(ends[2], Some(3), "correct from the start, but ten sequences take three steps");
}

#[test]
fn unsolved_task_is_reported_as_unsolved() {
    for settings in ["solved_loss = 1e-9", "solved_sequences = 4\nsolved_loss = 1e-9", "solved_sequences = 4"]
    {
        let rows = train_on_repeated("abbb", &format!("{settings}\nsteps = 5"));
        assert_eq!(series(&rows, "train", "solved"), [(5, 0.0)], "{settings}");
    }
}

/// Interrupts a run after each of its last 20 steps. The configs use all content of a checkpoint: carried
/// states, one or several, dropout, interventions, both moments of the optimizers, sums between rows, the
/// window of the last sequences.
#[test]
fn run_resumed_after_any_step_equals_uninterrupted_run_bit_for_bit() {
    for (name, cell, settings) in [
        (
            "momentum",
            "lstm",
            "optimizer = \"sgd\"\nmomentum = 0.9\nlearning_rate = 0.05\nclip_norm = 0.5\nsteps = 24\n",
        ),
        (
            "rmsprop",
            "slstm",
            "optimizer = \"rmsprop\"\nschedule = \"cosine\"\nwarmup_steps = 5\nsteps = 24\n",
        ),
        ("projection", "lstm_projected", "zoneout_h = 0.1\nzoneout_c = 0.2\nflossing = 2\nsteps = 24\n"),
        (
            "interventions",
            "lstm",
            "recurrent_dropout = 0.1\nzoneout_h = 0.1\nzoneout_c = 0.2\nh_detach = 0.3\n\
             orthogonal_penalty = 0.01\nflossing = 2\nsteps = 24\n",
        ),
        ("window", "lstm", "learning_rate = 0.05\nsolved_sequences = 40\nsolved_loss = 0.3\nsteps = 200\n"),
    ] {
        let jacobian = if cell == "slstm" { "" } else { "\"jacobian\", " };
        let proj_size = if cell == "lstm_projected" { 3 } else { 0 };
        let planned = PlannedRun::new(
            &"abbb".repeat(100),
            &format!(
                "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\n\
                 [grid]\ncell = \"{cell}\"\nhidden_size = 8\nproj_size = {proj_size}\nseq_len = 5\n\
                 batch_size = 4\nlayers = 2\n\
                 [training]\n{settings}dropout = 0.02\nlog_every = 7\nevaluate_every = 10\n\
                 probe_every = 15\nprobes = [\"gradients\", {jacobian}\"gates\"]\n\
                 checkpoint_seconds = 0\n"
            ),
        );
        let (whole, mut cuts) = (planned.dir.path().join("whole"), Vec::new());
        let expected = planned.rows_in(&whole, |step| {
            // Flossing comes before the first checkpoint.
            if step == 0 {
                return;
            }
            let cut = planned.dir.path().join(format!("cut-{step}"));
            fs::create_dir(&cut).unwrap();
            for file in fs::read_dir(&whole).unwrap().map(Result::unwrap) {
                fs::copy(file.path(), cut.join(file.file_name())).unwrap();
            }
            cuts.push(cut);
        });
        let steps = cuts.len();
        let ends_early = series(&expected.training, "train", "solved") == [(steps, 1.0)];
        assert_eq!(ends_early, name == "window", "{steps} steps");
        assert!(steps > 20 && steps < 200, "{name}: {steps} steps");
        for (n, cut) in cuts.iter().enumerate().skip(steps - 20) {
            let mut first = None;
            let found = planned.rows_in(cut, |step| _ = first.get_or_insert(step));
            // The checkpoint of a step is written after `on_step`.
            assert_eq!(first, Some(n + 1), "{name}: it resumes at its checkpoint");
            assert_eq!(found, expected, "{name}: interrupted after {n} steps");
        }
    }
}

/// A config determines sizes before data exists. They must be those of the tasks.
#[test]
fn task_spec_sizes_equal_sizes_of_generated_sequences() {
    for task in [
        "adding\"\nvariant = \"1997",
        "adding\"\nvariant = \"2016",
        "copy_memory",
        "temporal_order",
        "modular_sum\"\nmodulus = 5 #",
        "xor",
        "selective_copy",
    ] {
        let planned = PlannedRun::new(
            "",
            &format!("[task]\nname = \"{task}\"\n[grid]\ncell = \"rnn\"\nseq_len = 20\nbatch_size = 30\n"),
        );
        let (form, made) = (&planned.run.task, planned.task());
        let (features, outputs) = (form.features().unwrap() as i64, form.outputs().unwrap() as i64);
        assert_eq!(planned.run.settings.input_size as i64, features, "{task}");
        assert_eq!(made.outputs(), outputs, "{task}");
        let batches: Vec<Batch> = (0..40).map(|step| made.train(step)).collect();
        let steps = batches.iter().map(|batch| batch.input.size()[0] as usize).max();
        assert_eq!(steps, Some(form.longest(20)), "{task}");
        let kinds = |tensors: &mut dyn Iterator<Item = &Tensor>| {
            tensors.map(|tensor| tensor.max().int64_value(&[]) + 1).max().unwrap()
        };
        match made.input() {
            InputSpec::Numbers(count) => {
                assert_eq!(count, features, "{task}");
                assert!(batches.iter().all(|batch| batch.input.size()[2] == features), "{task}");
            }
            InputSpec::Symbols(count) => {
                assert_eq!(count, features, "{task}");
                assert_eq!(kinds(&mut batches.iter().map(|batch| &batch.input)), features, "{task}");
                let right = &mut batches.iter().map(|batch| classes(&batch.target));
                assert_eq!(kinds(right), outputs, "{task}");
            }
        }
    }
}
