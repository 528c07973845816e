//! Working memory. Pieces are kept for the next call: from the system they come page by page, each one zeroed and mapped
//! on first touch, which costs as much as the products of a small hidden size. Large pieces are of large pages, where the
//! system has them: the rows of a product lie on more pages than the processor knows the places of.

use std::sync::Mutex;

use memmap2::MmapMut;

use super::shared::Shared;

/// So many bytes are kept at most when nobody uses them.
const KEPT: usize = 512 << 20;

/// Numbers to a cache line; buffers begin on one.
const LINE: usize = 16;

/// Bytes of a large page.
const LARGE_PAGE: usize = 2 << 20;

/// From a row of so many numbers to the next: an odd number of cache lines, since rows a power of two apart would fall on the
/// same few places in the cache.
pub fn spaced(width: usize) -> usize {
    (width.div_ceil(LINE) | 1) * LINE
}

/// Pieces that nobody uses, the longest unused first.
static IDLE: Mutex<Vec<MmapMut>> = Mutex::new(Vec::new());

/// A piece of working memory. Its numbers are arbitrary at first.
pub struct Buffer {
    /// `None` where there is nothing to keep.
    piece: Option<MmapMut>,
    /// Bytes before the first number.
    first: usize,
    len: usize,
}

impl Buffer {
    /// Room for `len` numbers.
    pub fn new(len: usize) -> Buffer {
        if len == 0 {
            return Buffer { piece: None, first: 0, len };
        }
        let mut needed = len * size_of::<f32>();
        // A mapping begins on a page; for a large one there may have to be some room before.
        let large = needed >= LARGE_PAGE;
        if large {
            needed += LARGE_PAGE;
        }
        let piece = reuse(needed).unwrap_or_else(|| map(needed));
        let first = if large { piece.as_ptr().align_offset(LARGE_PAGE) } else { 0 };
        Buffer { piece: Some(piece), first, len }
    }

    /// The numbers, for the threads of a job.
    ///
    /// # Safety
    /// As [`Shared::new`] has it.
    pub unsafe fn share(&mut self) -> Shared<'_> {
        let start =
            self.piece.as_mut().map_or(std::ptr::dangling_mut(), |piece| piece[self.first..].as_mut_ptr());
        // SAFETY: a piece has room for the numbers; the rest by this function's own contract.
        unsafe { Shared::new(start.cast(), self.len) }
    }

    /// The numbers, for the threads of a job that only read them.
    pub fn lend(&self) -> Shared<'_> {
        let start = self.piece.as_ref().map_or(std::ptr::dangling(), |piece| piece[self.first..].as_ptr());
        // SAFETY: a piece has room for the numbers, and nobody writes what is borrowed.
        unsafe { Shared::new(start.cast_mut().cast(), self.len) }
    }
}

/// A new piece.
fn map(bytes: usize) -> MmapMut {
    let piece = MmapMut::map_anon(bytes).unwrap_or_else(|error| panic!("no room for {bytes} bytes: {error}"));
    // Where the system will not, it costs time only.
    #[cfg(target_os = "linux")]
    let _ = piece.advise(memmap2::Advice::HugePage);
    piece
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Ok(mut idle) = IDLE.lock() else { return };
        idle.extend(self.piece.take());
        while idle.iter().map(|piece| piece.len()).sum::<usize>() > KEPT {
            idle.remove(0);
        }
    }
}

/// The smallest idle piece that is long enough, and not so long that it would be wasted.
fn reuse(needed: usize) -> Option<MmapMut> {
    let mut idle = IDLE.lock().ok()?;
    let fits = |piece: &MmapMut| (needed..=2 * needed).contains(&piece.len());
    let best =
        idle.iter().enumerate().filter(|(_, piece)| fits(piece)).min_by_key(|(_, piece)| piece.len())?;
    let n = best.0;
    Some(idle.remove(n))
}
