//! Signals that ask the program to stop: SIGINT (Ctrl-C), SIGTERM, and SIGUSR1, which a cluster sends before
//! the end of the time limit.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;

use crate::support::error::{Error, Result};

/// The signals with their names.
const SIGNALS: [(i32, &str); 3] = [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGUSR1, "SIGUSR1")];

/// The last signal that asked the program to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Keeps these signals from ending the process, and remembers them. The second signal ends it at
    /// once.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn on_signals() -> Result<Stop> {
        let (stop, received) = (Stop::default(), Arc::new(AtomicBool::new(false)));
        for (signal, _) in SIGNALS {
            // Handlers are called in this order, so the first signal finds `received` unset.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&received))
                .and_then(|_| flag::register(signal, Arc::clone(&received)))
                .and_then(|_| flag::register_usize(signal, Arc::clone(&stop.0), signal as usize))
                .map_err(Error::io("handle", Path::new("signals")))?;
        }
        Ok(stop)
    }

    /// The signal's name and the exit code of the process; `None` before a signal.
    pub fn requested(&self) -> Option<(&'static str, u8)> {
        let received = self.0.load(Ordering::SeqCst) as i32;
        let (signal, name) = SIGNALS.into_iter().find(|(signal, _)| *signal == received)?;
        Some((name, 128 + signal as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requested_signal_is_named_with_its_exit_code() {
        let after = |signal: i32| Stop(Arc::new(AtomicUsize::new(signal as usize))).requested();
        assert_eq!(after(0), None);
        assert_eq!(after(SIGINT), Some(("SIGINT", 130)));
        assert_eq!(after(SIGTERM), Some(("SIGTERM", 143)));
        assert_eq!(after(SIGUSR1), Some(("SIGUSR1", 138)));
    }
}
