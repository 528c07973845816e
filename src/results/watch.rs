//! The wait for a sign of life of the process that holds a lock on another machine.

use std::time::Duration;

use super::lease::EXPIRY;
use crate::support::error::Result;

/// The first pause between two looks at the lock. Each further one is twice as long, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause, which is the time between two signs of life.
const MAX_PAUSE: Duration = super::lease::HEARTBEAT;

/// A lock of another process.
pub trait Watched {
    /// The last sign of life; `None` if the lock is gone.
    type Sign: PartialEq;

    /// Reads the last sign of life.
    ///
    /// # Errors
    /// The lock cannot be read.
    fn sign(&self) -> Result<Option<Self::Sign>>;

    /// The age of the last sign of life, which needs a write to the file system: its clock is the one that
    /// counts.
    ///
    /// # Errors
    /// The directory cannot be written.
    fn age(&self) -> Result<Duration>;

    /// Waits. Returns true if the wait was ended from outside.
    fn pause(&self, duration: Duration) -> bool;
}

/// Waits until the holder of a lock gives another sign than `first`, or gives none for too long. Returns
/// true if the lock is free. The age is asked for once at first, and again when the lock may be free.
///
/// # Errors
/// The lock cannot be read, or the directory cannot be written.
pub fn is_given_up<W: Watched>(lock: &W, first: &W::Sign) -> Result<bool> {
    let (mut pause, mut waited, mut due) = (FIRST_PAUSE, Duration::ZERO, Duration::ZERO);
    loop {
        match lock.sign()? {
            None => return Ok(true),
            Some(found) if found != *first => return Ok(false),
            Some(_) => {}
        }
        if waited >= due {
            let age = lock.age()?;
            if age > EXPIRY {
                return Ok(true);
            }
            due = waited + (EXPIRY - age);
        }
        let until_due = due.saturating_sub(waited).max(FIRST_PAUSE);
        let now = pause.min(until_due);
        if lock.pause(now) {
            return Ok(false);
        }
        waited += now;
        pause = (2 * pause).min(MAX_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A lock on a clock of its own, which counts what the wait costs.
    struct Fake {
        clock: Cell<Duration>,
        /// The age of the sign at the beginning.
        age: Duration,
        /// The time of the next sign and that of the end of the wait, if they come.
        next_sign: Option<Duration>,
        stop: Option<Duration>,
        reads: Cell<usize>,
        probes: Cell<usize>,
    }

    impl Fake {
        fn new(age: Duration) -> Fake {
            let (reads, probes) = (Cell::new(0), Cell::new(0));
            Fake { clock: Cell::default(), age, next_sign: None, stop: None, reads, probes }
        }
    }

    impl Watched for Fake {
        type Sign = bool;

        fn sign(&self) -> Result<Option<bool>> {
            self.reads.set(self.reads.get() + 1);
            Ok(Some(self.next_sign.is_some_and(|next| self.clock.get() >= next)))
        }

        fn age(&self) -> Result<Duration> {
            self.probes.set(self.probes.get() + 1);
            Ok(self.age + self.clock.get())
        }

        fn pause(&self, duration: Duration) -> bool {
            self.clock.set(self.clock.get() + duration);
            self.stop.is_some_and(|stop| self.clock.get() >= stop)
        }
    }

    #[test]
    fn is_given_up_dead_holder_takes_few_reads_and_fewer_probes() {
        let lock = Fake::new(Duration::from_secs(7));
        assert!(is_given_up(&lock, &false).unwrap());
        let over = EXPIRY - lock.age;
        assert!(lock.clock.get() >= over && lock.clock.get() <= over + 2 * FIRST_PAUSE, "{:?}", lock.clock);
        assert!(lock.reads.get() < 20 && lock.probes.get() <= 3, "{:?} {:?}", lock.reads, lock.probes);
        let old = Fake::new(2 * EXPIRY);
        assert!(is_given_up(&old, &false).unwrap() && old.clock.get() == Duration::ZERO);
    }

    #[test]
    fn is_given_up_live_holder_is_seen_soon_after_its_sign() {
        for seconds in [1, 5, 9] {
            let next = Duration::from_secs(seconds);
            let lock = Fake { next_sign: Some(next), ..Fake::new(Duration::ZERO) };
            assert!(!is_given_up(&lock, &false).unwrap());
            assert!(lock.clock.get() <= 2 * next + FIRST_PAUSE, "{:?}", lock.clock);
            assert_eq!(lock.probes.get(), 1);
        }
    }

    #[test]
    fn is_given_up_stopped_wait_ends() {
        let lock = Fake { stop: Some(Duration::from_secs(3)), ..Fake::new(Duration::ZERO) };
        assert!(!is_given_up(&lock, &false).unwrap() && lock.clock.get() < Duration::from_secs(6));
    }
}
