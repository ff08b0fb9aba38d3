//! A kernel that says what `fuzz/` tries; there only with `--cfg fuzzing`.
#![expect(clippy::expect_used, reason = "without such a kernel nothing is tried")]

use std::cell::RefCell;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, send, socketpair};

/// What it says, and its ends of the sockets to which it has said it.
struct Kernel {
    reads: Vec<Vec<u8>>,
    ends: Vec<OwnedFd>,
}

thread_local! {
    static KERNEL: RefCell<Option<Kernel>> = const { RefCell::new(None) };
}

/// From now on every socket that this thread opens is told all this, each element at once.
pub fn say(reads: Vec<Vec<u8>>) {
    KERNEL.set(Some(Kernel { reads, ends: Vec::new() }));
}

/// A socket that never blocks; none where nothing was said.
pub(crate) fn open() -> Option<OwnedFd> {
    KERNEL.with_borrow_mut(|kernel| {
        let kernel = kernel.as_mut()?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (ours, kernels) =
            socketpair(AddressFamily::UNIX, SocketType::DGRAM, flags, None).expect("a socket");
        for read in &kernel.reads {
            // What does not fit was not said.
            let _full = send(&kernels, read, SendFlags::empty());
        }
        kernel.ends.push(kernels);
        Some(ours)
    })
}
