//! `lstm-lab clean`: removes the runs of a results directory that its config does not ask for.

use std::path::Path;

use crate::cli::CleanArgs;
use crate::plan::run::describe;
use crate::report;
use crate::results::{Store, Unplanned};
use crate::run::experiment::{self, Experiment};
use crate::support::error::{Error, Result};
use crate::support::progress::print;
use crate::support::text::{bytes, pluralize};

/// Lists the runs. With `--yes`, removes them and rebuilds tables and report.
pub fn clean(args: &CleanArgs) -> Result<u8> {
    let store = Store::at(&args.dir);
    let saved = store.planned()?;
    let experiment = args.config.as_deref().map(|config| planned_anew(args, config)).transpose()?;
    let ids = experiment.as_ref().map_or(saved, |experiment| experiment.plan.ids());
    let unplanned = store.unplanned(&ids);
    let dir = args.dir.display();
    if unplanned.is_empty() {
        print(&format!("{dir}: no run but those of the config\n"))?;
        return Ok(0);
    }
    let total: u64 = unplanned.iter().map(|run| run.bytes).sum();
    let what = format!("{}, {}", pluralize(unplanned.len(), "run"), bytes(total as f64));
    print(&format!("{dir}: the config does not ask for {what}\n"))?;
    unplanned.iter().try_for_each(|run| print(&line(run)))?;
    if !args.yes {
        print("nothing is removed without --yes\n")?;
        return Ok(0);
    }
    for Unplanned { run_id, .. } in &unplanned {
        if !store.remove_run(run_id)? {
            print(&format!("kept, because another process executes it: {run_id}\n"))?;
        }
    }
    if let Some(experiment) = &experiment {
        experiment.save_config(&store)?;
    }
    store.exclusive()?.assemble()?;
    report::write(&args.dir)?;
    print(&format!("removed; {dir}/report.md and the tables are rebuilt\n"))?;
    Ok(0)
}

fn line(Unplanned { run_id, settings, bytes: size }: &Unplanned) -> String {
    let about = settings.as_ref().map_or("checkpoints of an unfinished run".to_string(), describe);
    format!("  {run_id}  {:>8}  {about}\n", bytes(*size as f64))
}

/// The experiment of a config, whose name must be that of the results directory.
fn planned_anew(args: &CleanArgs, config: &Path) -> Result<Experiment> {
    let target = args.target.resolve()?;
    let configs = [config.to_path_buf()];
    let fetch = |_: &str| Ok(false);
    let mut loaded = experiment::load_each(&configs, &[], target, &fetch);
    let experiment = loaded.next().expect("there is one config")?;
    if let Some(dataset) = experiment.missing_data() {
        let problem = format!("the dataset `{dataset}` is not here, so the ids of the runs are unknown");
        return Err(Error::Usage(format!("{}: {problem}", config.display())));
    }
    let (expected, name) = (args.dir.file_name().map(|name| name.to_string_lossy()), &experiment.spec.name);
    if expected.as_deref() != Some(name) {
        let problem = format!("expected the config of {}, found that of `{name}`", args.dir.display());
        return Err(Error::Usage(format!("{}: {problem}", config.display())));
    }
    Ok(experiment)
}
