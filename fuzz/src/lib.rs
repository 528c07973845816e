//! One program for each target of `lstm_lab::fuzz`.

pub use libfuzzer_sys;
pub use lstm_lab;

/// The program that gives libFuzzer's inputs to the reader of a target.
#[macro_export]
macro_rules! fuzz {
    ($target:ident) => {
        thread_local! {
            static TARGET: $crate::lstm_lab::fuzz::Target = $crate::lstm_lab::fuzz::$target();
        }
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET.with(|target| (target.read)(bytes)));
    };
}
