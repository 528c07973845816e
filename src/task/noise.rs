//! Independent standard normal numbers: no structure, so that what is measured is the network's own.

use tch::{Device, Kind};

use super::Batch;
use crate::plan::run::Point;
use crate::random::{self, Purpose};

/// `[T, B, I]` standard normal numbers, and no targets.
pub fn batch(point: &Point, seed: u64, kind: Kind, on: Device) -> Batch {
    let shape = [point.seq_len as i64, point.batch_size as i64, point.input_size as i64];
    let mut rng = random::stream(seed, Purpose::Input);
    Batch { input: random::normal(&mut rng, &shape, kind, on), targets: None }
}
