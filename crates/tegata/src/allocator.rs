//! How memory goes back to the system.
//!
//! The answer of a large target, a log entry and a query's samples are megabytes each and live for moments. GNU's
//! allocator moves such pieces from mappings of their own into its heap once one was freed (mallopt(3), "dynamic mmap
//! threshold"), where they leave holes: a scrape of 100,000 series kept 50 MiB so. Elsewhere nothing is done.

/// From here on a piece is a mapping of its own, which ends when it is freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED_BYTES: i32 = 1 << 20;
/// So much is kept at the heap's end for what comes next: a query that reads a few million samples wants 40 MiB, and so
/// does the one behind it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_BYTES: i32 = 64 << 20;

/// To be called before any thread is started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub fn give_back() {
    // SAFETY: both calls set a number of the allocator's own, and no other thread allocates yet. A refusal leaves the
    // default.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
