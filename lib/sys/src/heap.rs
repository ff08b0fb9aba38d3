//! malloc_trim(3) and mallopt(3): the memory that is free.

/// Larger pieces are the system's again as soon as they are freed. glibc's own bound grows with each larger piece,
/// so that the buffers of one packed page stay with the process for ever.
#[cfg(target_env = "gnu")]
const MOST_KEPT_BYTES: libc::c_int = 64 << 10;

/// Has malloc keep little of what is freed from now on, in one heap for all threads. Called before there are others.
#[cfg(target_env = "gnu")]
pub fn keep_little() {
    let settings = [
        (libc::M_ARENA_MAX, 1),
        (libc::M_MMAP_THRESHOLD, MOST_KEPT_BYTES),
        (libc::M_TRIM_THRESHOLD, MOST_KEPT_BYTES),
    ];
    for (setting, value) in settings {
        // SAFETY: it takes no pointer.
        unsafe { libc::mallopt(setting, value) };
    }
}

/// Gives the system back what this process has freed: a start needs more than a daemon between two scrapes.
#[cfg(target_env = "gnu")]
pub fn give_back() {
    // SAFETY: it takes no pointer, and glibc lets any thread call it at any time.
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries have no such calls.
#[cfg(not(target_env = "gnu"))]
pub fn keep_little() {}

/// Other C libraries have no such call.
#[cfg(not(target_env = "gnu"))]
pub fn give_back() {}

#[cfg(test)]
#[cfg(target_env = "gnu")]
mod tests {
    use super::*;

    fn resident_pages() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn what_was_freed_is_no_longer_resident() {
        const PIECES: usize = 4096;
        // Smaller than what malloc asks the system for on its own, and a last one that holds the others' end.
        let pieces: Vec<_> = (0..PIECES).map(|_| vec![1u8; 4096]).collect();
        let _end = vec![1u8; 4096];
        drop(pieces);
        let before = resident_pages();
        give_back();
        assert!(resident_pages() + PIECES / 2 < before, "of {before} pages");
    }
}
