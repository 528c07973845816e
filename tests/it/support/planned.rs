//! A training run from a config, executed without the program.

use std::cell::RefCell;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use lstm_lab::config;
use lstm_lab::config::spec::TaskSpec as Form;
use lstm_lab::config::spec::TrainingSpec;
use lstm_lab::data::{Corpus, Input, Inputs, RawText};
use lstm_lab::device::cpu;
use lstm_lab::model::{Model, ModelConfig, model};
use lstm_lab::plan::run::Run;
use lstm_lab::plan::{Machine, Plan};
use lstm_lab::results::Rows;
use lstm_lab::results::schema::TrainingRow;
use lstm_lab::run::{ExecTarget, RunContext, kinds};
use lstm_lab::support::progress::Step;
use lstm_lab::task::learning::{Task, task};

/// A planned training run that has not been executed.
pub struct PlannedRun {
    pub dir: tempfile::TempDir,
    pub inputs: Inputs,
    pub run: Run,
}

impl PlannedRun {
    /// Returns the first run of a config, given without its kind. The file of a text is `text.txt`.
    pub fn new(text: &str, config: &str) -> PlannedRun {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("planned.toml");
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
        let run = Plan::new(&spec, &inputs, &Machine::new("cpu", 1, "avx2")).unwrap().runs.remove(0);
        PlannedRun { dir, inputs, run }
    }

    /// Executes the run with checkpoints in a directory, and returns its rows. Calls `on_step` with each
    /// step.
    pub fn rows_in(&self, checkpoints: &Path, on_step: impl FnMut(usize)) -> Rows {
        let target =
            ExecTarget { device: cpu(), threads: 1, isa: lstm_lab::engine::isa(), libraries_isa: None };
        let on_step = RefCell::new(on_step);
        let on_step = |step: Step| {
            on_step.borrow_mut()(step.step);
            ControlFlow::Continue(())
        };
        let context =
            RunContext { inputs: &self.inputs, target, checkpoints, events: None, on_step: &on_step };
        kinds::execute(&self.run, &context).unwrap().rows
    }

    pub fn rows(&self) -> Vec<TrainingRow> {
        self.rows_in(&self.dir.path().join("checkpoints"), |_| ()).training
    }

    pub fn training(&self) -> &TrainingSpec {
        self.run.training().unwrap()
    }

    pub fn task(&self) -> Box<dyn Task + '_> {
        task(&self.run, self.training(), self.inputs.of(true), cpu()).unwrap()
    }

    /// Returns the model before the first step.
    pub fn model(&self, task: &dyn Task) -> (ModelConfig, Box<dyn Model>) {
        let longest = self.run.task.longest(self.run.settings.seq_len);
        let config = ModelConfig::new(&self.run, self.training(), task.input(), task.outputs(), longest);
        let model = model(&config, self.run.settings.seed, cpu());
        (config, model)
    }
}
