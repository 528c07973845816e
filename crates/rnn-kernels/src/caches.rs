//! The sizes of the caches of the processor.

use std::sync::OnceLock;

/// Returns the size of the second-level cache of a core, in bytes, or 512 KiB if it is unknown.
pub fn second_level_cache() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| detect(2).unwrap_or(512 << 10))
}

/// Returns the size of the third-level cache that a core shares with others, in bytes. `None` if there is
/// none, or if it is unknown.
pub fn third_level_cache() -> Option<usize> {
    static SIZE: OnceLock<Option<usize>> = OnceLock::new();
    *SIZE.get_or_init(|| detect(3))
}

/// Asks the processor for the size of its largest cache of a level.
#[cfg(target_arch = "x86_64")]
fn detect(level: u32) -> Option<usize> {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    /// The leaves of Intel and of AMD, which have the same format.
    const LEAVES: [u32; 2] = [4, 0x8000_001d];
    let has = |leaf: u32| __cpuid(leaf & 0x8000_0000).eax >= leaf;
    let caches = LEAVES.into_iter().filter(|leaf| has(*leaf)).flat_map(|leaf| {
        (0..16).map(move |index| __cpuid_count(leaf, index)).take_while(|cache| cache.eax & 31 != 0)
    });
    let bytes = caches.filter(|cache| cache.eax >> 5 & 7 == level).map(|cache| {
        let (ways, partitions, line) = (cache.ebx >> 22, cache.ebx >> 12 & 0x3ff, cache.ebx & 0xfff);
        [ways, partitions, line, cache.ecx].map(|n| n as usize + 1).into_iter().product()
    });
    bytes.max()
}

/// The sizes are unknown on other processors.
#[cfg(not(target_arch = "x86_64"))]
fn detect(_level: u32) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_have_sizes_that_processors_have() {
        let second = second_level_cache();
        assert!((64 << 10..=64 << 20).contains(&second), "{second}");
        if let Some(third) = third_level_cache() {
            assert!((second..=4 << 30).contains(&third), "{third}");
        }
    }
}
