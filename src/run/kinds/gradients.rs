//! The kind `gradients`: the norm of the gradient at every step.

use super::{Place, agree, cotangent, run_parameters};
use crate::config::spec::Gradients;
use crate::data::EncodedText;
use crate::diagnostics::adjoint::Profile;
use crate::diagnostics::exact::PathSplit;
use crate::diagnostics::{self, Look};
use crate::engine::EngineName;
use crate::engine::engine;
use crate::plan::run::Run;
use crate::results::schema::GradientRow;
use crate::results::{GradientCurve, Rows};
use crate::settings::names::Lags;
use crate::settings::names::LossName;
use crate::support::error::Result;
use crate::task::{Loss, batch};

/// The engine that the others are held against: the equations as the textbook has them.
const REFERENCE: EngineName = EngineName::Stepwise;

/// Over so many steps is an engine held against the reference. Not over all: where gradients explode, rounding
/// differences do too, and two correct engines part.
const AGREEMENT_STEPS: i64 = 32;

/// Executes a run of this kind with the engine `name`.
///
/// # Errors
/// The engine disagrees with the reference; a shape does not fit; the task has no such loss.
pub fn execute(run: &Run, options: Gradients, text: Option<&EncodedText>, place: Place) -> Result<Rows> {
    let Gradients { split_every, lags, path_split, gates } = options;
    let settings = &run.settings;
    let steps = settings.seq_len;
    let name = settings.engine.first().expect("a run of gradients has an engine");
    let p = run_parameters(settings, place.device);
    let batch = batch(run, text, place.device)?;
    if name != REFERENCE {
        let steps = batch.input.size()[0].min(AGREEMENT_STEPS);
        let beginning = batch.input.narrow(0, 0, steps);
        let cotangent = cotangent(settings, steps, &beginning);
        agree(engine(name), engine(REFERENCE), &p, &beginning, &cotangent)?;
    }
    let loss = Loss::new(settings.loss.unwrap_or(LossName::Last), settings, &batch)?;
    let look = Look {
        split_every: match name {
            EngineName::Builtin => split_every.map_or_else(|| steps.div_ceil(50), |every| every.0),
            _ => 1,
        },
        paths: if path_split { PathSplit::On } else { PathSplit::Off },
    };
    let profiles = diagnostics::profiles(engine(name), &p, &batch.input, None, look, &|output, piece| {
        loss.of_piece(output, piece, steps)
    })?;
    Ok(Rows {
        gradients: profiles.into_iter().map(|profile| curve(run, lags, profile)).collect(),
        gates: if gates { super::gates::rows(run, &p, &batch.input)? } else { vec![] },
        ..Rows::default()
    })
}

fn curve(run: &Run, lags: Lags, profile: Profile) -> GradientCurve {
    let steps = run.settings.seq_len;
    let written = profile.norms.into_iter().filter(|(t, _)| lags.writes(steps - t, steps));
    GradientCurve {
        common: GradientRow {
            run_id: run.id.clone(),
            cell: run.word("cell"),
            engine: run.word("engine"),
            init: run.word("init"),
            task: run.settings.task.clone(),
            hidden_size: run.settings.hidden_size,
            seq_len: run.settings.seq_len,
            batch_size: run.settings.batch_size,
            seed: run.settings.seed,
            quantity: profile.quantity.to_string(),
            layer: profile.layer,
            ..GradientRow::default()
        },
        last: steps,
        norms: written.map(|(t, norm)| (t, norm.log10())).collect(),
    }
}
