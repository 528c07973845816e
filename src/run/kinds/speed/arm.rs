//! Who is timed: an engine of this process, or a peer in its own.

use super::work::Work;
use crate::engine::EngineName;
use crate::run::frameworks::Peer;
use crate::settings::names::PassName;
use crate::support::error::Result;

/// One that is timed.
pub enum Arm<'a> {
    /// An engine on what all are given.
    Engine(&'a Work, EngineName),
    /// A peer that has been given the same.
    Peer(Peer),
}

impl Arm<'_> {
    /// As in the column `engine`.
    pub fn name(&self) -> &'static str {
        match self {
            Arm::Engine(_, name) => name.as_str(),
            Arm::Peer(peer) => peer.name().as_str(),
        }
    }

    /// Whether it makes such passes.
    pub fn has(&self, pass: PassName) -> bool {
        match self {
            Arm::Engine(..) => true,
            Arm::Peer(peer) => peer.has(pass),
        }
    }

    /// The wall-clock time of one pass.
    pub fn seconds(&mut self, pass: PassName) -> Result<f64> {
        match self {
            Arm::Engine(work, name) => Ok(work.seconds(*name, pass)),
            Arm::Peer(peer) => peer.seconds(pass),
        }
    }
}
