//! The values of settings as text, which is the same in configs, selectors and CSV files.

use super::engines::Engines;
use super::init::InitSetting;
use super::names::{ExperimentKind, LossName, ModelName, OptimizerName};
use crate::cell::CellName;
use crate::device::Dtype;

/// A value that text represents exactly.
pub trait Value: Sized {
    /// The text; `None` if there is no value.
    fn show(&self) -> Option<String>;

    /// Reads the text.
    ///
    /// # Errors
    /// A message with the expected and the found text.
    fn read(text: &str) -> Result<Self, String>;
}

impl<T: Value> Value for Option<T> {
    fn show(&self) -> Option<String> {
        self.as_ref().and_then(T::show)
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::read(text).map(Some) }
    }
}

macro_rules! words {
    ($($type:ty),+) => { $(
        impl Value for $type {
            fn show(&self) -> Option<String> {
                Some(self.to_string()).filter(|text| !text.is_empty())
            }

            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|problem| format!("{problem}"))
            }
        }
    )+ };
}
words!(String, Engines, ExperimentKind, LossName, ModelName, OptimizerName, CellName, InitSetting, Dtype);

macro_rules! numbers {
    ($($type:ty: $expected:literal),+) => { $(
        impl Value for $type {
            fn show(&self) -> Option<String> {
                Some(self.to_string())
            }

            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!("expected {}, found `{text}`", $expected))
            }
        }
    )+ };
}
numbers!(usize: "a whole number", u64: "a whole number", f64: "a number");
