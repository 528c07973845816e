//! The kind `speed`: engines and frameworks on the same parameters and input.
//!
//! Samples are interleaved, so that every change of the machine's load affects all contenders alike.

mod contender;
mod workload;

use std::thread;
use std::time::{Duration, Instant};

use crate::config::spec::Speed;
use crate::device;
use crate::engine;
use crate::error::Error as LibraryError;
use crate::plan::run::Run;
use crate::results::Rows;
use crate::results::schema::SpeedRow;
use crate::run::frameworks::{self, Framework};
use crate::run::{ExecTarget, RunContext, RunOutput};
use crate::settings::names::{FrameworkName, PassName};
use crate::support::error::{Error, Result};
use contender::Contender;
use workload::Workload;

/// Minimum samples, regardless of `budget_seconds`; below this no confidence interval exists.
const MIN_SAMPLES: usize = 5;

/// Pause before each sample if a framework takes part. Threads of an OpenMP pool spin for about 10 ms
/// before they sleep. The next engine of the same process reuses them; another process would find its
/// processors busy.
const COOLDOWN: Duration = Duration::from_millis(50);

/// Untimed passes after each pause: at least one, for at least this long. Sleeping threads and cold caches
/// then do not enter a sample.
const WARMUP: Duration = Duration::from_millis(25);

/// Executes a run of this kind. If a contender disagrees with the reference or fails, the output has an
/// error. The other contenders are still timed.
///
/// # Errors
/// A shape does not fit; the task's text is missing; the program that starts frameworks is not set.
pub fn execute(run: &Run, timing: &Speed, context: &RunContext) -> Result<RunOutput> {
    let workload = Workload::new(run, context)?;
    let mut benchmark = Benchmark::new(run, &workload, context.target)?;
    let peak_before = fma_peak(context.target);
    let budget = Duration::from_secs_f64(timing.budget_seconds.0 / timing.pass.0.len() as f64);
    let mut speed = Vec::new();
    for &pass in &timing.pass.0 {
        benchmark.warm_up(pass, timing.warmup.0);
        let start = Instant::now();
        for sample in 0..timing.samples.0 {
            if sample >= MIN_SAMPLES && start.elapsed() > budget {
                break;
            }
            let timed = benchmark.round(pass, sample);
            speed.extend(timed.into_iter().map(|timing| row(run, timing, pass, sample)));
        }
    }
    Ok(RunOutput {
        errors: benchmark.errors,
        // Other load makes a measurement smaller, so the larger one is nearer to the truth.
        fma_peak_gflops: peak_before.zip(fma_peak(context.target)).map(|(before, after)| before.max(after)),
        ..RunOutput::from(Rows { speed, ..Rows::default() })
    })
}

/// The peak of the processor's vector units in GFLOP/s, to two decimals; `None` on another device.
fn fma_peak(target: ExecTarget) -> Option<f64> {
    let on_cpu = target.device == device::cpu();
    on_cpu.then(|| (100.0 * engine::fma_peak(target.isa, target.threads)).round() / 100.0)
}

/// The time of one pass of a contender.
struct Timing {
    engine: &'static str,
    isa: Option<&'static str>,
    seconds: f64,
}

/// All contenders of a run, and the errors of those that failed.
struct Benchmark<'a> {
    /// The contenders; `None` for one that failed.
    contenders: Vec<Option<Contender<'a>>>,
    has_frameworks: bool,
    target: ExecTarget,
    errors: Vec<Error>,
}

impl<'a> Benchmark<'a> {
    fn new(run: &Run, workload: &'a Workload, target: ExecTarget) -> Result<Benchmark<'a>> {
        let timed = &run.settings.engine;
        let has_frameworks = !timed.frameworks.is_empty();
        let mut benchmark = Benchmark { contenders: Vec::new(), has_frameworks, target, errors: Vec::new() };
        for &name in &timed.engines {
            benchmark.add(workload.check_engine(name).map(|()| Contender::Engine(workload, name)))?;
        }
        for &name in &timed.frameworks {
            benchmark.add(start(run, workload, target.threads, name).map(Contender::Framework))?;
        }
        Ok(benchmark)
    }

    /// Adds a contender, or the error that excludes it.
    fn add(&mut self, contender: Result<Contender<'a>>) -> Result<()> {
        match contender {
            Ok(contender) => self.contenders.push(Some(contender)),
            Err(error @ (Error::Library(LibraryError::Disagreement { .. }) | Error::Framework { .. })) => {
                self.errors.push(error)
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn warm_up(&mut self, pass: PassName, passes: usize) {
        for index in 0..self.contenders.len() {
            for _ in 0..passes {
                self.time(index, pass);
            }
        }
    }

    /// One sample of each contender. Each round starts with the next contender, so that the order varies.
    fn round(&mut self, pass: PassName, sample: usize) -> Vec<Timing> {
        let count = self.contenders.len();
        (0..count).filter_map(|turn| self.sample((turn + sample) % count, pass)).collect()
    }

    /// One timed pass, after a pause and a warm-up if a framework takes part.
    fn sample(&mut self, index: usize, pass: PassName) -> Option<Timing> {
        let has_pass = self.contenders[index].as_ref().is_some_and(|contender| contender.has(pass));
        if self.has_frameworks && has_pass {
            thread::sleep(COOLDOWN);
            let start = Instant::now();
            while start.elapsed() < WARMUP {
                self.time(index, pass)?;
            }
        }
        self.time(index, pass)
    }

    /// The time of one pass; `None` if the contender has no such pass or has failed.
    fn time(&mut self, index: usize, pass: PassName) -> Option<Timing> {
        let contender = self.contenders[index].as_mut().filter(|contender| contender.has(pass))?;
        match contender.seconds(pass) {
            Ok(seconds) => {
                Some(Timing { engine: contender.name(), isa: contender.isa(self.target), seconds })
            }
            Err(error) => {
                self.errors.push(error);
                self.contenders[index] = None;
                None
            }
        }
    }
}

/// Starts a framework and checks its results against those of the reference engine.
fn start(run: &Run, workload: &Workload, threads: usize, name: FrameworkName) -> Result<Framework> {
    let mut framework = Framework::start(&frameworks::program()?, name, threads)?;
    framework.load(run.settings.cell(), &workload.tensors())?;
    workload.check_framework(&mut framework)?;
    Ok(framework)
}

fn row(run: &Run, timing: Timing, pass: PassName, sample: usize) -> SpeedRow {
    SpeedRow {
        run_id: run.id.clone(),
        engine: timing.engine.to_string(),
        isa: timing.isa.map(str::to_string),
        pass: pass.to_string(),
        sample,
        seconds: timing.seconds,
    }
}
