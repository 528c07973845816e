//! The rules of the settings that intervene in the training of recurrent layers.

use crate::cell::{CarriedState, Recurrent, cell};
use crate::engine::EngineName;
use crate::settings::Settings;
use crate::settings::names::ModelName;

/// The settings that change the steps, with their values above 0.
pub fn step_changes(settings: &Settings) -> impl Iterator<Item = (&'static str, f64)> {
    let all = [
        ("recurrent_dropout", settings.recurrent_dropout),
        ("zoneout_h", settings.zoneout_h),
        ("zoneout_c", settings.zoneout_c),
        ("h_detach", settings.h_detach),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key, value.filter(|value| *value > 0.0)?)))
}

/// Returns true if flossing comes before the training.
pub fn flosses(settings: &Settings) -> bool {
    settings.flossing.is_some_and(|updates| updates > 0)
}

/// All interventions, with their values above 0.
pub fn interventions(settings: &Settings) -> impl Iterator<Item = (&'static str, f64)> {
    let penalty = settings.orthogonal_penalty.filter(|factor| *factor > 0.0);
    let truncation = truncation(settings).map(|(every, _)| ("tbptt_every", every as f64));
    let flossing = settings.flossing.filter(|_| flosses(settings));
    let flossing = flossing.map(|updates| ("flossing", updates as f64));
    let others = [penalty.map(|factor| ("orthogonal_penalty", factor)), truncation, flossing];
    step_changes(settings).chain(others.into_iter().flatten())
}

/// Returns the key of an intervention that the model, the cell or the engine cannot have, and the problem.
pub fn problem(settings: &Settings) -> Option<(&'static str, String)> {
    for (key, value) in interventions(settings) {
        if let Some(reason) = without_effect(settings, key) {
            return Some((key, format!("{reason}; expected 0, found {value}")));
        }
    }
    if let Some(problem) = of_truncation(settings) {
        return Some(problem);
    }
    let (key, value) = step_changes(settings).next()?;
    let engine = settings.engine.first().filter(|engine| *engine != EngineName::Fused)?;
    let problem = format!(
        "`{key} = {value}` changes the steps of training, which only the engine `fused` does; expected \
         `fused` or `auto`, found `{engine}`"
    );
    Some(("engine", problem))
}

/// The steps from one truncated backward pass to the next, and the steps that each goes back.
fn truncation(settings: &Settings) -> Option<(usize, usize)> {
    let (every, back) = (settings.tbptt_every.unwrap_or(0), settings.tbptt_back.unwrap_or(0));
    (every > 0 || back > 0).then_some((every, back))
}

/// The problem with a truncated gradient, and its key.
fn of_truncation(settings: &Settings) -> Option<(&'static str, String)> {
    let (every, back) = truncation(settings)?;
    if every == 0 {
        return Some(("tbptt_back", "expected tbptt_every above 0 beside it, found 0".to_string()));
    }
    if back < every {
        let problem = match back {
            0 => "expected `tbptt_back` beside it: the steps that each backward pass goes back".to_string(),
            _ => format!(
                "expected at most tbptt_back = {back}, so that every loss has a gradient, found {every}"
            ),
        };
        return Some(("tbptt_every", problem));
    }
    if settings.model() != ModelName::Recurrent {
        let model = settings.model();
        return Some((
            "model",
            format!("a truncated gradient is for the model `recurrent`, found `{model}`"),
        ));
    }
    // Steps that two passes share would have two masks.
    let dropout = settings.dropout.filter(|share| *share > 0.0).map(|share| ("dropout", share));
    let (key, found) = dropout.or_else(|| step_changes(settings).next())?;
    Some((key, format!("expected 0 with a truncated gradient (tbptt_every = {every}), found {found}")))
}

/// The reason why an intervention is impossible or has no effect.
fn without_effect(settings: &Settings, key: &str) -> Option<String> {
    let Some(name) = settings.cell else {
        return Some(format!("the model `{}` has no recurrent layers", settings.model()));
    };
    let (recurrent, carried) = (cell(name).layout().recurrent, cell(name).carried());
    match key {
        "recurrent_dropout" | "h_detach" if recurrent == Recurrent::None => {
            Some(format!("the gates of the cell `{name}` do not see h"))
        }
        "zoneout_c" if carried.is_empty() => Some(format!("the cell `{name}` carries no state beside h")),
        "zoneout_c" if carried.contains(&CarriedState::M) => {
            Some(format!("the state m of `{name}` scales c and n, so those of two steps cannot be mixed"))
        }
        "flossing" if carried.contains(&CarriedState::M) => {
            Some(format!("the state m of `{name}` scales c and n, so the exponents would measure the scale"))
        }
        "orthogonal_penalty" if recurrent != Recurrent::Matrices => {
            Some(format!("the cell `{name}` has no recurrent matrices"))
        }
        _ => None,
    }
}
