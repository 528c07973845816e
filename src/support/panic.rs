//! The conversion of panics into errors. tch panics if libtorch throws (out of memory, for example). With
//! an error instead, the other runs can continue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::support::error::{Error, Result};

/// Calls `work` and turns a panic into an error. Calls must not be nested.
///
/// # Errors
/// The errors of `work`, or [`Error::Panic`] with the first line of a panic's message.
pub fn catch_panics<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    static HOOK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = HOOK.lock();
    // The message becomes part of the error. The default hook would also print it, with a backtrace.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message");
        Err(Error::Panic(first_line(text)))
    })
}

/// Returns the first line of a message, without tch's prefix and libtorch's C++ backtrace.
fn first_line(message: &str) -> String {
    let prefix = "called `Result::unwrap()` on an `Err` value: Torch(\"";
    let unquoted = message.strip_prefix(prefix).unwrap_or(message).replace("\\n", "\n");
    unquoted.lines().next().unwrap_or("").trim().to_string()
}
