//! Drivers that answer what `fuzz/` tries; there only with `--cfg fuzzing`.

use std::cell::RefCell;
use std::collections::VecDeque;

use rustix::io::Errno;

thread_local! {
    static ANSWERS: RefCell<Option<VecDeque<Vec<u8>>>> = const { RefCell::new(None) };
}

/// From now on drivers answer this thread's questions so, one after the other, and those beyond not at all.
pub fn say(answers: VecDeque<Vec<u8>>) {
    ANSWERS.set(Some(answers));
}

/// Writes the next answer, or its beginning; nothing where none was given.
pub(crate) fn answer(place: &mut [u8]) -> Option<Result<(), Errno>> {
    ANSWERS.with_borrow_mut(|answers| {
        let Some(answer) = answers.as_mut()?.pop_front() else {
            return Some(Err(Errno::OPNOTSUPP));
        };
        for (byte, said) in place.iter_mut().zip(answer) {
            *byte = said;
        }
        Some(Ok(()))
    })
}
