//! Small helpers that do not depend on recurrent networks.

#[cfg(feature = "lab")]
pub mod checksum;
#[cfg(feature = "lab")]
pub mod distinct;
#[cfg(feature = "lab")]
pub mod disturbance;
#[cfg(feature = "lab")]
pub mod error;
#[cfg(feature = "lab")]
pub mod exact;
#[cfg(feature = "lab")]
pub mod file;
#[cfg(feature = "lab")]
pub mod machine;
#[cfg(feature = "lab")]
pub mod memory;
pub(crate) mod names;
#[cfg(feature = "lab")]
pub mod panic;
#[cfg(feature = "lab")]
pub mod progress;
#[cfg(feature = "lab")]
pub mod signal;
#[cfg(feature = "lab")]
pub mod stats;
pub mod text;
