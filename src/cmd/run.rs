//! `lstm-lab run`: config to CSV, plots and report.

use std::collections::BTreeMap;

use super::{Experiment, experiments, place};
use crate::cli::RunArgs;
use crate::config::PUBLISHED;
use crate::config::spec::Spec;
use crate::data::{self as datasets};
use crate::device;
use crate::engine;
use crate::report;
use crate::results::Store;
use crate::results::environment::Environment;
use crate::run::frameworks::{self, Peer};
use crate::run::kinds::Place;
use crate::run::runner::{Options, execute};
use crate::settings::names::ExperimentKind;
use crate::support::error::{Error, Result};
use crate::support::progress::{Finished, Ui};

/// 0 where all runs are done, 1 where some failed.
pub fn run(args: &RunArgs) -> Result<u8> {
    let mut ui = Ui::new(args.quiet, args.log_format);
    let place = place(args.config.place)?;
    let fetch = |name: &str| {
        ui.say(&format!("fetching the dataset `{name}`"));
        datasets::fetch(name, &datasets::root(), false).map(drop)
    };
    // Everything that can be wrong with what the user asked for is found before the first run.
    let experiments = experiments(&args.config, place, &fetch)?;
    let stores =
        experiments.iter().map(|e| Store::open(&args.out, &e.spec.name)).collect::<Result<Vec<_>>>()?;
    let here = Environment::here(&device::name(place.device), place.threads);
    let times = |spec: &Spec| spec.parts.iter().any(|part| part.measure.kind() == ExperimentKind::Speed);
    // Once for all of them: it is the machine's.
    let any_times = here.device == "cpu" && experiments.iter().any(|e| times(&e.spec));
    let peak = any_times.then(|| engine::fma_peak(place.threads).round());
    let mut environments = Vec::new();
    for Experiment { spec, .. } in &experiments {
        let (peers, fma_peak_gflops) = (peer_versions(spec, place, &ui)?, peak.filter(|_| times(spec)));
        environments.push(Environment { peers, fma_peak_gflops, ..here.clone() });
    }

    let mut failed = 0;
    for ((experiment, store), environment) in experiments.iter().zip(&stores).zip(&environments) {
        let Experiment { spec, plan, inputs } = experiment;
        let resolved = toml::to_string_pretty(&spec.resolved)
            .map_err(|e| Error::Usage(format!("{}: cannot be written as TOML: {e}", spec.name)))?;
        store.write_text("config.toml", &resolved)?;
        match spec.published.toml.as_str() {
            "" => store.remove(PUBLISHED)?,
            text => store.write_text(PUBLISHED, text)?,
        }
        let options =
            Options { place, environment, shard: args.shard, rerun: args.rerun, fail_fast: args.fail_fast };
        let tally = execute(plan, inputs, store, options, &mut ui)?;
        failed += tally.failed;
        report::write(store.root())?;
        let ids: Vec<String> = plan.runs.iter().map(|run| run.id.clone()).collect();
        ui.finished(&Finished {
            experiment: &plan.name,
            done: tally.done,
            already: tally.present,
            failed: tally.failed,
            absent: ids.len() - store.present(&ids),
            others: store.others(&ids),
            report: &store.root().join("report.md"),
        });
        if tally.failed > 0 && args.fail_fast {
            break;
        }
    }
    Ok(u8::from(failed > 0))
}

/// What the peers of an experiment are, from themselves: each is started once before the first run, so that one that
/// is missing is found out about then.
fn peer_versions(spec: &Spec, place: Place, ui: &Ui) -> Result<BTreeMap<String, String>> {
    let mut versions = BTreeMap::new();
    for &name in spec.parts.iter().flat_map(|part| part.measure.frameworks()) {
        ui.say(&format!("starting the peer `{name}`"));
        let peer = Peer::start(&frameworks::program()?, name, place.threads)?;
        versions.insert(format!("peer_{name}"), peer.versions());
    }
    Ok(versions)
}
