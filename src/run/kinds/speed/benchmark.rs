//! The timings of one process: a first pass of each contender, a warm-up, then rounds.
//!
//! Samples are interleaved, so that every change of the machine's load affects all contenders alike.

use std::thread;
use std::time::{Duration, Instant};

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::contender::Contender;
use super::job::{Answer, Failure, Job};
use super::workload::{Workload, check_framework};
use crate::error::Error as LibraryError;
use crate::random::{self, Purpose};
use crate::results::schema::SpeedRow;
use crate::run::ExecTarget;
use crate::run::frameworks::{self, Framework};
use crate::settings::names::{FrameworkName, PassName};
use crate::support::disturbance::Counters;
use crate::support::error::{Error, Result};

/// Minimum rounds of a process, regardless of the budget. A median of three leaves out one disturbed round.
const MIN_ROUNDS: usize = 3;

/// Pause before each sample if a framework takes part. Threads of an OpenMP pool spin for about 10 ms
/// before they sleep. The next engine of the same process reuses them; another process would find its
/// processors busy.
const COOLDOWN: Duration = Duration::from_millis(50);

/// Untimed passes after each pause: at least one, for at least this long. Sleeping threads and cold caches
/// then do not enter a sample.
const WARMUP: Duration = Duration::from_millis(25);

/// Executes a job. If a framework disagrees with the reference or fails, the answer has a failure. The other
/// contenders are still timed.
///
/// # Errors
/// The program that starts frameworks is not set.
pub fn time(job: &Job, workload: &dyn Workload, target: ExecTarget) -> Result<Answer> {
    let mut benchmark = Benchmark::new(job, workload, target)?;
    benchmark.first_passes();
    for &pass in &job.passes {
        benchmark.warm_up(pass);
        let start = Instant::now();
        for round in 0..job.rounds {
            if round >= MIN_ROUNDS && start.elapsed().as_secs_f64() > job.seconds {
                break;
            }
            benchmark.round(pass, round);
        }
    }
    Ok(benchmark.answer)
}

/// The contenders of a job, and the answer so far.
struct Benchmark<'a> {
    job: &'a Job,
    target: ExecTarget,
    /// The contenders; `None` for one that failed.
    contenders: Vec<Option<Contender<'a>>>,
    /// The source of each round's order.
    order: ChaCha8Rng,
    answer: Answer,
}

impl<'a> Benchmark<'a> {
    fn new(job: &'a Job, workload: &'a dyn Workload, target: ExecTarget) -> Result<Benchmark<'a>> {
        let engine = |name: &_| Some(Contender::Engine(workload, *name));
        let reference = workload.reference();
        let control = job.engines.contains(&reference).then(|| Some(Contender::Control(workload, reference)));
        let mut benchmark = Benchmark {
            job,
            target,
            contenders: job.engines.iter().map(engine).chain(control).collect(),
            order: random::at_step(job.seed, Purpose::Turns, job.process),
            answer: Answer::default(),
        };
        for &name in &job.frameworks {
            match start(job, workload, name) {
                Ok(framework) => benchmark.contenders.push(Some(Contender::Framework(framework))),
                Err(
                    error @ (Error::Library(LibraryError::Disagreement { .. }) | Error::Framework { .. }),
                ) => benchmark.fail(name, &error),
                Err(error) => return Err(error),
            }
        }
        Ok(benchmark)
    }

    fn fail(&mut self, framework: FrameworkName, error: &Error) {
        self.answer.failures.push(Failure { framework: Some(framework), message: error.to_string() });
    }

    /// The contenders in a new random order.
    fn turns(&mut self) -> Vec<usize> {
        let mut turns: Vec<usize> = (0..self.contenders.len()).collect();
        turns.shuffle(&mut self.order);
        turns
    }

    /// The first pass of each contender but the control, which is not the first of its engine.
    fn first_passes(&mut self) {
        for &pass in &self.job.passes {
            for index in self.turns() {
                if self.contenders[index].as_ref().is_some_and(|contender| !contender.is_control()) {
                    self.cool_down(index, pass);
                    let row = self.time(index, pass);
                    self.answer.rows.extend(row);
                }
            }
        }
    }

    fn warm_up(&mut self, pass: PassName) {
        for index in 0..self.contenders.len() {
            for _ in 0..self.job.warmup {
                self.time(index, pass);
            }
        }
    }

    /// One sample of each contender.
    fn round(&mut self, pass: PassName, round: usize) {
        let before = Counters::now();
        let turns = self.turns();
        let rows: Vec<SpeedRow> = turns.into_iter().filter_map(|index| self.sample(index, pass)).collect();
        let disturbance = before.disturbance();
        self.answer.rows.extend(rows.into_iter().map(|row| SpeedRow {
            round: Some(round),
            load_average: disturbance.load_average,
            stolen_share: disturbance.stolen_share,
            context_switches: disturbance.context_switches,
            ..row
        }));
    }

    /// One timed pass, after a pause and a warm-up if a framework takes part.
    fn sample(&mut self, index: usize, pass: PassName) -> Option<SpeedRow> {
        if self.cool_down(index, pass) {
            let start = Instant::now();
            while start.elapsed() < WARMUP {
                self.time(index, pass)?;
            }
        }
        self.time(index, pass)
    }

    /// Pauses if a framework takes part and the contender has the pass; returns true if it paused.
    fn cool_down(&self, index: usize, pass: PassName) -> bool {
        let has_pass = self.contenders[index].as_ref().is_some_and(|contender| contender.has(pass));
        let pauses = has_pass && !self.job.frameworks.is_empty();
        if pauses {
            thread::sleep(COOLDOWN);
        }
        pauses
    }

    /// The time of one pass outside the rounds; `None` if the contender has no such pass or has failed.
    fn time(&mut self, index: usize, pass: PassName) -> Option<SpeedRow> {
        let contender = self.contenders[index].as_mut().filter(|contender| contender.has(pass))?;
        match contender.seconds(pass) {
            Ok(seconds) => Some(SpeedRow {
                run_id: self.job.run_id.clone(),
                engine: contender.name().to_string(),
                isa: contender.isa(self.target).map(str::to_string),
                pass: pass.to_string(),
                process: self.job.process,
                control: contender.is_control(),
                seconds,
                ..SpeedRow::default()
            }),
            Err(error) => {
                let framework = contender.framework();
                self.answer.failures.push(Failure { framework, message: error.to_string() });
                self.contenders[index] = None;
                None
            }
        }
    }
}

/// Starts a framework and checks its results against those of the reference engine.
fn start(job: &Job, workload: &dyn Workload, name: FrameworkName) -> Result<Framework> {
    let mut framework = Framework::start(&frameworks::program()?, name, job.threads)?;
    framework.load(job.cell, &json!(job.step), &workload.tensors())?;
    check_framework(workload, &mut framework, &job.workload)?;
    Ok(framework)
}
