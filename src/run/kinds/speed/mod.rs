//! The kind `speed`: engine against engine (and against other libraries, `peer`) on the same parameters and input,
//! interleaved sample by sample, so that whatever else the machine does meets all of them alike.

mod arm;
mod work;

use std::thread;
use std::time::{Duration, Instant};

use super::Place;
use crate::config::spec::Speed;
use crate::data::EncodedText;
use crate::engine::EngineName;
use crate::error::Error as LibraryError;
use crate::plan::run::Run;
use crate::results::schema::SpeedRow;
use crate::run::frameworks::{self, Peer};
use crate::settings::Engines;
use crate::settings::names::{FrameworkName, PassName};
use crate::support::error::{Error, Result};
use arm::Arm;
use work::Work;

/// The engine that the others are held against and measured by.
const REFERENCE: EngineName = EngineName::Builtin;

/// So many samples are taken however long they last: fewer make no interval.
const LEAST_SAMPLES: usize = 5;

/// Before each turn where a peer takes part. Threads of a pool wait busily for more work before they sleep: OpenMP's for
/// about 10 ms. In one process the next engine takes them over; another process would find the processor taken.
const REST: Duration = Duration::from_millis(50);

/// After the rest passes that do not count are made until so much time has gone, at least one: threads that slept wake
/// up, often on one processor, and take some milliseconds to spread; caches fill.
const WAKING: Duration = Duration::from_millis(25);

/// Executes a run of this kind: the rows, and why some engine or peer was not timed (to the end): it disagrees, or
/// its process failed.
///
/// # Errors
/// A shape does not fit; the task's text is missing; peers are asked for, and there is no program for them.
pub fn execute(
    run: &Run,
    speed: &Speed,
    text: Option<&EncodedText>,
    place: Place,
) -> Result<(Vec<SpeedRow>, Vec<Error>)> {
    let Engines { engines, frameworks: peers } = &run.settings.engine;
    let work = Work::new(run, text, place)?;
    let mut contest = Contest { arms: Vec::new(), among_peers: !peers.is_empty(), refused: Vec::new() };
    for &name in engines {
        contest.enter(work.agrees(name).map(|()| Arm::Engine(&work, name)))?;
    }
    for &name in peers {
        contest.enter(peer(run, &work, place, name).map(Arm::Peer))?;
    }
    let mut rows = Vec::new();
    let passes = &speed.pass.0;
    let budget = Duration::from_secs_f64(speed.budget_seconds.0 / passes.len() as f64);
    for &pass in passes {
        for place in 0..contest.arms.len() {
            for _ in 0..speed.warmup.0 {
                contest.seconds(place, pass);
            }
        }
        let start = Instant::now();
        for sample in 0..speed.samples.0 {
            if sample >= LEAST_SAMPLES && start.elapsed() > budget {
                break;
            }
            // Each round begins with another one: none always follows the same one.
            for turn in 0..contest.arms.len() {
                let number = (turn + sample) % contest.arms.len();
                if let Some((name, seconds)) = contest.turn(number, pass) {
                    rows.push(row(run, name, pass, sample, seconds));
                }
            }
        }
    }
    Ok((rows, contest.refused))
}

/// A peer that was shown to compute what `REFERENCE` does.
fn peer(run: &Run, work: &Work, place: Place, name: FrameworkName) -> Result<Peer> {
    let mut peer = Peer::start(&frameworks::program()?, name, place.threads)?;
    peer.load(run.settings.cell(), &work.given())?;
    work.agrees_with(&mut peer)?;
    Ok(peer)
}

/// All that are timed, and what went wrong with any of them.
struct Contest<'a> {
    /// None in the place of one that failed.
    arms: Vec<Option<Arm<'a>>>,
    among_peers: bool,
    refused: Vec<Error>,
}

impl<'a> Contest<'a> {
    /// Takes one in, or notes why not: the others are timed all the same.
    fn enter(&mut self, arm: Result<Arm<'a>>) -> Result<()> {
        match arm {
            Ok(arm) => self.arms.push(Some(arm)),
            Err(error @ (Error::Library(LibraryError::Disagreement { .. }) | Error::Peer { .. })) => {
                self.refused.push(error)
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// One pass that counts; among peers after `REST` and `WAKING`.
    fn turn(&mut self, number: usize, pass: PassName) -> Option<(&'static str, f64)> {
        if self.among_peers && self.arms[number].as_ref().is_some_and(|arm| arm.has(pass)) {
            thread::sleep(REST);
            let start = Instant::now();
            while start.elapsed() < WAKING {
                self.seconds(number, pass)?;
            }
        }
        self.seconds(number, pass)
    }

    /// One pass of one of them: its name and time. None where it has no such pass or failed; one that fails is not
    /// asked again.
    fn seconds(&mut self, number: usize, pass: PassName) -> Option<(&'static str, f64)> {
        let arm = self.arms[number].as_mut().filter(|arm| arm.has(pass))?;
        match arm.seconds(pass) {
            Ok(seconds) => Some((arm.name(), seconds)),
            Err(error) => {
                self.refused.push(error);
                self.arms[number] = None;
                None
            }
        }
    }
}

fn row(run: &Run, engine: &str, pass: PassName, sample: usize, seconds: f64) -> SpeedRow {
    SpeedRow {
        run_id: run.id.clone(),
        cell: run.word("cell"),
        seq_len: run.settings.seq_len,
        batch_size: run.settings.batch_size,
        input_size: run.settings.input_size,
        hidden_size: run.settings.hidden_size,
        threads: run.settings.threads,
        layers: run.settings.layers,
        dtype: run.word("dtype"),
        device: run.settings.device.clone(),
        engine: engine.to_string(),
        pass: pass.to_string(),
        sample,
        seconds,
    }
}
