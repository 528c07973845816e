//! The swept settings of each kind, from `[grid]`, `[KIND.grid]` and `[KIND]`.

use std::collections::{BTreeMap, HashSet};

use toml::{Table, Value};

use super::init;
use crate::config::error_text::{type_problem, unknown_key};
use crate::config::schema::{PROJECTION, SIZES};
use crate::config::source::ConfigFile;
use crate::config::spec::{self, Grid, Measure, Sweep, TaskSpec};
use crate::engine::EngineName;
use crate::settings::names::{ExperimentKind, OptimizerName};
use crate::settings::{self, AUTO, FIELDS, Field, Form, InitFile, InitSetting, Of, Settings};
use crate::support::error::ConfigError;

/// A setting that the task or the training decides, and the error message for a config that also sets it.
type Fixed = (&'static str, String);

/// The tables of a config that hold swept settings.
pub struct GridTables {
    /// `[grid]`, for every kind.
    shared: Table,
    /// `[KIND.grid]` of each kind.
    own: Table,
    /// Swept keys of `[KIND]` itself.
    among: Table,
}

/// The settings that the task or the training decides.
pub fn fixed_sizes(task: &TaskSpec, measure: &Measure) -> Vec<Fixed> {
    let mut fixed = Vec::new();
    if task.fixes_input_size() {
        let problem = match task.encoding() {
            Some(_) => "one-hot text has as many input features as its vocabulary has symbols: \
                        leave input_size out, or set task.encoding = \"embedding\""
                .to_string(),
            None => format!(
                "the task `{}` decides the number of input features: leave input_size out",
                task.name()
            ),
        };
        fixed.push(("input_size", problem));
    }
    if matches!(task, TaskSpec::Images { .. }) {
        fixed.push(("seq_len", "an image has as many steps as pixels: leave seq_len out".to_string()));
    }
    if let Some(training) = measure.training() {
        if training.parameter_budget.is_some() {
            let problem =
                "training.parameter_budget decides the hidden size of each model; leave one of them out";
            fixed.push(("hidden_size", problem.to_string()));
        }
        if let Some(sizes) = &training.layer_sizes {
            let problem = format!("training.layer_sizes = {sizes:?} decides it; leave one of them out");
            fixed.extend(["hidden_size", "layers"].map(|name| (name, problem.clone())));
        }
    }
    fixed
}

impl GridTables {
    /// Takes the swept settings out of a config.
    ///
    /// # Errors
    /// A `grid` that is not a table.
    pub fn take(file: &ConfigFile, config: &mut Table) -> Result<GridTables, ConfigError> {
        let as_table = |key: &str, value: Value| match value {
            Value::Table(table) => Ok(table),
            other => Err(file.error(key, type_problem("a table", &other))),
        };
        let shared = config.remove("grid").map_or(Ok(Table::new()), |grid| as_table("grid", grid))?;
        let mut tables = GridTables { shared, own: Table::new(), among: Table::new() };
        for kind in ExperimentKind::ALL.iter().map(|kind| kind.as_str()) {
            let Some(Value::Table(table)) = config.get_mut(kind) else { continue };
            let own = table.remove("grid");
            let own = own.map_or(Ok(Table::new()), |grid| as_table(&format!("{kind}.grid"), grid))?;
            tables.own.insert(kind.to_string(), own.into());
            let swept = FIELDS.iter().filter(|field| field.is_swept_in_table_of(kind));
            let swept = swept.filter_map(|field| table.remove_entry(field.name));
            tables.among.insert(kind.to_string(), swept.collect::<Table>().into());
        }
        Ok(tables)
    }

    /// The grid of one kind. Its keys, with defaults filled in, are written to `resolved` as
    /// `[KIND.grid]` and `[KIND]`.
    ///
    /// # Errors
    /// The first key that is unknown, contradicts another key or has a wrong value.
    pub fn grid(
        &self,
        file: &ConfigFile,
        (measure, optimizer): (&Measure, OptimizerName),
        fixed: &[Fixed],
        resolved: &mut Table,
    ) -> Result<Grid, ConfigError> {
        let table = |tables: &Table, kind: ExperimentKind| {
            tables.get(kind.as_str()).and_then(Value::as_table).cloned().unwrap_or_default()
        };
        let (kind, own_tables) = (measure.kind(), measure.tables());
        let own = table(&self.own, kind);
        let mut tables = KindTables {
            file,
            of: Of { kind, optimizer },
            fixed,
            shared: self.shared.clone(),
            among: own_tables.iter().map(|kind| (*kind, table(&self.among, *kind))).collect(),
            own,
        };
        tables.hide_shared_sizes();
        for (key, grid) in [("grid".to_string(), &tables.shared), (format!("{kind}.grid"), &tables.own)] {
            tables.only_known_keys(&key, grid)?;
        }
        let shapes = tables.shapes()?;
        let mut written = Table::new();
        if let Some((_, shapes)) = tables.find("shapes") {
            written.insert("shapes".to_string(), shapes.clone());
        }
        let mut sweeps = Vec::new();
        for field in FIELDS {
            let owner = own_tables.iter().find(|kind| field.is_swept_in_table_of(kind.as_str()));
            if owner.is_none() && !field.is_swept_in_grid() {
                continue;
            }
            if let Some((sweep, values)) = tables.sweep(field, &shapes)? {
                let owner = owner.map(|kind| resolved.get_mut(kind.as_str()).and_then(Value::as_table_mut));
                let table = owner.map_or(&mut written, |table| table.expect("each kind has its table"));
                table.insert(field.name.to_string(), values);
                sweeps.push(sweep);
            }
        }
        let resolved_init = written.get("init").cloned();
        let table = resolved.entry(kind.as_str()).or_insert_with(|| Table::new().into());
        table.as_table_mut().expect("a table for each kind").insert("grid".to_string(), written.into());
        let files = resolved_init.as_ref().map_or_else(Vec::new, init::files);
        Ok(Grid { sweeps, shapes, files })
    }
}

/// The tables with the swept settings of one kind.
struct KindTables<'a> {
    file: &'a ConfigFile,
    of: Of,
    fixed: &'a [Fixed],
    own: Table,
    shared: Table,
    among: Vec<(ExperimentKind, Table)>,
}

