//! tch panics where libtorch throws (out of memory, say). One run then fails and the others go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::support::error::{Error, Result};

/// Does `work`, and makes an error of a panic. Not to be called inside itself.
///
/// # Errors
/// Those of `work`; [`Error::Panic`] with the first line of the message where it panicked.
pub fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    static HOOK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = HOOK.lock();
    // The message becomes part of the error; the default hook would print it a second time, with a backtrace.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
        Err(Error::Panic(first_line(text)))
    })
}

/// libtorch's messages come in tch's wrapping, and carry a C++ backtrace behind the first line.
fn first_line(message: &str) -> String {
    let wrapping = "called `Result::unwrap()` on an `Err` value: Torch(\"";
    let unquoted = message.strip_prefix(wrapping).unwrap_or(message).replace("\\n", "\n");
    unquoted.lines().next().unwrap_or("").trim().to_string()
}
