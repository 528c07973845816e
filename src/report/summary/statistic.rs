//! One number about one grid point.

use crate::report::estimate::Estimate;
use crate::settings::Settings;
use crate::support::exact::Hits;
use crate::support::names::names;

names! {
    /// The section of a report that a number belongs to.
    Section ("section") {
        /// Gradients.
        Gradients = "gradients",
        /// Products of Jacobians.
        Jacobian = "jacobian",
        /// Training.
        Training = "training",
        /// Speed.
        Speed = "speed",
        /// An expectation.
        Expectation = "expectation",
        /// A test of the claim.
        Claim = "claim",
        /// A published result.
        Published = "published",
    }
}

/// The independent numbers behind an estimate.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Sample {
    /// None is kept: the estimate follows from others, or describes the measurement itself.
    #[default]
    None,
    /// One number per seed.
    Seeds(Vec<(u64, f64)>),
    /// The median logarithm of each timing process.
    Processes(Vec<f64>),
    /// The runs that solved their task.
    Solved(Hits),
}

/// The word that a remark on disturbed ratios begins with.
pub const DISTURBED: &str = "disturbed";

/// One number about one grid point.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// The section.
    pub section: Section,
    /// The name of the number: `slope`, `seconds`, ….
    pub metric: &'static str,
    /// The quantity, the pass, the name of a test, or the settings of a published result.
    pub quantity: String,
    /// The layer, for gradients.
    pub layer: Option<usize>,
    /// The lag, for a norm at one lag, or the length of the test sequences, for a number at one length.
    pub lag: Option<usize>,
    /// The grid point.
    pub point: Settings,
    /// The number with its interval.
    pub estimate: Estimate,
    /// The unit.
    pub unit: String,
    /// The bound, the published number or the level of chance that the number is compared with.
    pub against: Option<String>,
    /// The verdict.
    pub verdict: Option<String>,
    /// The number of parameters, for training.
    pub parameters: Option<usize>,
    /// The independent numbers behind the estimate.
    pub sample: Sample,
}

impl Statistic {
    /// Returns true for a ratio of times from a disturbed measurement.
    pub fn is_disturbed(&self) -> bool {
        self.verdict.as_ref().is_some_and(|remarks| remarks.contains(DISTURBED))
    }

    /// The level of chance that the number is compared with, if it is.
    pub fn chance(&self) -> Option<f64> {
        self.against.as_ref()?.parse().ok()
    }

    /// The number as the mean of those of the seeds.
    pub fn over_seeds(self, by_seed: Vec<(u64, f64)>) -> Statistic {
        let values: Vec<f64> = by_seed.iter().map(|(_, value)| *value).collect();
        Statistic { estimate: Estimate::mean(&values), sample: Sample::Seeds(by_seed), ..self }
    }

    /// A number without anything that only some numbers have.
    pub fn new(
        section: Section,
        metric: &'static str,
        point: &Settings,
        estimate: Estimate,
        unit: &str,
    ) -> Statistic {
        Statistic {
            section,
            metric,
            quantity: String::new(),
            layer: None,
            lag: None,
            point: point.clone(),
            estimate,
            unit: unit.to_string(),
            against: None,
            verdict: None,
            parameters: None,
            sample: Sample::None,
        }
    }
}
