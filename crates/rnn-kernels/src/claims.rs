//! Work that threads claim in parts.

use crate::pool::Worker;

/// The parts of consecutive pieces of work, of which each thread claims as many as it has time for.
///
/// A core that another program shares is slower, and its thread claims fewer parts.
pub struct Claims<'a> {
    worker: &'a Worker<'a>,
    /// The number of parts of all earlier pieces.
    earlier: usize,
}

impl<'a> Claims<'a> {
    /// Returns the claims of a thread. Each thread of a region asks for the same pieces in the same order.
    pub fn new(worker: &'a Worker<'a>) -> Claims<'a> {
        Claims { worker, earlier: 0 }
    }

    /// Calls `work` with each part, from 0 on, that this thread claims. Then waits for the other threads.
    pub fn run(&mut self, parts: usize, mut work: impl FnMut(usize)) {
        let end = self.earlier + parts;
        while let Some(part) = self.worker.claim(end) {
            work(part - self.earlier);
        }
        self.earlier = end;
        self.worker.barrier();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn claims_of_all_threads_cover_each_part_once_in_every_piece() {
        let pieces = [100, 1, 7, 100];
        let counts: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        pool::run(3, |worker| {
            let mut claims = Claims::new(&worker);
            for parts in pieces {
                claims.run(parts, |part| _ = counts[part].fetch_add(1, Ordering::Relaxed));
            }
        });
        for (part, count) in counts.iter().enumerate() {
            let expected = pieces.iter().filter(|parts| part < **parts).count();
            assert_eq!(count.load(Ordering::Relaxed), expected, "part {part}");
        }
    }
}
