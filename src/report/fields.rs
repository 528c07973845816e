//! Settings as columns and labels. A setting is called by its name in [`FIELDS`].

use crate::settings::{FIELDS, Settings, field};

/// The settings that make a shape, in the order of its label.
pub const SHAPE: [&str; 5] = ["batch_size", "seq_len", "input_size", "hidden_size", "proj_size"];

/// The settings that tables and figures name: all but the kind, which every section has one of, and the seed.
pub fn all() -> Vec<&'static str> {
    without(&FIELDS.iter().map(|field| field.name).collect::<Vec<_>>(), &["kind", "seed"])
}

/// The settings that do not have the same value in all `points`.
pub fn varying<'a>(points: impl Iterator<Item = &'a Settings> + Clone) -> Vec<&'static str> {
    let differs = |name: &&'static str| {
        let mut values = points.clone().map(|point| point.value(name));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    all().into_iter().filter(differs).collect()
}

/// `names` without `others`.
pub fn without<'a>(names: &[&'a str], others: &[&str]) -> Vec<&'a str> {
    names.iter().copied().filter(|name| !others.contains(name)).collect()
}

/// The heads of the columns of settings.
pub fn heads(names: &[&'static str]) -> Vec<String> {
    names.iter().map(|name| field(name).map_or(*name, |field| field.symbol).to_string()).collect()
}

/// The values of settings as text; empty where there is none.
pub fn values(names: &[&str], point: &Settings) -> Vec<String> {
    names.iter().map(|name| point.value(name).unwrap_or_default()).collect()
}

/// The labels of settings: `T100`, `f32`, `loss=sum`. A setting without a value has none.
pub fn labels(names: &[&str], point: &Settings) -> Vec<String> {
    let labels = names.iter().filter_map(|name| field(name)).map(|field| field.label(point));
    labels.filter(|label| !label.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::settings::names::{ExperimentKind, LossName};

    fn point(cell: CellName, seq_len: usize) -> Settings {
        let loss = Some(LossName::Last);
        Settings { cell: Some(cell), seq_len, loss, ..Settings::blank(ExperimentKind::Gradients) }
    }

    #[test]
    fn varying_names_only_what_differs() {
        let points = [point(CellName::Rnn, 10), point(CellName::Rnn, 20), point(CellName::Lstm, 20)];
        assert_eq!(varying(points.iter()), ["cell", "seq_len"]);
        assert_eq!(varying(points[..1].iter()), [""; 0]);
        assert_eq!(varying([].iter()), [""; 0]);
    }

    #[test]
    fn labels_are_short_and_skip_settings_without_value() {
        let names = ["init", "seq_len", "loss", "dtype"];
        assert_eq!(labels(&names, &point(CellName::Rnn, 10)), ["T10", "loss=last", "f32"]);
        assert_eq!(without(&names, &["seq_len", "dtype"]), ["init", "loss"]);
        assert_eq!(heads(&["seq_len", "learning_rate"]), ["T", "learning rate"]);
        let of_size = |size| Settings { proj_size: Some(size), ..point(CellName::LstmProjected, 10) };
        assert_eq!(labels(&["seq_len", "proj_size"], &of_size(4)), ["T10", "P4"]);
        assert_eq!(labels(&["seq_len", "proj_size"], &of_size(0)), ["T10"]);
    }
}
