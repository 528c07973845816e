//! The results directory: its tables and columns, and how they are written and read.

mod curve;
mod decay;
pub mod environment;
mod exclusive;
#[cfg(test)]
mod fixtures;
mod growing;
mod heartbeat;
mod lease;
mod limits;
mod lock;
pub mod manifest;
mod publish;
mod record;
mod rows;
pub mod schema;
mod store;
pub mod table;
mod unplanned;
mod watch;

pub use curve::GradientCurve;
pub use decay::Decay;
pub use exclusive::Exclusive;
pub use growing::{GrowingTable, Mark};
pub use limits::Limits;
pub use lock::Lock;
pub use record::{KILLED, RunRecord, program};
pub use rows::Rows;
pub use store::Store;
pub use unplanned::Unplanned;
