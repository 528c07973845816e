//! The settings that vary, and their values.

use crate::settings::Field;

/// Everything that is swept in one kind of measurement.
#[derive(Clone)]
pub struct Grid {
    /// Settings that vary each with each.
    pub sweeps: Vec<Sweep>,
    /// Sizes that vary together; one empty list where there are none.
    pub shapes: Vec<Vec<Value>>,
}

/// The values of one setting.
#[derive(Clone)]
pub struct Sweep {
    /// The setting.
    pub field: &'static Field,
    /// Its values as text, at least one, each once.
    pub values: Vec<String>,
}

/// One value of one setting.
#[derive(Clone)]
pub struct Value {
    /// The setting.
    pub field: &'static Field,
    /// The value as text.
    pub text: String,
}

impl std::fmt::Debug for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.sweeps.iter().map(|sweep| (sweep.field.name, &sweep.values))).finish()
    }
}
