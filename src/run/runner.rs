//! Plan → results directory: runs what is not there yet, keeps whatever was computed.

use std::time::{Duration, Instant};

use crate::data::Inputs;
use crate::plan::Plan;
use crate::plan::run::Run;
use crate::results::environment::{Environment, peak_memory};
use crate::results::schema::RunRow;
use crate::results::{Rows, Store};
use crate::run::kinds::{self, Context, Measured, Place};
use crate::settings::Settings;
use crate::support::error::{Error, Result};
use crate::support::panic::guarded;
use crate::support::progress::Ui;
use crate::support::text::{counted, duration};

/// What was measured on what.
const ENVIRONMENT: &str = "environment.json";

/// How a plan is carried out.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Where.
    pub place: Place,
    /// On what.
    pub environment: &'a Environment,
    /// Only every N-th run, beginning with the I-th (from 0): `Some((I, N))`.
    pub shard: Option<(usize, usize)>,
    /// Run again what is there already.
    pub rerun: bool,
    /// Stop at the first failure.
    pub fail_fast: bool,
}

/// How many runs there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done now.
    pub done: usize,
    /// Were there already.
    pub present: usize,
    /// Under way in another process.
    pub elsewhere: usize,
    /// Failed.
    pub failed: usize,
}

/// Carries a plan out.
///
/// # Errors
/// The results directory cannot be written. A run that fails is no error here: it is counted and kept.
pub fn execute(plan: &Plan, inputs: &Inputs, store: &Store, options: Options, ui: &mut Ui) -> Result<Tally> {
    let ids: Vec<String> = plan.runs.iter().map(|run| run.id.clone()).collect();
    let (index, count) = options.shard.unwrap_or((0, 1));
    let mine: Vec<&Run> = plan.runs.iter().skip(index).step_by(count).collect();
    let is_missing = |run: &Run| options.rerun || store.done(&run.id).is_none();
    let missing: Vec<&Run> = mine.iter().copied().filter(|run| is_missing(run)).collect();
    if missing.is_empty() {
        // What is there was measured where it was measured.
        store.write_text_if_absent(ENVIRONMENT, &options.environment.to_json())?;
    } else {
        store.write_text(ENVIRONMENT, &options.environment.to_json())?;
    }
    let mut tally = Tally { present: mine.len() - missing.len(), ..Tally::default() };

    ui.begin(&plan.name, mine.len(), tally.present);
    if let Some(seconds) = estimate(&missing, inputs, options.place) {
        let take = if missing.len() == 1 { "takes" } else { "take" };
        let runs = counted(missing.len(), "run");
        let stopped = if seconds > 60.0 { "; stopped and started again, it goes on from there" } else { "" };
        ui.say(&format!("  {runs} {take} at most about {}{stopped}", duration(seconds)));
    }
    let mut tables = Tables::new(store, &ids);
    for run in missing {
        let what = run.describe();
        let Some(_lock) = store.lock(&run.id)? else {
            ui.say(&format!("  under way in another process: {} {what}", run.id));
            tally.elsewhere += 1;
            continue;
        };
        if !is_missing(run) {
            // Another process has finished it meanwhile.
            tally.present += 1;
            continue;
        }
        ui.run_starts(&what);
        let checkpoints = store.checkpoints(&run.id);
        if options.rerun && checkpoints.exists() {
            std::fs::remove_dir_all(&checkpoints).map_err(Error::io("remove", &checkpoints))?;
        }
        let context = Context { inputs, place: options.place, checkpoints: &checkpoints };
        let (row, rows) = one(run, &context, &mut |step, steps| ui.step(&what, step, steps));
        let row = on(options.environment, row);
        store.save(&row, &rows)?;
        match &row.error {
            None => {
                tally.done += 1;
                ui.run_done(&run.id, &what, row.seconds.unwrap_or(0.0));
            }
            Some(error) => {
                tally.failed += 1;
                ui.run_failed(&run.id, &what, error);
                if options.fail_fast {
                    break;
                }
            }
        }
        tables.refresh()?;
    }
    ui.end();
    tables.assemble()?;
    Ok(tally)
}

