//! The number that answers the question of an experiment: one per grid point.

use super::draw::axis::Scale;
use crate::report::estimate::Estimate;
use crate::report::group::LARGEST_EXPONENT;
use crate::report::group_by::group_by;
use crate::report::summary::{Section, Statistic};
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

/// A number of each grid point.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// The name of its figures.
    pub name: &'static str,
    /// The number in words.
    pub title: &'static str,
    /// The title of an axis with the number.
    pub axis: &'static str,
    /// The scale of that axis; it is linear if a number is not above 0.
    pub scale: Scale,
    section: Section,
    metric: &'static str,
    quantity: &'static str,
}

/// The slope of the gradient's norm.
pub const SLOPE: Subject = Subject {
    name: "slope",
    title: "Slope of the norm of ∂L/∂hₜ over lag",
    axis: "slope (log10 per step)",
    scale: Scale::Linear,
    section: Section::Gradients,
    metric: "slope",
    quantity: "total_h",
};

/// The half-life of the gradient's norm.
pub const HALF_LIFE: Subject = Subject {
    name: "half_life",
    title: "Half-life of the norm of ∂L/∂hₜ",
    axis: "half-life (steps)",
    scale: Scale::Powers,
    metric: "half_life",
    ..SLOPE
};

/// The largest Lyapunov exponent.
pub const EXPONENT: Subject = Subject {
    name: LARGEST_EXPONENT,
    title: "Largest Lyapunov exponent",
    axis: "exponent (log10 per step)",
    scale: Scale::Linear,
    section: Section::Jacobian,
    metric: LARGEST_EXPONENT,
    quantity: "",
};

/// The slope of the product of Jacobians, for experiments without exponents.
pub const JACOBIAN_SLOPE: Subject = Subject {
    name: "jacobian_slope",
    title: "Slope of the Frobenius norm of ∂s(T)/∂s(t) over lag",
    axis: "slope (log10 per step)",
    metric: "slope",
    quantity: "frobenius",
    ..EXPONENT
};

/// The loss on the test split.
pub const TEST_LOSS: Subject = Subject {
    name: "test_loss",
    title: "Loss on the test split",
    axis: "test loss",
    scale: Scale::Powers,
    section: Section::Training,
    metric: "test_loss",
    quantity: "",
};

impl Subject {
    fn is_of(&self, row: &Statistic) -> bool {
        (row.section, row.metric) == (self.section, self.metric) && row.quantity == self.quantity
    }

    /// The level of chance of the number at each grid point that has one.
    pub fn chances<'a>(&self, summary: &'a [Statistic]) -> Vec<(&'a Settings, f64)> {
        let of_subject = summary.iter().filter(|row| self.is_of(row));
        of_subject.filter_map(|row| Some((&row.point, row.chance()?))).collect()
    }

    /// The number of each grid point that has one. Of several layers, the last one counts.
    pub fn numbers<'a>(&self, summary: &'a [Statistic]) -> Vec<(&'a Settings, Estimate)> {
        let mut found = self.of_each_point(summary);
        found.retain(|(_, number)| number.value.is_some());
        found
    }

    /// The estimate of each grid point, also of one whose number does not exist. Of several layers, the last
    /// one counts.
    pub fn of_each_point<'a>(&self, summary: &'a [Statistic]) -> Vec<(&'a Settings, Estimate)> {
        let kind = match self.section {
            Section::Gradients => ExperimentKind::Gradients,
            Section::Jacobian => ExperimentKind::Jacobian,
            _ => ExperimentKind::Training,
        };
        let is_it = |row: &&Statistic| {
            self.is_of(row) && row.point.kind == kind && row.estimate.value.is_none_or(f64::is_finite)
        };
        let by_point = group_by(summary.iter().filter(is_it), |row| &row.point);
        let last = |(point, rows): (&'a Settings, Vec<&Statistic>)| {
            Some((point, rows.iter().max_by_key(|row| row.layer)?.estimate))
        };
        by_point.into_iter().filter_map(last).collect()
    }
}
