//! `lstm-lab run`: config → CSV, figures and report.

use crate::cli::RunArgs;
use crate::data;
use crate::report;
use crate::results::Store;
use crate::results::environment::Environment;
use crate::run::ExecTarget;
use crate::run::experiment::{self, Experiment};
use crate::run::runner::{self, Options, Tally};
use crate::support::error::Result;
use crate::support::progress::{Finished, Ui};

/// Returns 0 if no run failed, 1 otherwise.
pub fn run(args: &RunArgs) -> Result<u8> {
    let mut ui = Ui::new(args.quiet, args.log_format);
    let target = args.config.target.resolve()?;
    // Every mistake in the user's input is found before the first run.
    let prepared = prepare(args, target, &ui)?;
    let mut failed = 0;
    for prepared in &prepared {
        let tally = run_all(prepared, args, target, &mut ui)?;
        summarize(prepared, tally, &ui)?;
        failed += tally.failed;
        if failed > 0 && args.fail_fast {
            break;
        }
    }
    Ok(u8::from(failed > 0))
}

/// An experiment with its results directory.
struct Prepared {
    experiment: Experiment,
    store: Store,
    environment: Environment,
}

fn prepare(args: &RunArgs, target: ExecTarget, ui: &Ui) -> Result<Vec<Prepared>> {
    let fetch = |name: &str| {
        ui.say(&format!("fetching the dataset `{name}`"));
        data::fetch(name, &data::root(), false).map(|_| true)
    };
    let experiments = experiment::load_all(&args.config.configs, &args.config.overrides(), target, &fetch)?;
    let open = |experiment: &Experiment| Store::open(&args.out, &experiment.spec.name);
    let stores: Vec<Store> = experiments.iter().map(open).collect::<Result<_>>()?;
    let on_start = |name: &str| ui.say(&format!("starting the framework `{name}`"));
    let environments = experiment::environments(&experiments, target, &on_start)?;
    let each = experiments.into_iter().zip(stores).zip(environments);
    Ok(each.map(|((experiment, store), environment)| Prepared { experiment, store, environment }).collect())
}

fn run_all(prepared: &Prepared, args: &RunArgs, target: ExecTarget, ui: &mut Ui) -> Result<Tally> {
    let Prepared { experiment, store, environment } = prepared;
    experiment.save_config(store)?;
    let (shard, rerun, fail_fast) = (args.shard, args.rerun, args.fail_fast);
    let options = Options { target, environment, shard, rerun, fail_fast };
    runner::execute(&experiment.plan, &experiment.inputs, store, options, ui)
}

fn summarize(Prepared { experiment, store, .. }: &Prepared, tally: Tally, ui: &Ui) -> Result<()> {
    let written = report::write(store.root())?;
    let ids: Vec<String> = experiment.plan.runs.iter().map(|run| run.id.clone()).collect();
    ui.finished(&Finished {
        experiment: &experiment.plan.name,
        done: tally.done,
        already_complete: tally.already_complete,
        failed: tally.failed,
        missing: ids.len() - store.count_complete(&ids),
        unplanned: store.count_unplanned(&ids),
        report: &store.root().join("report.md"),
    });
    if let Some(expectations) = written.expectations {
        ui.say(&expectations);
    }
    Ok(())
}
