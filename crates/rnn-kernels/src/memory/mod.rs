//! Working memory, and views of it that several threads share.

mod buffer;
mod shared;
mod workspace;

pub use buffer::{Buffer, row_stride};
pub use shared::Shared;
pub use workspace::Workspace;
