//! The least time between two messages.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// A clock that lets a message pass from time to time.
pub struct Pace {
    every: Duration,
    /// The time of the last message, or of the start of the present run.
    last: Cell<Option<Instant>>,
}

impl Pace {
    /// A clock that lets a message pass every `every`, and the first one at once.
    pub fn new(every: Duration) -> Pace {
        Pace { every, last: Cell::new(None) }
    }

    /// Waits from now on, as after a message.
    pub fn wait(&self) {
        self.last.set(Some(Instant::now()));
    }

    /// Lets the next message pass at once.
    pub fn reset(&self) {
        self.last.set(None);
    }

    /// Returns true if a message may pass now.
    pub fn passes(&self) -> bool {
        self.passes_at(Instant::now())
    }

    fn passes_at(&self, now: Instant) -> bool {
        let waits = self.last.get().is_some_and(|last| now.saturating_duration_since(last) < self.every);
        if !waits {
            self.last.set(Some(now));
        }
        !waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_first_message_and_then_one_per_interval() {
        let pace = Pace::new(Duration::from_secs(30));
        let start = Instant::now();
        let at = |seconds| pace.passes_at(start + Duration::from_secs(seconds));
        assert_eq!([0, 1, 29, 30, 59, 60, 200].map(at), [true, false, false, true, false, true, true]);
        pace.reset();
        assert!(at(201), "a reset lets a message pass");
        pace.wait();
        assert!(!pace.passes(), "a wait counts as a message");
    }
}
