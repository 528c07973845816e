//! Independent standard normal numbers: no structure, so that what is measured is the network's own.

use tch::{Device, Kind};

use super::Batch;
use crate::random::{self, Purpose};
use crate::settings::Settings;

/// `[T, B, I]` standard normal numbers, and no targets.
pub fn batch(settings: &Settings, kind: Kind, on: Device) -> Batch {
    let shape = [settings.seq_len as i64, settings.batch_size as i64, settings.input_size as i64];
    let mut rng = random::stream(settings.seed, Purpose::Input);
    Batch { input: random::normal(&mut rng, &shape, kind, on), targets: None }
}