impl KindTables<'_> {
    /// Removes the shared sizes that the kind's own grid overrides: its `shapes` replace single sizes,
    /// and its single sizes replace `shapes`.
    fn hide_shared_sizes(&mut self) {
        // Most shapes have no projection, so it is hidden only by one, and hides only one.
        let has = |grid: &Table, size: &str| size != PROJECTION || shapes_have(grid, size);
        if self.own.contains_key("shapes") {
            let own = &self.own;
            self.shared.retain(|name, _| !SIZES.iter().any(|size| *size == name && has(own, size)));
        }
        if SIZES.iter().any(|size| self.own.contains_key(*size) && has(&self.shared, size)) {
            self.shared.remove("shapes");
        }
    }

    fn only_known_keys(&self, at: &str, table: &Table) -> Result<(), ConfigError> {
        let known: Vec<&str> = FIELDS
            .iter()
            .filter(|field| field.is_swept_in_grid())
            .map(|field| field.name)
            .chain(["shapes"])
            .collect();
        match table.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.file.error(&format!("{at}.{name}"), unknown_key(name, name, &known))),
            None => Ok(()),
        }
    }

    /// The value of a grid key, and the dotted key where the config sets it.
    fn find(&self, name: &str) -> Option<(String, &Value)> {
        let kind = self.of.kind;
        let own = self.own.get(name).map(|value| (format!("{kind}.grid.{name}"), value));
        let shared = || self.shared.get(name).map(|value| (format!("grid.{name}"), value));
        let mut among = self.among.iter();
        let among = || among.find_map(|(kind, table)| Some((format!("{kind}.{name}"), table.get(name)?)));
        own.or_else(shared).or_else(among)
    }

    /// The entries of `shapes`; one empty entry if the config has none.
    fn shapes(&self) -> Result<Vec<Vec<spec::Value>>, ConfigError> {
        let Some((key, value)) = self.find("shapes") else { return Ok(vec![vec![]]) };
        let tables: Vec<Table> = self.file.typed(&key, value.clone())?;
        if tables.is_empty() {
            return Err(self.file.error(&key, "expected at least one shape, found an empty list"));
        }
        let has_projection = tables.iter().any(|table| table.contains_key(PROJECTION));
        let (mut shapes, mut seen) = (Vec::new(), HashSet::new());
        for (n, table) in tables.iter().enumerate() {
            let key = format!("{key}[{n}]");
            let mut table = table.clone();
            if has_projection && !table.contains_key(PROJECTION) {
                table.insert(PROJECTION.to_string(), Value::Integer(0));
            }
            let sizes: BTreeMap<String, String> =
                table.iter().map(|(name, size)| (name.clone(), size.to_string())).collect();
            if !seen.insert(sizes) {
                let problem = format!("expected each shape once, found {} again", shown(&tables[n]));
                return Err(self.file.error(&key, problem));
            }
            let mut shape = Vec::new();
            for (name, value) in &table {
                let Some(field) = settings::field(name).filter(|_| SIZES.contains(&name.as_str())) else {
                    let problem = unknown_key(name, name, &SIZES);
                    return Err(self.file.error(&format!("{key}.{name}"), problem));
                };
                self.refuse_fixed(field, &key)?;
                shape.push(spec::Value { field, text: self.text(field, &format!("{key}.{name}"), value)? });
            }
            shapes.push(shape);
        }
        let in_some = |name: &str| {
            let count = tables.iter().filter(|table| table.contains_key(name)).count();
            count > 0 && count < tables.len() && name != PROJECTION
        };
        match SIZES.iter().find(|name| in_some(name)) {
            Some(name) => {
                Err(self.file.error(&key, format!("expected every shape, or none, to set `{name}`")))
            }
            None => Ok(shapes),
        }
    }

    fn refuse_fixed(&self, field: &Field, key: &str) -> Result<(), ConfigError> {
        match self.fixed.iter().find(|(name, _)| *name == field.name) {
            Some((_, problem)) => Err(self.file.error(key, problem)),
            None => Ok(()),
        }
    }

    /// The values of one setting, as text and as TOML; `None` if `shapes`, the task or the training
    /// decides them.
    fn sweep(
        &self,
        field: &'static Field,
        shapes: &[Vec<spec::Value>],
    ) -> Result<Option<(Sweep, Value)>, ConfigError> {
        let found = self.find(field.name);
        let in_shapes = shapes.iter().flatten().any(|value| value.field.name == field.name);
        if let Some((key, value)) = found {
            self.refuse_fixed(field, &key)?;
            if in_shapes {
                let problem = "is set here and in `shapes`; expected it in one of them";
                return Err(self.file.error(&key, problem));
            }
            let value = match field.name {
                "init" => init::resolved(self.file, &key, value)?,
                _ => value.clone(),
            };
            let values = self.values(field, &key, &value)?;
            return Ok(Some((Sweep { field, values }, value)));
        }
        if in_shapes || self.fixed.iter().any(|(name, _)| *name == field.name) {
            return Ok(None);
        }
        let default = field.default(self.of);
        let typed: Vec<Value> = default.iter().map(|text| toml_value(field.form, text)).collect();
        let value = if let [one] = typed.as_slice() { one.clone() } else { Value::Array(typed) };
        Ok(Some((Sweep { field, values: default }, value)))
    }

    fn values(&self, field: &Field, key: &str, value: &Value) -> Result<Vec<String>, ConfigError> {
        let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        if list.is_empty() {
            return Err(self.file.error(key, "expected at least one value, found an empty list"));
        }
        if field.name == "engine" && list.len() == 1 && list[0].as_str() == Some(AUTO) {
            return Ok(vec![AUTO.to_string()]);
        }
        let (mut values, mut seen) = (Vec::new(), HashSet::new());
        for value in list {
            let text = self.text(field, key, value)?;
            if !seen.insert(text.clone()) {
                let hint = if value.is_table() { "; the key `name` gives a file another name" } else { "" };
                let problem = format!("expected each value once, found `{text}` again{hint}");
                return Err(self.file.error(key, problem));
            }
            values.push(text);
        }
        Ok(values)
    }

    fn text(&self, field: &Field, key: &str, value: &Value) -> Result<String, ConfigError> {
        if let ("init", Some(file)) = (field.name, init::files(value).first().map(InitFile::setting)) {
            return Ok(file.to_string());
        }
        let text = value_text(field, value).map_err(|problem| self.file.error(key, problem))?;
        if field.name == "engine" {
            // Only a selector may name frameworks, or several engines in one string.
            text.parse::<EngineName>().map_err(|problem| self.file.error(key, problem))?;
        }
        if field.name == "init" && matches!(text.parse(), Ok(InitSetting::File(_))) {
            let problem = format!("expected {{ file = \"PATH\" }}, found `{text}`, which only selects runs");
            return Err(self.file.error(key, problem));
        }
        Ok(text)
    }
}

