//! The loop of training against what its words say, done by hand: each step, each score, each gradient, and what goes on
//! after an interruption.

use std::fs;
use std::path::Path;

use lstm_lab::cell::State;
use lstm_lab::config;
use lstm_lab::config::spec::TaskSpec as Form;
use lstm_lab::config::spec::TrainingSpec;
use lstm_lab::data::{Corpus, Input, Inputs, RawText, Split};
use lstm_lab::device::cpu;
use lstm_lab::model::{ForwardArgs, InputSpec, Model, ModelConfig, model};
use lstm_lab::plan::Plan;
use lstm_lab::plan::run::Run;
use lstm_lab::random::{self, Purpose};
use lstm_lab::results::Rows;
use lstm_lab::results::schema::TrainingRow;
use lstm_lab::run::{ExecTarget, RunContext, kinds};
use lstm_lab::task::learning::{Batch, Target, Task, loss, task};
use tch::{Kind, Tensor, no_grad};

/// A run that was planned and not yet made.
struct Lesson {
    dir: tempfile::TempDir,
    inputs: Inputs,
    run: Run,
}

impl Lesson {
    /// Of a config without its kind; the file of a text is `text.txt`.
    fn new(text: &str, config: &str) -> Lesson {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lesson.toml");
        fs::write(&path, format!("kind = \"training\"\n{config}")).unwrap();
        let spec = config::load(&path, &[]).unwrap();
        let training = match &spec.task {
            Form::Text { corpus, .. } => {
                let file = dir.path().join("text.txt");
                fs::write(&file, text).unwrap();
                let raw = RawText::from_file(&file).unwrap();
                Some(Input::Corpus(Corpus::new(&raw, lstm_lab::plan::cut(corpus))))
            }
            _ => None,
        };
        let inputs = Inputs { text: None, training };
        let run = Plan::new(&spec, &inputs, "cpu", 1).unwrap().runs.remove(0);
        Lesson { dir, inputs, run }
    }

    /// Its rows, with checkpoints in a directory. `tell` is told the step.
    fn rows_in(&self, checkpoints: &Path, mut tell: impl FnMut(usize)) -> Rows {
        let target = ExecTarget { device: cpu(), threads: 1 };
        let context = RunContext { inputs: &self.inputs, target, checkpoints };
        kinds::execute(&self.run, &context, &mut |step, _| tell(step)).unwrap().rows
    }

    fn rows(&self) -> Vec<TrainingRow> {
        self.rows_in(&self.dir.path().join("checkpoints"), |_| ()).training
    }

    fn training(&self) -> &TrainingSpec {
        self.run.training().unwrap()
    }

    fn task(&self) -> Box<dyn Task + '_> {
        task(&self.run, self.training(), self.inputs.of(true), cpu()).unwrap()
    }

    /// Its model before the first step.
    fn model(&self, task: &dyn Task) -> (ModelConfig, Box<dyn Model>) {
        let longest = self.run.task.longest(self.run.settings.seq_len);
        let config = ModelConfig::new(&self.run, self.training(), task.input(), task.outputs(), longest);
        let model = model(&config, self.run.settings.seed, cpu());
        (config, model)
    }
}

/// Step and value of each row.
fn series(rows: &[TrainingRow], split: &str, metric: &str) -> Vec<(usize, f64)> {
    rows.iter().filter(|r| r.split == split && r.metric == metric).map(|r| (r.step, r.value)).collect()
}

/// As near as a loss in f64 is.
fn assert_near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{what}: {found} against {expected}");
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

