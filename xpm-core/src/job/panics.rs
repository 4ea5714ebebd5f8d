//! The message and the place of a panic, caught where it happens.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, UnwindSafe};

use crate::workspace::Failure;

thread_local! {
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// The message of a panic, if it has one.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied())
}

/// Calls `work`; a panic becomes a failure. The usual report still goes to standard error.
pub(crate) fn caught<T>(work: impl FnOnce() -> T + UnwindSafe) -> Result<T, Failure> {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let failure = Failure::Panicked {
            message: info.payload_as_str().unwrap_or("a panic without a message").to_owned(),
            location: info.location().map(ToString::to_string),
        };
        LAST.with(|last| *last.borrow_mut() = Some(failure));
        before(info);
    }));
    panic::catch_unwind(work).map_err(|payload| {
        let text = panic_text(&*payload).unwrap_or("a panic without a message");
        // `resume_unwind`, for instance with the payload of a thread that panicked, calls no hook; what the hook saw last
        // may then be another panic, which the task has caught.
        let of_this = |failure: &Failure| matches!(failure, Failure::Panicked { message, .. } if message == text);
        let seen = LAST.with(|last| last.borrow_mut().take()).filter(of_this);
        seen.unwrap_or_else(|| Failure::Panicked { message: text.to_owned(), location: None })
    })
}
