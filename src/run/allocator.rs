//! The setting of glibc's allocator in the processes that time engines.
//!
//! By default, glibc returns large blocks to the system when they are freed. libtorch allocates its
//! temporary tensors in each pass anew, so each pass would then pay for page faults.

use std::env;

/// The environment variables of glibc's allocator, with the values that make it keep freed memory: no block
/// has a mapping of its own, and the end of the heap is never returned.
///
/// `MALLOC_MMAP_THRESHOLD_` would not do: before version 2.35, glibc ignores a value above 32 MiB.
const VARIABLES: [(&str, &str); 2] = [("MALLOC_MMAP_MAX_", "0"), ("MALLOC_TRIM_THRESHOLD_", "1099511627776")];

/// The variables with their values. A variable that the user has set keeps its value.
pub fn variables() -> impl Iterator<Item = (&'static str, String)> {
    VARIABLES.into_iter().map(|(name, value)| (name, env::var(name).unwrap_or(value.to_string())))
}

/// The variables in one line: `NAME=VALUE NAME=VALUE`.
pub fn described() -> String {
    variables().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}
