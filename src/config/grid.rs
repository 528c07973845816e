//! The checks of a grid: its axes, and its sizes multiplied out.

use super::check::Check;
use super::spec::{Grid, Shape};
use super::task::TaskSpec;
use super::wire::{GridWire, OneOrMany, ShapeWire};
use crate::engine::EngineName;
use crate::settings::names::ExperimentKind;
use crate::support::error::ConfigError;

/// The engine where none is named: for training the fastest, for speed all, of those that serve device and type.
pub(crate) const AUTO: &str = "auto";

/// Layers are made one by one, each with tensors of its own; networks that learn have far fewer.
const MOST_LAYERS: usize = 1000;

impl Check<'_> {
    pub(crate) fn grid(
        &self,
        kind: ExperimentKind,
        wire: &GridWire,
        task: &TaskSpec,
        sized: bool,
    ) -> Result<Grid, ConfigError> {
        let key = |name: &str| self.grid_key(kind, name);
        Ok(Grid {
            cell: self.words(&key("cell"), &wire.cell)?,
            engine: self.engines(kind, wire)?,
            init: self.words(&key("init"), &wire.init)?,
            layers: self.sizes_up_to(MOST_LAYERS, &key("layers"), &wire.layers)?,
            dtype: self.words(&key("dtype"), &wire.dtype)?,
            shapes: self.shapes(kind, wire, task, sized)?,
        })
    }

    /// Engines by name; none for `auto`.
    fn engines(&self, kind: ExperimentKind, wire: &GridWire) -> Result<Vec<EngineName>, ConfigError> {
        let is_auto = wire.engine.as_ref().is_some_and(|words| words.0 == [AUTO]);
        match (kind, is_auto) {
            (ExperimentKind::Training | ExperimentKind::Speed, true) => Ok(vec![]),
            _ => self.words(&self.grid_key(kind, "engine"), &wire.engine),
        }
    }

    /// Multiplies the size axes out, in the order hidden size, steps, batch, input, below the joint `shapes`.
    /// `sized` where the number of parameters decides the hidden size.
    fn shapes(
        &self,
        kind: ExperimentKind,
        wire: &GridWire,
        task: &TaskSpec,
        sized: bool,
    ) -> Result<Vec<Shape>, ConfigError> {
        let joint = match &wire.shapes {
            Some(shapes) if shapes.is_empty() => {
                let key = self.grid_key(kind, "shapes");
                return Err(self.source.error(&key, "expected at least one shape, found an empty list"));
            }
            Some(shapes) => {
                self.no_shape_twice(&self.grid_key(kind, "shapes"), shapes)?;
                shapes.clone()
            }
            None => vec![ShapeWire::default()],
        };
        let fixed_input = task.fixes_input_size();
        let mut shapes = Vec::new();
        for shape in &joint {
            for hidden_size in self.hidden_sizes(kind, shape, wire, sized)? {
                for seq_len in self.steps(kind, shape, wire, task)? {
                    for batch_size in self.axis(kind, "batch_size", shape.batch_size, &wire.batch_size)? {
                        let sizes = |input_size| Shape { seq_len, batch_size, input_size, hidden_size };
                        if fixed_input {
                            self.no_input_size(kind, shape, wire, task)?;
                            shapes.push(sizes(None));
                            continue;
                        }
                        for input in self.axis(kind, "input_size", shape.input_size, &wire.input_size)? {
                            shapes.push(sizes(Some(input)));
                        }
                    }
                }
            }
        }
        Ok(shapes)
    }

    fn no_shape_twice(&self, key: &str, shapes: &[ShapeWire]) -> Result<(), ConfigError> {
        match shapes.iter().enumerate().find(|(n, shape)| shapes[..*n].contains(shape)) {
            Some((n, twice)) => {
                let problem = format!("expected each shape once, found {twice} again");
                Err(self.source.error(&format!("{key}[{n}]"), problem))
            }
            None => Ok(()),
        }
    }

    fn hidden_sizes(
        &self,
        kind: ExperimentKind,
        shape: &ShapeWire,
        wire: &GridWire,
        sized: bool,
    ) -> Result<Vec<Option<usize>>, ConfigError> {
        if !sized {
            let sizes = self.axis(kind, "hidden_size", shape.hidden_size, &wire.hidden_size)?;
            return Ok(sizes.into_iter().map(Some).collect());
        }
        let problem = "training.parameters decides the hidden size of each model; leave one of them out";
        self.left_out(kind, "hidden_size", shape.hidden_size, &wire.hidden_size, problem)?;
        Ok(vec![None])
    }

    /// Steps; for images, which have as many as pixels, one that stands for them.
    fn steps(
        &self,
        kind: ExperimentKind,
        shape: &ShapeWire,
        wire: &GridWire,
        task: &TaskSpec,
    ) -> Result<Vec<usize>, ConfigError> {
        if !matches!(task, TaskSpec::Images { .. }) {
            return self.axis(kind, "seq_len", shape.seq_len, &wire.seq_len);
        }
        let problem = "an image has as many steps as pixels: leave seq_len out";
        self.left_out(kind, "seq_len", shape.seq_len, &wire.seq_len, problem)?;
        Ok(vec![1])
    }

    /// Refuses a size that is set although something else decides it.
    fn left_out(
        &self,
        kind: ExperimentKind,
        name: &str,
        joint: Option<i64>,
        axis: &Option<OneOrMany<i64>>,
        problem: &str,
    ) -> Result<(), ConfigError> {
        if joint.is_none() && axis.is_none() {
            return Ok(());
        }
        let key = if joint.is_some() { "shapes" } else { name };
        Err(self.source.error(&self.grid_key(kind, key), problem))
    }

    fn axis(
        &self,
        kind: ExperimentKind,
        name: &str,
        joint: Option<i64>,
        axis: &Option<OneOrMany<i64>>,
    ) -> Result<Vec<usize>, ConfigError> {
        let key = self.grid_key(kind, name);
        match (joint, axis) {
            (Some(_), Some(_)) => {
                Err(self.source.error(&key, "is set here and in `shapes`; expected it in one of them"))
            }
            (Some(size), None) => Ok(vec![self.size(&self.grid_key(kind, "shapes"), size)?]),
            (None, None) => {
                let shapes = self.grid_key(kind, "shapes");
                Err(self.source.error(&shapes, format!("expected every shape, or none, to set `{name}`")))
            }
            (None, axis) => self.sizes(&key, axis),
        }
    }

    fn no_input_size(
        &self,
        kind: ExperimentKind,
        shape: &ShapeWire,
        wire: &GridWire,
        task: &TaskSpec,
    ) -> Result<(), ConfigError> {
        let problem = if task.encoding().is_some() {
            "one-hot text has as many input features as its vocabulary has characters: \
             leave input_size out, or set task.encoding = \"embedding\""
                .to_string()
        } else {
            format!("the task `{}` says how many features its input has: leave input_size out", task.name())
        };
        self.left_out(kind, "input_size", shape.input_size, &wire.input_size, &problem)
    }
}
