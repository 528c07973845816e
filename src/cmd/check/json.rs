//! A plan as JSON.

use serde_json::{Map, Value, json};

use super::time::KindTime;
use crate::plan::Plan;
use crate::plan::groups::{Group, KindGroups};
use crate::plan::run::Run;
use crate::run::experiment::Experiment;
use crate::settings::{FIELDS, Form};

/// The selected runs of a plan as one object: name, number of runs, settings with seeds, seconds, memory and
/// disk.
pub fn object(
    experiment: &Experiment,
    kinds: &[KindGroups],
    times: Option<&[KindTime]>,
    disk: Option<f64>,
) -> Value {
    let groups = kinds.iter().flat_map(|kind| &kind.groups);
    let runs: Vec<&Run> = groups.clone().flat_map(|group| &group.runs).copied().collect();
    // Data that is not there determines the ids.
    let has_ids = experiment.missing_data().is_none();
    let settings: Vec<Value> = groups.map(|group| setting(group, has_ids)).collect();
    let seconds = times.map(|times| {
        times.iter().map(|time| (time.kind.to_string(), json!(time.seconds))).collect::<Map<_, _>>()
    });
    json!({
        "name": experiment.plan.name,
        "runs": kinds.iter().map(KindGroups::runs).sum::<usize>(),
        "settings": settings,
        "seconds": seconds,
        "memory_bytes": Plan::largest(&runs, &experiment.inputs).map(|(_, bytes)| bytes),
        "disk_bytes": disk,
    })
}

/// The settings of a group as numbers and strings, its seeds and its run ids.
fn setting(group: &Group, has_ids: bool) -> Value {
    let settings = group.settings();
    let mut object = Map::new();
    for field in FIELDS.iter().filter(|field| field.name != "seed") {
        let Some(text) = field.get(settings) else { continue };
        let value = match field.form {
            Form::Word => json!(text),
            // A size that depends on data that is not there is 0.
            Form::Whole => text.parse::<u64>().ok().filter(|size| *size > 0).into(),
            Form::Number => text.parse::<f64>().ok().into(),
        };
        object.insert(field.name.to_string(), value);
    }
    let seeds: Vec<u64> = group.runs.iter().map(|run| run.settings.seed).collect();
    let ids: Vec<&str> = group.runs.iter().map(|run| run.id.as_str()).collect();
    object.insert("seeds".to_string(), json!(seeds));
    object.insert("run_ids".to_string(), json!(has_ids.then_some(ids)));
    Value::Object(object)
}
