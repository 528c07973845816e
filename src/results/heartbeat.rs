//! Signs of life of the holder of a lock.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::lease::{self, Lease};

/// A thread that gives signs of life until it is dropped.
#[derive(Debug)]
pub struct Heartbeat {
    /// The thread ends when this end of its channel is gone.
    alive: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    lost: Arc<AtomicBool>,
}

impl Heartbeat {
    /// Writes the lease into its open file again after each `pause`.
    pub fn start(lease: Lease, file: File, path: PathBuf, pause: Duration) -> Heartbeat {
        let (alive, is_over) = mpsc::channel::<()>();
        let lost = Arc::new(AtomicBool::new(false));
        let is_lost = Arc::clone(&lost);
        let beat = move || {
            while is_over.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                if lease::at(&path).is_ok_and(|found| found.as_ref() != Some(&lease)) {
                    is_lost.store(true, Ordering::SeqCst);
                    return;
                }
                // A sign of life that cannot be given may be given the next time.
                let _ = lease.write(&file, &path);
            }
        };
        Heartbeat { alive: Some(alive), thread: Some(thread::spawn(beat)), lost }
    }

    /// Returns true if another process has taken the lock over.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.alive.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
