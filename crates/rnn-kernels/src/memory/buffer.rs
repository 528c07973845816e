//! Buffers that are kept for the next call.
//!
//! The operating system maps and zeroes new memory page by page at the first touch. That costs as much as the
//! matrix products of a small hidden size, so dropped buffers are kept and used again.
//!
//! Large buffers use huge pages: the rows of a matrix product span more 4 KiB pages than the TLB holds.

use std::marker::PhantomData;
use std::sync::Mutex;

use memmap2::MmapMut;

use crate::number::Number;

/// The largest number of bytes of unused mappings that are kept.
const MAX_IDLE_BYTES: usize = 512 << 20;

/// The size of a huge page, in bytes.
const HUGE_PAGE: usize = 2 << 20;

/// Returns the distance between rows of `width` numbers, in numbers.
///
/// The distance is an odd number of cache lines. Rows a power of two apart would compete for the same sets
/// of the cache.
pub fn row_stride<E: Number>(width: usize) -> usize {
    (width.div_ceil(E::CACHE_LINE) | 1) * E::CACHE_LINE
}

/// Unused mappings, in the order in which they were dropped.
static IDLE: Mutex<Vec<MmapMut>> = Mutex::new(Vec::new());

/// Working memory for numbers, aligned to a cache line. Their initial values are arbitrary.
///
/// The memory of a dropped buffer is kept for the next buffer of a similar size.
pub struct Buffer<E = f32> {
    /// `None` for an empty buffer.
    mapping: Option<MmapMut>,
    /// The number of bytes before the first number.
    offset: usize,
    len: usize,
    numbers: PhantomData<E>,
}

impl<E: Number> Buffer<E> {
    /// Returns a buffer of `len` numbers, aligned to a cache line.
    ///
    /// # Panics
    /// If the operating system has no memory left.
    pub fn new(len: usize) -> Buffer<E> {
        if len == 0 {
            return Buffer { mapping: None, offset: 0, len, numbers: PhantomData };
        }
        let mut bytes = len * size_of::<E>();
        // A mapping begins on a small page. Alignment to a huge page needs more room.
        let large = bytes >= HUGE_PAGE;
        if large {
            bytes += HUGE_PAGE;
        }
        let mapping = reuse(bytes).unwrap_or_else(|| map(bytes));
        let offset = if large { mapping.as_ptr().align_offset(HUGE_PAGE) } else { 0 };
        Buffer { mapping: Some(mapping), offset, len, numbers: PhantomData }
    }

    /// Returns the numbers, to read.
    pub fn as_slice(&self) -> &[E] {
        self.mapping.as_ref().map_or(&[], |mapping| {
            // SAFETY: the mapping has room for `len` numbers behind the offset, and any bits are a number.
            unsafe { std::slice::from_raw_parts(mapping[self.offset..].as_ptr().cast(), self.len) }
        })
    }

    /// Returns the numbers, to write.
    pub fn as_mut_slice(&mut self) -> &mut [E] {
        self.mapping.as_mut().map_or(&mut [], |mapping| {
            // SAFETY: the mapping has room for `len` numbers behind the offset, and any bits are a number.
            unsafe { std::slice::from_raw_parts_mut(mapping[self.offset..].as_mut_ptr().cast(), self.len) }
        })
    }
}

/// Returns a new mapping.
fn map(bytes: usize) -> MmapMut {
    let mapping =
        MmapMut::map_anon(bytes).unwrap_or_else(|error| panic!("cannot map {bytes} bytes: {error}"));
    // If the system refuses, only speed is lost.
    #[cfg(target_os = "linux")]
    let _ = mapping.advise(memmap2::Advice::HugePage);
    mapping
}

/// Takes the smallest idle mapping of at least `bytes` and at most twice as many.
fn reuse(bytes: usize) -> Option<MmapMut> {
    let mut idle = IDLE.lock().ok()?;
    let fits = |mapping: &MmapMut| (bytes..=2 * bytes).contains(&mapping.len());
    let (n, _) = idle.iter().enumerate().filter(|(_, m)| fits(m)).min_by_key(|(_, m)| m.len())?;
    Some(idle.remove(n))
}

impl<E> Drop for Buffer<E> {
    fn drop(&mut self) {
        let Ok(mut idle) = IDLE.lock() else { return };
        idle.extend(self.mapping.take());
        while idle.iter().map(|mapping| mapping.len()).sum::<usize>() > MAX_IDLE_BYTES {
            idle.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffer_of_any_size_is_aligned_to_a_cache_line() {
        for len in [1, 17, 1 << 12, (1 << 20) + 3] {
            let mut buffer = Buffer::<f64>::new(len);
            buffer.as_mut_slice().fill(1.5);
            assert_eq!(buffer.as_slice().len(), len);
            assert_eq!(buffer.as_slice().as_ptr() as usize % 64, 0, "{len} numbers");
        }
        assert!(Buffer::<f32>::new(0).as_slice().is_empty());
    }

    #[test]
    fn row_stride_is_an_odd_number_of_cache_lines() {
        for width in 1..200 {
            for (line, stride) in [(16, row_stride::<f32>(width)), (8, row_stride::<f64>(width))] {
                assert!(stride >= width && stride < width + 2 * line);
                assert_eq!((stride % line, stride / line % 2), (0, 1));
            }
        }
    }
}
