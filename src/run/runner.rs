//! Plan → results directory: runs what is not there yet, keeps whatever was computed.

use std::time::{Duration, Instant};

use crate::data::Inputs;
use crate::device;
use crate::plan::Plan;
use crate::plan::run::{Run, RunMeasure};
use crate::results::environment::{Environment, peak_memory};
use crate::results::schema::RunRow;
use crate::results::{Rows, Store};
use crate::run::kinds::{self, Context, Measured, Place, recurrent_words};
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
    let place = context.place;
    let start = Instant::now();
    let outcome = guarded(|| kinds::execute(run, context, tell));
    let seconds = start.elapsed().as_secs_f64();
    let Measured { rows, refused: errors, seconds_before } =
        outcome.unwrap_or_else(|error| Measured { refused: vec![error], ..Measured::from(Rows::default()) });
    let message = errors.iter().map(Error::to_string).collect::<Vec<_>>().join("; ");
    let parameters = rows.training.first().map(|row| row.parameters);
    let row = run_row(run, place, seconds_before + seconds, (!errors.is_empty()).then_some(message));
    (RunRow { parameters, ..row }, rows)
}

/// Seconds that the runs take at most, where each can tell: runs that differ in the seed alone take the same time.
fn estimate(runs: &[&Run], inputs: &Inputs, place: Place) -> Option<f64> {
    let mut known: Vec<(String, f64)> = Vec::new();
    let mut sum = None;
    for run in runs {
        let settings = serde_json::to_string(&(&run.point, &run.measure)).ok()?;
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

fn run_row(run: &Run, place: Place, seconds: f64, error: Option<String>) -> RunRow {
    let point = &run.point;
    let loss = match run.measure {
        RunMeasure::Gradients { settings, .. } => Some(settings.loss.to_string()),
        RunMeasure::Jacobian { .. } | RunMeasure::Speed { .. } | RunMeasure::Training(_) => None,
    };

    let [cell, engine, init] = recurrent_words(run);
    let learning = run.learning();
    RunRow {
        run_id: run.id.clone(),
        status: if error.is_some() { "failed" } else { "ok" }.to_string(),
        error,
        seconds: Some(seconds),
        peak_memory: peak_memory(),
        kind: run.kind().to_string(),
        task: point.task.clone(),
        cell,
        engine,
        init,
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
        model: learning.map(|learning| learning.model.to_string()),
        parameters: None,
        optimizer: learning.map(|learning| learning.settings.optimizer.name.to_string()),
        learning_rate: learning.map(|learning| learning.learning_rate),
        clip_norm: learning.map(|learning| learning.clip_norm),
        dropout: learning.map(|learning| learning.settings.dropout),
        data_share: learning.map(|learning| learning.data_share),
        cpu: None,
        fma_peak_gflops: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::config::setting::SETTINGS;

    /// Plans select runs by what configs say, reports by what the CSV says: both must mean the same.
    #[test]
    fn a_run_has_the_same_settings_in_a_plan_and_in_the_csv() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        let text = "kind = [\"gradients\", \"speed\", \"training\"]\n[gradients.grid]\ncell = \"gru\"\n\
                    [task]\nname = \"text\"\nfile = \"x.toml\"\n\
                    [grid]\ncell = \"lstm\"\nseq_len = 4\nbatch_size = 1\n[training]\n\
                    model = [\"recurrent\", \"transformer\"]\nlearning_rate = [0.003, 1.0]\ndata_share = [0.5, 1]\n";
        std::fs::write(&path, text.replace("x.toml\"\n", &format!("{}\"\n", path.display()))).unwrap();
        let spec = config::load(&path, &[]).unwrap();
        let raw = || crate::data::RawText::from_file(&path).unwrap();
        let crate::config::task::TaskSpec::Text { corpus, .. } = &spec.task else { panic!("a text") };
        let inputs = Inputs {
            training: Some(crate::data::Input::Corpus(crate::data::Corpus::new(&raw(), corpus.cut()))),
            text: Some(crate::data::Input::Text(crate::data::Text::new(raw()).unwrap())),
        };
        let place = Place { device: device::cpu(), threads: 1 };
        let plan = Plan::new(&spec, &inputs, "cpu", 1).unwrap();
        assert_eq!(plan.runs.len(), 1 + 1 + 2 * 2 * 2);
        for run in &plan.runs {
            let row = run_row(run, place, 0.0, None);
            for name in SETTINGS {
                assert_eq!(run.setting(name), row.setting(name), "{name} of {}", run.describe());
            }
        }
    }
}
