//! One setting: its name, its form, its allowed values, and the way a config sweeps it.

use std::ops::{Bound, RangeBounds};

use super::names::{ExperimentKind, OptimizerName};
use super::{FIELDS, Settings};
use crate::support::text::number;

/// One setting of a run.
pub struct Field {
    /// The key in configs and the column in CSV files.
    pub name: &'static str,
    /// The column header in a report.
    pub symbol: &'static str,
    /// The label of one value in a figure.
    pub label: Label,
    /// The type of its values in TOML.
    pub form: Form,
    /// The way a config sweeps it; `None` for a setting that no grid has.
    pub axis: Option<Axis>,
    range: Range,
    get: fn(&Settings) -> Option<String>,
    set: fn(&mut Settings, &str) -> Result<(), String>,
}

/// The type of a setting's values in TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A string.
    Word,
    /// An integer.
    Whole,
    /// An integer or a float.
    Number,
}

/// The label of one value in a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The value alone: `f32`.
    Value,
    /// A letter and the value: `T100`.
    Prefix(&'static str),
    /// A short name and the value: `clip=1`.
    Named(&'static str),
}

/// The table of a config in which a setting is swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `[grid]`, for every kind.
    Grid,
    /// `[gradients]`.
    Gradients,
    /// `[training]`.
    Training,
}

/// The choices that a default depends on.
#[derive(Debug, Clone, Copy)]
pub struct Of {
    /// The kind of experiment.
    pub kind: ExperimentKind,
    /// The optimizer; ignored outside training.
    pub optimizer: OptimizerName,
}

/// The way a config sweeps a setting.
pub struct Axis {
    /// The table of its key.
    pub table: Table,
    /// The default values, separated by spaces.
    pub default: fn(Of) -> &'static str,
}

/// The ends of the numbers that a setting allows.
pub type Bounds = (Bound<f64>, Bound<f64>);

/// The finite numbers that a setting allows.
struct Range {
    expected: &'static str,
    bounds: Bounds,
}

impl Range {
    fn holds(&self, number: f64) -> bool {
        number.is_finite() && self.bounds.contains(&number)
    }
}

impl Field {
    /// A setting with the column header `symbol` in reports. [`fields!`] adds its name and its access to
    /// [`Settings`].
    pub(super) const fn new(symbol: &'static str, form: Form, expected: &'static str) -> Field {
        Field {
            name: "",
            symbol,
            label: Label::Value,
            form,
            axis: None,
            range: Range { expected, bounds: (Bound::Unbounded, Bound::Unbounded) },
            get: |_| None,
            set: |_, _| Ok(()),
        }
    }

    pub(super) const fn labelled(self, label: Label) -> Field {
        Field { label, ..self }
    }

    pub(super) const fn swept(self, table: Table, default: fn(Of) -> &'static str) -> Field {
        Field { axis: Some(Axis { table, default }), ..self }
    }

    /// Allows only finite numbers within bounds; `expected` describes them.
    pub(super) const fn range(self, expected: &'static str, bounds: Bounds) -> Field {
        Field { range: Range { expected, bounds }, ..self }
    }

    /// The ends of the numbers that the setting allows.
    pub fn bounds(&self) -> Bounds {
        self.range.bounds
    }

    /// Returns true for a value of 0 where that means that something is not used, such as dropout.
    pub fn is_off(&self, value: &str) -> bool {
        self.form != Form::Word && self.range.bounds.contains(&0.0) && value.parse() == Ok(0.0)
    }

    pub(super) const fn stored(
        self,
        name: &'static str,
        get: fn(&Settings) -> Option<String>,
        set: fn(&mut Settings, &str) -> Result<(), String>,
    ) -> Field {
        Field { name, get, set, ..self }
    }

    /// The value as text; `None` if the run has no such setting.
    pub fn get(&self, settings: &Settings) -> Option<String> {
        (self.get)(settings)
    }

    /// Sets the value from its text.
    ///
    /// # Errors
    /// A text that is not a value of this setting. The message has the expected and the found value.
    pub fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        let is_number = self.form != Form::Word && !text.is_empty();
        if is_number && !text.parse().is_ok_and(|number| self.range.holds(number)) {
            return Err(format!("expected {}, found {text}", self.range.expected));
        }
        (self.set)(settings, text)
    }

    fn is_size(&self) -> bool {
        matches!(self.label, Label::Prefix(_))
    }

    /// Returns true if the setting is a key of `[grid]`.
    pub fn is_swept_in_grid(&self) -> bool {
        self.axis.as_ref().is_some_and(|axis| axis.table == Table::Grid)
    }

    /// Returns true if the setting is a key of the table `[kind]`.
    pub fn is_swept_in_table_of(&self, kind: &str) -> bool {
        match self.axis.as_ref().map(|axis| axis.table) {
            Some(Table::Gradients) => kind == ExperimentKind::Gradients.as_str(),
            Some(Table::Training) => kind == ExperimentKind::Training.as_str(),
            Some(Table::Grid) | None => false,
        }
    }

    /// The default values.
    pub fn default(&self, of: Of) -> Vec<String> {
        let text = self.axis.as_ref().map_or("", |axis| (axis.default)(of));
        text.split(' ').map(str::to_string).collect()
    }

    /// The short label of the value in a figure; empty if the run has no such setting, or no such size.
    pub fn label(&self, settings: &Settings) -> String {
        let value = self.get(settings).filter(|value| !self.is_size() || !self.is_off(value));
        let Some(value) = value else { return String::new() };
        let value = match value.parse() {
            Ok(value) if self.form == Form::Number => number(value),
            _ => value,
        };
        match self.label {
            Label::Value => value,
            Label::Prefix(letter) => format!("{letter}{value}"),
            Label::Named(name) => format!("{name}={value}"),
        }
    }
}

/// The setting with this name.
pub fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// Pairs each field of [`Settings`] with its description.
macro_rules! fields {
    ($($name:ident: $field:expr,)+) => {
        &[$($field.stored(
            stringify!($name),
            |settings| $crate::settings::Value::show(&settings.$name),
            |settings, text| $crate::settings::Value::read(text).map(|value| settings.$name = value),
        ),)+]
    };
}
pub(super) use fields;