/// Streams of which every window goes on from the one before, but for that of step 11, the first of the second epoch. What is
/// learned first helps with what is held out, what comes after it does not.
fn streams() -> Lesson {
    let (early, late) = ("abcacb".repeat(5), "dedd".repeat(7) + "de");
    let held_out = "bcacba".repeat(7);
    let text = format!("{early}{late}{early}{late}{}{}", &held_out[..40], &"aabcc".repeat(8));
    let config = format!(
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\n\
         [grid]\ncell = \"lstm\"\nengine = \"analytic\"\ndtype = \"f64\"\nhidden_size = 6\nseq_len = 5\nbatch_size = 2\n\
         [training]\nsteps = {STEPS}\noptimizer = \"sgd\"\nlearning_rate = {PEAK}\nschedule = \"linear\"\n\
         warmup_steps = 4\nclip_norm = {CLIP}\ndropout = 0.1\nlog_every = 1\nevaluate_every = 1\n"
    );
    Lesson::new(&text, &config)
}

/// What is known by hand of one step: the loss and the gradient's norm before it, and the loss of what is held out after it.
struct ByHand {
    loss: f64,
    norm: f64,
    valid: f64,
    test: f64,
}

/// The mean loss of a split whose streams are read in one go, from their beginning to their end.
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

