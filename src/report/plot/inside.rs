//! Which settings are told apart inside a figure, and which by figures of their own.

use std::collections::HashSet;

use crate::report::point::{Point, Setting, varying, without};

/// Told apart by panels and lines.
pub const INSIDE: [Setting; 3] = [Setting::Cell, Setting::Engine, Setting::Init];

/// The settings that vary and have figures of their own.
pub fn outside<'a>(points: impl Iterator<Item = &'a Point> + Clone) -> Vec<Setting> {
    let mut outside = without(&varying(points.clone()), &INSIDE);
    if hidden_size_follows(points) {
        outside.retain(|setting| *setting != Setting::HiddenSize);
    }
    outside
}

/// Whether no two grid points differ in the hidden size alone, as where models are made of one number of parameters: it then
/// belongs to the model, and models are to be seen beside each other.
fn hidden_size_follows<'a>(points: impl Iterator<Item = &'a Point>) -> bool {
    let points: HashSet<Point> = points.cloned().collect();
    let others: HashSet<Point> =
        points.iter().map(|point| Point { hidden_size: 0, ..point.clone() }).collect();
    points.len() == others.len()
}