/// The experiment's CSV files, brought up to date now and then, so that little is missing after a kill and
/// little time goes into it.
struct Tables<'a> {
    store: &'a Store,
    ids: &'a [String],
    since: Instant,
    pause: Duration,
}

impl<'a> Tables<'a> {
    fn new(store: &'a Store, ids: &'a [String]) -> Tables<'a> {
        // The first at once: what is there is to be seen when a run of hours is interrupted.
        Tables { store, ids, since: Instant::now(), pause: Duration::ZERO }
    }

    fn refresh(&mut self) -> Result<()> {
        if self.since.elapsed() > self.pause { self.assemble() } else { Ok(()) }
    }

    fn assemble(&mut self) -> Result<()> {
        let start = Instant::now();
        self.store.assemble(self.ids)?;
        self.pause = Duration::from_secs(5).max(20 * start.elapsed());
        self.since = Instant::now();
        Ok(())
    }
}

/// With what it was measured on; the peak stands beside timings alone.
fn on(environment: &Environment, row: RunRow) -> RunRow {
    let peak = environment.fma_peak_gflops.filter(|_| row.kind == "speed");
    RunRow { cpu: Some(environment.cpu.clone()), fma_peak_gflops: peak, ..row }
}

/// Executes one run and writes down how it ended.
fn one(run: &Run, context: &Context, tell: &mut dyn FnMut(usize, usize)) -> (RunRow, Rows) {
    let start = Instant::now();
    let outcome = guarded(|| kinds::execute(run, context, tell));
    let seconds = start.elapsed().as_secs_f64();
    let Measured { rows, refused: errors, seconds_before } =
        outcome.unwrap_or_else(|error| Measured { refused: vec![error], ..Measured::from(Rows::default()) });
    let message = errors.iter().map(Error::to_string).collect::<Vec<_>>().join("; ");
    let parameters = rows.training.first().map(|row| row.parameters);
    let row = run_row(run, seconds_before + seconds, (!errors.is_empty()).then_some(message));
    (RunRow { parameters, ..row }, rows)
}

/// Seconds that the runs take at most, where each can tell: runs that differ in the seed alone take the same time.
fn estimate(runs: &[&Run], inputs: &Inputs, place: Place) -> Option<f64> {
    let mut known: Vec<(Settings, f64)> = Vec::new();
    let mut sum = None;
    for run in runs {
        let settings = Settings { seed: 0, ..run.settings.clone() };
        let seconds = match known.iter().find(|(of, _)| *of == settings) {
            Some((_, seconds)) => *seconds,
            None => {
                // What goes wrong here goes wrong in the run too, and is reported there.
                let Ok(Some(seconds)) = guarded(|| kinds::estimate(run, inputs, place)) else {
                    continue;
                };
                known.push((settings, seconds));
                seconds
            }
        };
        *sum.get_or_insert(0.0) += seconds;
    }
    sum
}

fn run_row(run: &Run, seconds: f64, error: Option<String>) -> RunRow {
    let s = &run.settings;
    RunRow {
        run_id: run.id.clone(),
        status: if error.is_some() { "failed" } else { "ok" }.to_string(),
        error,
        seconds: Some(seconds),
        peak_memory: peak_memory(),
        kind: run.word("kind"),
        task: s.task.clone(),
        cell: run.word("cell"),
        engine: run.word("engine"),
        init: run.word("init"),
        layers: s.layers,
        input_size: s.input_size,
        hidden_size: s.hidden_size,
        seq_len: s.seq_len,
        batch_size: s.batch_size,
        dtype: run.word("dtype"),
        device: s.device.clone(),
        threads: s.threads,
        loss: s.value("loss"),
        seed: s.seed,
        model: s.value("model"),
        parameters: None,
        optimizer: s.value("optimizer"),
        learning_rate: s.learning_rate,
        clip_norm: s.clip_norm,
        dropout: s.dropout,
        train_fraction: s.train_fraction,
        cpu: None,
        fma_peak_gflops: None,
    }
}
