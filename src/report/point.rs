//! Grid points: all settings of a run but its seed, and which of them vary.

use crate::results::schema::{RunRow, SummaryRow};

/// All settings of a run but its seed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Point {
    /// `rnn`, `lstm` or `gru`.
    pub cell: String,
    /// The engine; empty where all engines of a speed run are meant.
    pub engine: String,
    /// The init policy.
    pub init: String,
    /// Where the input came from.
    pub task: String,
    /// What is differentiated; none for `speed`.
    pub loss: Option<String>,
    /// Number of stacked recurrent layers.
    pub layers: usize,
    /// Sequences in the batch.
    pub batch_size: usize,
    /// Steps T.
    pub seq_len: usize,
    /// Features of the input at each step.
    pub input_size: usize,
    /// Units of each layer.
    pub hidden_size: usize,
    /// `f32` or `f64`.
    pub dtype: String,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// CPU threads libtorch may use.
    pub threads: usize,
}

/// The settings of a row that has all of them.
macro_rules! point_of {
    ($row:expr) => {
        Point {
            cell: $row.cell.clone(),
            engine: $row.engine.clone(),
            init: $row.init.clone(),
            task: $row.task.clone(),
            loss: $row.loss.clone(),
            layers: $row.layers,
            batch_size: $row.batch_size,
            seq_len: $row.seq_len,
            input_size: $row.input_size,
            hidden_size: $row.hidden_size,
            dtype: $row.dtype.clone(),
            device: $row.device.clone(),
            threads: $row.threads,
        }
    };
}

impl From<&RunRow> for Point {
    fn from(row: &RunRow) -> Point {
        point_of!(row)
    }
}

impl From<&SummaryRow> for Point {
    fn from(row: &SummaryRow) -> Point {
        point_of!(row)
    }
}

impl Point {
    /// The same settings with `engine` as the engine; an empty one stands for all engines of a speed run.
    pub fn with_engine(&self, engine: &str) -> Point {
        Point { engine: engine.to_string(), ..self.clone() }
    }
}

/// One setting of a grid point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The cell.
    Cell,
    /// The engine.
    Engine,
    /// The init policy.
    Init,
    /// The task.
    Task,
    /// What is differentiated.
    Loss,
    /// Number of layers.
    Layers,
    /// Sequences in the batch.
    BatchSize,
    /// Steps T.
    SeqLen,
    /// Features of the input.
    InputSize,
    /// Units of each layer.
    HiddenSize,
    /// The floating-point type.
    Dtype,
    /// The device.
    Device,
    /// CPU threads.
    Threads,
}

impl Setting {
    /// Every setting, in the order in which a reader wants them.
    pub const ALL: [Setting; 13] = [
        Setting::Cell,
        Setting::Engine,
        Setting::Init,
        Setting::Task,
        Setting::Loss,
        Setting::Layers,
        Setting::BatchSize,
        Setting::SeqLen,
        Setting::InputSize,
        Setting::HiddenSize,
        Setting::Dtype,
        Setting::Device,
        Setting::Threads,
    ];

    /// What `point` sets it to.
    pub fn value(self, point: &Point) -> String {
        match self {
            Setting::Cell => point.cell.clone(),
            Setting::Engine => point.engine.clone(),
            Setting::Init => point.init.clone(),
            Setting::Task => point.task.clone(),
            Setting::Loss => point.loss.clone().unwrap_or_default(),
            Setting::Layers => point.layers.to_string(),
            Setting::BatchSize => point.batch_size.to_string(),
            Setting::SeqLen => point.seq_len.to_string(),
            Setting::InputSize => point.input_size.to_string(),
            Setting::HiddenSize => point.hidden_size.to_string(),
            Setting::Dtype => point.dtype.clone(),
            Setting::Device => point.device.clone(),
            Setting::Threads => point.threads.to_string(),
        }
    }

    /// The head of its column in a table.
    pub fn name(self) -> &'static str {
        match self {
            Setting::Cell => "cell",
            Setting::Engine => "engine",
            Setting::Init => "init",
            Setting::Task => "task",
            Setting::Loss => "loss",
            Setting::Layers => "layers",
            Setting::BatchSize => "B",
            Setting::SeqLen => "T",
            Setting::InputSize => "I",
            Setting::HiddenSize => "H",
            Setting::Dtype => "dtype",
            Setting::Device => "device",
            Setting::Threads => "threads",
        }
    }

    /// Setting and value in one short word: `T100`, `f32`, `loss=sum`. Empty where there is no value.
    pub fn label(self, point: &Point) -> String {
        let value = self.value(point);
        match self {
            _ if value.is_empty() => value,
            Setting::BatchSize | Setting::SeqLen | Setting::InputSize | Setting::HiddenSize => {
                format!("{}{value}", self.name())
            }
            Setting::Layers => format!("L{value}"),
            Setting::Loss | Setting::Threads => format!("{}={value}", self.name()),
            _ => value,
        }
    }
}

/// The settings that make a shape.
pub const SHAPE: [Setting; 4] =
    [Setting::BatchSize, Setting::SeqLen, Setting::InputSize, Setting::HiddenSize];

/// The settings that do not have the same value at all `points`, in the order of [`Setting::ALL`].
pub fn varying<'a>(points: impl Iterator<Item = &'a Point> + Clone) -> Vec<Setting> {
    let differs = |setting: &Setting| {
        let mut values = points.clone().map(|point| setting.value(point));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    Setting::ALL.into_iter().filter(differs).collect()
}

/// `all` without `some`.
pub fn without(all: &[Setting], some: &[Setting]) -> Vec<Setting> {
    all.iter().copied().filter(|setting| !some.contains(setting)).collect()
}

/// The labels of `settings` at `point`, those without a value left out.
pub fn labels(settings: &[Setting], point: &Point) -> Vec<String> {
    settings.iter().map(|setting| setting.label(point)).filter(|label| !label.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(cell: &str, seq_len: usize) -> Point {
        Point {
            cell: cell.into(),
            seq_len,
            loss: Some("last".into()),
            dtype: "f32".into(),
            ..Point::default()
        }
    }

    #[test]
    fn only_what_differs_varies() {
        let points = [point("rnn", 10), point("rnn", 20), point("lstm", 20)];
        assert_eq!(varying(points.iter()), [Setting::Cell, Setting::SeqLen]);
        assert_eq!(varying(points[1..2].iter()), []);
        assert_eq!(varying([].iter()), []);
    }

    #[test]
    fn labels_are_short_and_skip_what_has_no_value() {
        let settings = [Setting::Init, Setting::SeqLen, Setting::Loss, Setting::Dtype];
        assert_eq!(labels(&settings, &point("rnn", 10)), ["T10", "loss=last", "f32"]);
        assert_eq!(without(&settings, &[Setting::SeqLen, Setting::Dtype]), [Setting::Init, Setting::Loss]);
    }

    #[test]
    fn the_engine_is_replaced_and_nothing_else() {
        let point = point("rnn", 10);
        assert_eq!(varying([point.clone(), point.with_engine("fused")].iter()), [Setting::Engine]);
    }
}
