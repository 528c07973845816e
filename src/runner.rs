//! Plan → results directory: runs what is not there yet, keeps whatever was computed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::config::Plan;
use crate::config::plan::{Run, RunMeasure};
use crate::data::Text;
use crate::device;
use crate::error::{Error, Result};
use crate::experiment::{self, Measured, Place};
use crate::results::environment::peak_memory;
use crate::results::schema::RunRow;
use crate::results::{Rows, Store};
use crate::ui::Ui;

/// How a plan is carried out.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Where.
    pub place: Place,
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
    /// Failed.
    pub failed: usize,
}

/// Carries a plan out.
///
/// # Errors
/// The results directory cannot be written. A run that fails is no error here: it is counted and kept.
pub fn execute(
    plan: &Plan,
    text: Option<&Text>,
    store: &Store,
    options: Options,
    ui: &mut Ui,
) -> Result<Tally> {
    let ids: Vec<String> = plan.runs.iter().map(|run| run.id.clone()).collect();
    let (index, count) = options.shard.unwrap_or((0, 1));
    let mine: Vec<&Run> = plan.runs.iter().skip(index).step_by(count).collect();
    let is_missing = |run: &Run| options.rerun || store.done(&run.id).is_none();
    let missing: Vec<&Run> = mine.iter().copied().filter(|run| is_missing(run)).collect();
    let mut tally = Tally { present: mine.len() - missing.len(), ..Tally::default() };

    ui.begin(&plan.name, mine.len(), tally.present);
    let mut tables = Tables::new(store, &ids);
    for run in missing {
        let what = run.describe();
        ui.run_starts(&what);
        let (row, rows) = one(run, text, options.place);
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
        Tables { store, ids, since: Instant::now(), pause: Duration::from_secs(5) }
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

/// Executes one run and writes down how it ended.
fn one(run: &Run, text: Option<&Text>, place: Place) -> (RunRow, Rows) {
    let start = Instant::now();
    let outcome = guarded(|| experiment::execute(run, text, place));
    let seconds = start.elapsed().as_secs_f64();
    let (rows, errors) = match outcome {
        Ok(Measured { rows, refused }) => (rows, refused),
        Err(error) => (Rows::default(), vec![error]),
    };
    let message = errors.iter().map(Error::to_string).collect::<Vec<_>>().join("; ");
    (run_row(run, place, seconds, (!errors.is_empty()).then_some(message)), rows)
}

fn run_row(run: &Run, place: Place, seconds: f64, error: Option<String>) -> RunRow {
    let point = &run.point;
    let loss = match run.measure {
        RunMeasure::Gradients { loss, .. } => Some(loss.to_string()),
        RunMeasure::Jacobian { .. } | RunMeasure::Speed { .. } => None,
    };

    RunRow {
        run_id: run.id.clone(),
        status: if error.is_some() { "failed" } else { "ok" }.to_string(),
        error,
        seconds: Some(seconds),
        peak_memory: peak_memory(),
        kind: run.kind().to_string(),
        task: point.task.clone(),
        cell: point.cell.to_string(),
        engine: run.engines(),
        init: point.init.to_string(),
        layers: point.layers,
        input_size: point.input_size,
        hidden_size: point.hidden_size,
        seq_len: point.seq_len,
        batch_size: point.batch_size,
        dtype: point.dtype.to_string(),
        device: device::name(place.device),
        threads: place.threads,
        loss,
        seed: run.seed,
    }
}

/// tch panics where libtorch throws (out of memory, say): one run then fails, and the others go on.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    static HOOK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = HOOK.lock();
    // The message is reported with the run; the default hook would print it a second time, with a backtrace.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a run panicked");
        Err(Error::Panic(first_line(text)))
    })
}

/// libtorch's messages come in tch's wrapping, and carry a C++ backtrace behind the first line.
fn first_line(message: &str) -> String {
    let wrapping = "called `Result::unwrap()` on an `Err` value: Torch(\"";
    let unquoted = message.strip_prefix(wrapping).unwrap_or(message).replace("\\n", "\n");
    unquoted.lines().next().unwrap_or("").trim().to_string()
}
