//! Working memory. Large pieces are kept for the next call: from the system they come page by page, each one zeroed and
//! mapped on first touch, which costs as much as the products of a small hidden size.

use std::sync::Mutex;

use super::shared::Shared;

/// So many numbers are kept at most when nobody uses them (512 MB).
const KEPT: usize = 128 << 20;

/// Numbers to a cache line; buffers begin on one.
const LINE: usize = 16;

/// Pieces that nobody uses, the longest unused first.
static IDLE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// A piece of working memory. Its numbers are arbitrary at first.
pub struct Buffer {
    numbers: Vec<f32>,
    first: usize,
    len: usize,
}

impl Buffer {
    /// Room for `len` numbers.
    pub fn new(len: usize) -> Buffer {
        let needed = len + LINE;
        let numbers = reuse(needed).unwrap_or_else(|| vec![0.0; needed]);
        let first = numbers.as_ptr().align_offset(LINE * size_of::<f32>());
        Buffer { numbers, first, len }
    }

    /// The numbers, for the threads of a job.
    ///
    /// # Safety
    /// As [`Shared::new`] has it.
    pub unsafe fn share(&mut self) -> Shared<'_> {
        let numbers = &mut self.numbers[self.first..][..self.len];
        // SAFETY: by this function's own contract.
        unsafe { Shared::new(numbers.as_mut_ptr(), numbers.len()) }
    }

    /// The numbers, for the threads of a job that only read them.
    pub fn lend(&self) -> Shared<'_> {
        let numbers = &self.numbers[self.first..][..self.len];
        // SAFETY: nobody writes what is borrowed.
        unsafe { Shared::new(numbers.as_ptr().cast_mut(), numbers.len()) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let numbers = std::mem::take(&mut self.numbers);
        let Ok(mut idle) = IDLE.lock() else { return };
        idle.push(numbers);
        while idle.iter().map(Vec::len).sum::<usize>() > KEPT {
            idle.remove(0);
        }
    }
}

/// The smallest idle piece that is long enough, and not so long that it would be wasted.
fn reuse(needed: usize) -> Option<Vec<f32>> {
    let mut idle = IDLE.lock().ok()?;
    let fits = |piece: &Vec<f32>| (needed..=2 * needed).contains(&piece.len());
    let best =
        idle.iter().enumerate().filter(|(_, piece)| fits(piece)).min_by_key(|(_, piece)| piece.len())?;
    let n = best.0;
    Some(idle.remove(n))
}
