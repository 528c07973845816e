//! `lstm-lab sample`: a text continued by a trained model.

use crate::cli::SampleArgs;
use crate::random::{self, Purpose};
use crate::support::error::{Error, Result};
use crate::support::panic::catch_panics;
use crate::support::progress::print;
use crate::train::checkpoint::Checkpoint;
use crate::train::{Sampler, SamplingRequest};

/// Prints the prime and its continuation.
pub fn sample(args: &SampleArgs) -> Result<u8> {
    if !(args.temperature >= 0.0 && args.temperature.is_finite()) {
        let found = args.temperature;
        return Err(Error::Usage(format!("--temperature: expected a number of at least 0, found {found}")));
    }
    let target = args.target.resolve()?;
    let checkpoint = Checkpoint::read(&args.checkpoint)?;
    let request = SamplingRequest { prime: &args.prime, length: args.length, temperature: args.temperature };
    // A header that was changed by hand may describe an impossible model, on which libtorch panics.
    let text = catch_panics(|| {
        let sampler = Sampler::new(&checkpoint, target.device)?;
        sampler.sample(request, &mut random::stream(args.seed, Purpose::Sample))
    })?;
    print(&format!("{text}\n"))?;
    Ok(0)
}
