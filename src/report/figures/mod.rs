//! Figures. One list of shapes is written as SVG and as PNG, so that both show the same.

mod context;
mod curves;
mod data;
mod dims;
mod draw;
mod figure;
mod forest;
mod heat_map;
mod layout;
mod lines;
mod names;
mod paths;
mod predicted;
mod profiles;
mod quantities;
mod range;
mod ratio;
mod roofline;
mod speed;
mod subject;
mod trend;
mod words;

use self::context::Context;
use self::names::Names;
use self::subject::{EXPONENT, JACOBIAN_SLOPE, SLOPE, Subject, TEST_LOSS};
use super::group::Groups;
use super::judge::Verdicts;
use super::load::Results;
use super::summary::{Section, Statistic};
use crate::settings::names::ExperimentKind;

pub use self::dims::{Dim, dims};
pub use self::figure::Figure;

/// The figures of a report, by section. The first of each answers the question best.
#[derive(Debug, Default)]
pub struct Figures {
    /// Figures of the expectations.
    pub expectations: Vec<Figure>,
    /// Figures of the claim.
    pub claim: Vec<Figure>,
    /// Figures of training.
    pub training: Vec<Figure>,
    /// Figures of gradients.
    pub gradients: Vec<Figure>,
    /// Figures of products of Jacobians.
    pub jacobian: Vec<Figure>,
    /// Figures of speed.
    pub speed: Vec<Figure>,
}

impl Figures {
    /// Lays out every figure of an experiment.
    pub fn of(results: &Results, groups: &Groups, summary: &[Statistic], verdicts: &Verdicts) -> Figures {
        let count = |kind: &ExperimentKind| {
            results.of_kind(*kind).flat_map(|point| &point.runs).filter(|run| !run.is_ok()).count()
        };
        let failed: Vec<(ExperimentKind, usize)> = ExperimentKind::ALL
            .iter()
            .map(|kind| (*kind, count(kind)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let plot = results.plot;
        let context = Context { plot, solved_loss: results.criterion.valid_loss(), failed: &failed };
        let answer = |subject: &Subject| {
            let trend = trend::figures(subject, summary, &plot);
            trend.into_iter().chain(heat_map::figure(subject, summary)).collect::<Vec<_>>()
        };
        let predicted = |section| predicted::figure(section, summary).into_iter().collect::<Vec<_>>();
        let jacobian = Some(answer(&EXPONENT)).filter(|found| !found.is_empty());
        let jacobian = jacobian.unwrap_or_else(|| answer(&JACOBIAN_SLOPE));
        let mut names = Names::default();
        let mut named = |figures: Vec<Figure>| names.give(figures, plot);
        Figures {
            expectations: named(forest::of_expectations(&verdicts.expectations).into_iter().collect()),
            claim: named(forest::figures(&verdicts.claim, summary)),
            gradients: named(
                [answer(&SLOPE), predicted(Section::Gradients), curves::figures(&groups.gradients, context)]
                    .concat(),
            ),
            jacobian: named(
                [jacobian, predicted(Section::Jacobian), curves::figures(&groups.jacobian, context)].concat(),
            ),
            speed: named(speed::figures(summary).into_iter().chain(roofline::figure(summary)).collect()),
            training: named(
                [
                    trend::figures(&TEST_LOSS, summary, &plot),
                    curves::figures(&groups.learning, context),
                    profiles::figures(&groups.profiles, &plot),
                ]
                .concat(),
            ),
        }
    }

    /// All figures.
    pub fn iter(&self) -> impl Iterator<Item = &Figure> {
        let of_tests = [&self.expectations, &self.claim];
        let of_kinds = [&self.training, &self.gradients, &self.jacobian, &self.speed];
        of_tests.into_iter().chain(of_kinds).flatten()
    }
}