/// Checks the value of a setting and returns it in its canonical spelling.
///
/// # Errors
/// A value of the wrong type, or one that the setting does not allow.
pub fn value_text(field: &Field, value: &Value) -> Result<String, String> {
    let text = match (field.form, value) {
        (Form::Word, Value::String(text)) if text.is_empty() => {
            return Err(format!("expected a value of {}, found an empty string", field.name));
        }
        (Form::Word, Value::String(text)) => text.clone(),
        (Form::Whole | Form::Number, Value::Integer(number)) => number.to_string(),
        (Form::Number, Value::Float(number)) => number.to_string(),
        (Form::Word, other) => return Err(type_problem("a string", other)),
        (Form::Whole, other) => return Err(type_problem("a whole number", other)),
        (Form::Number, other) => return Err(type_problem("a number", other)),
    };
    let mut scratch = Settings::blank(ExperimentKind::Gradients);
    field.set(&mut scratch, &text)?;
    Ok(field.get(&scratch).unwrap_or(text))
}

fn toml_value(form: Form, text: &str) -> Value {
    match form {
        Form::Word => Value::String(text.to_string()),
        Form::Whole => text.parse().map(Value::Integer).expect("a default is a value"),
        Form::Number => text.parse().map(Value::Float).expect("a default is a value"),
    }
}

/// Returns true if an entry of the `shapes` of a grid has a size.
fn shapes_have(grid: &Table, size: &str) -> bool {
    let shapes = grid.get("shapes").and_then(Value::as_array);
    shapes.is_some_and(|shapes| shapes.iter().any(|shape| shape.get(size).is_some()))
}

/// A shape as TOML: `{ seq_len = 20, batch_size = 4 }`.
fn shown(shape: &Table) -> String {
    let sizes = shape.iter().map(|(name, size)| format!("{name} = {size}"));
    format!("{{ {} }}", sizes.collect::<Vec<_>>().join(", "))
}
