//! The settings that tell panels and lines of one figure apart, and those that tell figures apart.

use crate::report::fields::{labels, varying, without};
use crate::report::group_by::group_by;
use crate::settings::Settings;

/// The settings of lines.
const LINES: [&str; 3] = ["model", "cell", "engine"];

/// The settings of panels.
const PANELS: [&str; 5] = ["init", "learning_rate", "clip_norm", "dropout", "train_fraction"];

/// The settings that vary within a figure: over its panels and lines.
pub fn within() -> Vec<&'static str> {
    [&LINES[..], &PANELS].concat()
}

/// The settings that vary and have figures of their own.
pub fn of_figures<'a>(points: impl Iterator<Item = &'a Settings> + Clone) -> Vec<&'static str> {
    let mut names = without(&varying(points.clone()), &within());
    if hidden_size_follows(points) {
        names.retain(|name| *name != "hidden_size");
    }
    names
}

/// Returns true if no two grid points differ in the hidden size alone, as for models of one number of
/// parameters. The hidden size then belongs to the model, and a figure shows the models side by side.
fn hidden_size_follows<'a>(points: impl Iterator<Item = &'a Settings>) -> bool {
    let points = group_by(points, |point| (*point).clone());
    let others = group_by(&points, |(point, _)| Settings { hidden_size: 0, ..point.clone() });
    points.len() == others.len()
}

/// The groups of each figure, with the labels that tell it from the others. `place` returns grid point
/// and layer.
pub fn split<'a, G>(
    groups: &[&'a G],
    names: &[&str],
    place: impl Fn(&G) -> (&Settings, usize),
) -> Vec<(Vec<String>, Vec<&'a G>)> {
    let several_layers = groups.iter().any(|group| place(group).1 > 0);
    group_by(groups.iter().copied(), |group| {
        let (point, layer) = place(group);
        let mut words = labels(names, point);
        words.extend(several_layers.then(|| format!("layer{layer}")));
        words
    })
}

/// The name of a line: the cell, or the model if it has no cell.
pub fn line(point: &Settings) -> String {
    let model = || point.model.map(|model| model.to_string()).unwrap_or_default();
    point.cell.map_or_else(model, |cell| cell.to_string())
}

/// The engine of a line; empty for a model without one.
pub fn engine(point: &Settings) -> String {
    point.engine.to_string()
}

/// The settings that tell panels apart.
pub fn panels<'a>(points: impl Iterator<Item = &'a Settings> + Clone) -> Vec<&'static str> {
    varying(points).into_iter().filter(|name| PANELS.contains(name)).collect()
}