/// [`streams`] learned by hand.
fn by_hand(lesson: &Lesson) -> Vec<ByHand> {
    let task = lesson.task();
    let (config, model) = lesson.model(task.as_ref());
    let mut state: Option<Vec<State>> = None;
    (0..STEPS)
        .map(|step| {
            let batch = task.train(step);
            assert_eq!(batch.continues, step != 0 && step != 11, "step {step}");
            let first = state.take().filter(|_| batch.continues);
            let vectors = config.embed(model.weights(), &batch.input);
            let dropout = Some(random::at_step(lesson.run.settings.seed, Purpose::Dropout, step));
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
            let detached = |s: &State| State { h: s.h.detach(), c: s.c.as_ref().map(Tensor::detach) };
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
fn each_step_goes_on_from_the_state_and_follows_the_clipped_gradient_at_the_rate_of_its_turn() {
    let lesson = streams();
    let expected = by_hand(&lesson);
    let clipped = expected.iter().filter(|step| step.norm > CLIP).count();
    assert!(clipped > 0 && clipped < STEPS, "{clipped} steps are clipped");
    let rows = lesson.rows();
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
fn streams_that_are_held_out_are_read_from_beginning_to_end() {
    let lesson = streams();
    let valid = series(&lesson.rows(), "valid", "loss");
    assert_eq!(valid.len(), STEPS + 1);
    for (n, step) in by_hand(&lesson).iter().enumerate() {
        assert_eq!(valid[n + 1].0, n + 1);
        assert_near(valid[n + 1].1, step.valid, &format!("after step {n}"));
    }
}

#[test]
fn the_split_test_is_judged_once_by_the_parameters_of_the_best_evaluation() {
    let lesson = streams();
    let expected = by_hand(&lesson);
    let best = (0..STEPS).min_by(|a, b| expected[*a].valid.total_cmp(&expected[*b].valid)).unwrap();
    assert!(best > 0 && best < STEPS - 1, "the best is neither first nor last: {best}");
    let test = expected[best].test;
    for other in [expected[STEPS - 1].test, expected[best].valid, expected[STEPS - 1].valid] {
        assert!((test - other).abs() > 1e-3, "another number would be told apart: {test} and {other}");
    }
    let found = series(&lesson.rows(), "test", "loss");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, best + 1);
    assert_near(found[0].1, test, "the loss on the split `test`");
}

/// Five excerpts in batches of two: the last has one.
#[test]
fn every_excerpt_that_is_held_out_counts_the_same() {
    let lesson = Lesson::new(
        &"abcacbdedd".repeat(20),
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\npredict = \"last_step\"\n\
         [grid]\ncell = \"lstm\"\nengine = \"fused\"\ndtype = \"f64\"\nhidden_size = 6\nseq_len = 5\nbatch_size = 2\n\
         [training]\nsteps = 1\neval_sequences = 5\n",
    );
    let task = lesson.task();
    let (config, model) = lesson.model(task.as_ref());
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
    let rows = lesson.rows();
    let found = ["loss", "accuracy"].map(|metric| series(&rows, "valid", metric)[0]);
    assert_eq!([found[0].0, found[1].0], [0, 0]);
    assert_near(found[0].1, mean, "loss");
    assert_near(found[1].1, hits as f64 / 5.0, "accuracy");
}

/// Some letters again and again, which are learned in some tens of steps.
fn again(letters: &str, settings: &str) -> Vec<TrainingRow> {
    let config = format!(
        "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\n\
         [grid]\ncell = \"lstm\"\nengine = \"analytic\"\ndtype = \"f64\"\nhidden_size = 6\nseq_len = 5\nbatch_size = 4\n\
         [training]\nlearning_rate = 0.02\nlog_every = 1\nevaluate_every = 1\n{settings}\n"
    );
    Lesson::new(&letters.repeat(400 / letters.len()), &config).rows()
}

/// The last step, where the run says that its task is solved.
fn solved_at(rows: &[TrainingRow]) -> usize {
    let said = series(rows, "train", "solved");
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].1, 1.0, "after {} steps", said[0].0);
    said[0].0
}

#[test]
fn a_task_is_solved_by_held_out_data_where_every_condition_holds() {
    let mut ends = Vec::new();
    for (settings, below, least) in [
        ("solved_loss = 0.3", 0.3, 0.0),
        ("solved_accuracy = 1.0", f64::INFINITY, 1.0),
        ("solved_loss = 0.05\nsolved_accuracy = 1.0", 0.05, 1.0),
        ("solved_loss = 1.0\nsolved_accuracy = 1.0", 1.0, 1.0),
    ] {
        let rows = again("ab", settings);
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
fn a_task_is_solved_by_the_last_sequences_where_each_was_right() {
    let mut ends = Vec::new();
    for (letters, settings, below) in [
        ("abbb", "solved_sequences = 10", f64::INFINITY),
        ("abbb", "solved_sequences = 10\nsolved_loss = 0.05", 0.05),
        ("a", "solved_sequences = 10", f64::INFINITY),
    ] {
        let rows = again(letters, settings);
        let (losses, right) = (series(&rows, "train", "loss"), series(&rows, "train", "accuracy"));
        // Ten sequences of four a step are in the last three steps.
        let holds = |last: &usize| {
            let mean = (last - 2..=*last).map(|n| losses[n].1).sum::<f64>() / 3.0;
            (last - 2..=*last).all(|n| right[n].1 == 1.0) && mean < below
        };
        let first = (2..losses.len()).find(holds).map(|n| losses[n].0);
        assert_eq!(first, Some(solved_at(&rows)), "{settings}");
        ends.push(first);
    }
    assert!(Some(3) < ends[0] && ends[0] < ends[1], "each condition decides: {ends:?}");
    assert_eq!(ends[2], Some(3), "right from the beginning, but it takes three steps to see ten sequences");
}

#[test]
fn a_task_that_is_not_solved_is_said_not_to_be() {
    for settings in ["solved_loss = 1e-9", "solved_sequences = 4\nsolved_loss = 1e-9", "solved_sequences = 4"]
    {
        let rows = again("abbb", &format!("{settings}\nsteps = 5"));
        assert_eq!(series(&rows, "train", "solved"), [(5, 0.0)], "{settings}");
    }
}

/// Each sequence's own loss and its gradient, one sequence at a time: the norm at each step, of the mean over the sequences.
fn profile_by_hand(lesson: &Lesson) -> Vec<f64> {
    let task = lesson.task();
    let (config, model) = lesson.model(task.as_ref());
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
fn a_gradient_profile_is_of_each_sequences_own_loss() {
    let text = "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\n";
    for task in [text, &format!("{text}predict = \"last_step\"\n"), "[task]\nname = \"adding\"\n"] {
        for (model, cell) in [("recurrent", "lstm"), ("recurrent", "rnn"), ("attention", "gru")] {
            let lesson = Lesson::new(
                &"abcacbdedd".repeat(30),
                &format!(
                    "{task}[grid]\ncell = \"{cell}\"\nengine = \"fused\"\ndtype = \"f64\"\nhidden_size = 6\n\
                     seq_len = 12\nbatch_size = 3\nlayers = 2\n[training]\nmodel = \"{model}\"\nsteps = 1\n\
                     eval_sequences = 3\ngradient_profile_every = 1\n"
                ),
            );
            let curves = lesson.rows_in(&lesson.dir.path().join("checkpoints"), |_| ()).gradients;
            let of_input = |step| {
                curves.iter().find(|c| c.common.quantity == "input_x" && c.common.step == Some(step)).unwrap()
            };
            let (found, expected) = (&of_input(0).norms, profile_by_hand(&lesson));
            assert_eq!(found.len(), 12);
            for ((t, log10), expected) in found.iter().zip(&expected) {
                assert_near(log10.unwrap(), expected.log10(), &format!("{task} {model} {cell} at step {t}"));
            }
            assert_ne!(found, &of_input(1).norms, "a step changes the gradients");
        }
    }
}

/// Cut off after each of the last steps in turn, with what a checkpoint holds at work: a carried state, dropout, both moments of the
/// optimizers, sums between rows, the window of the last sequences.
#[test]
fn a_run_goes_on_bit_for_bit_wherever_it_was_cut_off() {
    for (name, settings) in [
        (
            "momentum",
            "optimizer = \"sgd\"\nmomentum = 0.9\nlearning_rate = 0.05\nclip_norm = 0.5\nsteps = 24\n",
        ),
        ("rmsprop", "optimizer = \"rmsprop\"\nschedule = \"cosine\"\nwarmup_steps = 5\nsteps = 24\n"),
        ("window", "learning_rate = 0.05\nsolved_sequences = 40\nsolved_loss = 0.3\nsteps = 200\n"),
    ] {
        let lesson = Lesson::new(
            &"abbb".repeat(100),
            &format!(
                "[task]\nname = \"text\"\nfile = \"text.txt\"\nsplit = [0.6, 0.2, 0.2]\n\
                 [grid]\ncell = \"lstm\"\nhidden_size = 8\nseq_len = 5\nbatch_size = 4\nlayers = 2\n\
                 [training]\n{settings}dropout = 0.02\nlog_every = 7\nevaluate_every = 10\n\
                 gradient_profile_every = 15\ncheckpoint_seconds = 0\n"
            ),
        );
        let (whole, mut cuts) = (lesson.dir.path().join("whole"), Vec::new());
        let expected = lesson.rows_in(&whole, |step| {
            let cut = lesson.dir.path().join(format!("cut-{step}"));
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
            let found = lesson.rows_in(cut, |step| _ = first.get_or_insert(step));
            // The checkpoint of a step is written after it is told.
            assert_eq!(first, Some(n + 1), "{name}: it goes on where it was");
            assert_eq!(found, expected, "{name}: cut off after {n} steps");
        }
    }
}

/// A config decides sizes before there is any data: it has to know what the tasks make.
#[test]
fn a_config_knows_the_sizes_of_the_sequences_that_tasks_make() {
    for task in ["adding\"\nvariant = \"1997", "adding\"\nvariant = \"2016", "copy_memory", "temporal_order"]
    {
        let lesson = Lesson::new(
            "",
            &format!("[task]\nname = \"{task}\"\n[grid]\ncell = \"rnn\"\nseq_len = 20\nbatch_size = 30\n"),
        );
        let (form, made) = (&lesson.run.task, lesson.task());
        let (features, outputs) = (form.features().unwrap() as i64, form.outputs().unwrap() as i64);
        assert_eq!(lesson.run.settings.input_size as i64, features, "{task}");
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
