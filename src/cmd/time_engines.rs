//! `lstm-lab time-engines`: one process of a run of kind `speed`.

use crate::run::kinds::speed::process;
use crate::support::error::Result;

/// Executes the job on standard input.
pub fn time_engines() -> Result<u8> {
    process::serve().map(|()| 0)
}
