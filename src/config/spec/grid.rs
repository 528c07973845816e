//! The swept settings and their values.

use crate::settings::{Field, InitFile};

/// The swept settings of one kind of measurement.
#[derive(Clone)]
pub struct Grid {
    /// The settings whose values are combined in every way.
    pub sweeps: Vec<Sweep>,
    /// The sizes that vary together, one list per shape; one empty list if there are none.
    pub shapes: Vec<Vec<Value>>,
    /// The files of parameters, with absolute paths and names.
    pub files: Vec<InitFile>,
}

/// The values of one setting.
#[derive(Clone)]
pub struct Sweep {
    /// The setting.
    pub field: &'static Field,
    /// The values as text: at least one, all different.
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
