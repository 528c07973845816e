//! The settings that tell panels and lines of one figure apart, and those that tell figures apart.

use std::collections::HashSet;

use crate::report::group::group_by;
use crate::report::point::{Point, Setting, labels, varying, without};

/// The settings that vary within a figure: over its panels and lines.
pub const WITHIN: [Setting; 3] = [Setting::Cell, Setting::Engine, Setting::Init];

/// The settings that vary and have figures of their own.
pub fn of_figures<'a>(points: impl Iterator<Item = &'a Point> + Clone) -> Vec<Setting> {
    let mut settings = without(&varying(points.clone()), &WITHIN);
    if hidden_size_follows(points) {
        settings.retain(|setting| *setting != Setting::HiddenSize);
    }
    settings
}

/// Returns true if no two grid points differ in the hidden size alone, as for models of one number of parameters. The
/// hidden size then belongs to the model, and a figure shows the models side by side.
fn hidden_size_follows<'a>(points: impl Iterator<Item = &'a Point>) -> bool {
    let points: HashSet<Point> = points.cloned().collect();
    let others: HashSet<Point> =
        points.iter().map(|point| Point { hidden_size: 0, ..point.clone() }).collect();
    points.len() == others.len()
}

/// The groups of each figure, with the labels that tell it from the others. `place` returns grid point and layer.
pub fn split<'a, G>(
    groups: &[&'a G],
    settings: &[Setting],
    place: impl Fn(&G) -> (&Point, usize),
) -> Vec<(Vec<String>, Vec<&'a G>)> {
    let several_layers = groups.iter().any(|group| place(group).1 > 0);
    group_by(groups.iter().copied(), |group| {
        let (point, layer) = place(group);
        let mut words = labels(settings, point);
        words.extend(several_layers.then(|| format!("layer{layer}")));
        words
    })
}
