//! `lstm-lab run`: config → CSV, figures and report.

use crate::cli::RunArgs;
use crate::data;
use crate::plan::{Only, Shard};
use crate::report;
use crate::results::Store;
use crate::results::environment::Environment;
use crate::run::ExecTarget;
use crate::run::experiment::{self, Experiment};
use crate::run::runner::{self, Options, Tally};
use crate::support::error::{Error, Result};
use crate::support::progress::{Finished, Ui};
use crate::support::signal::Stop;
use crate::support::text::pluralize;

/// Returns 0 if no run failed, 1 otherwise; after a signal, 128 more than its number.
pub fn run(args: &RunArgs) -> Result<u8> {
    let mut ui = Ui::new(args.quiet, args.log_format);
    let target = args.config.target.resolve()?;
    // Every mistake in the user's input is found before the first run.
    let only = Only::parse(&args.config.only)?;
    let shard = shard(args, &ui)?;
    let prepared = prepare(args, &only, target, &ui)?;
    let stop = Stop::on_signals()?;
    let mut failed = 0;
    for prepared in &prepared {
        let tally = run_all(prepared, args, (&only, shard), (target, &stop), &mut ui)?;
        summarize(prepared, tally, &ui)?;
        if let Some((signal, code)) = stop.requested() {
            ui.stopped(signal, &kept(tally, args.rerun));
            return Ok(code);
        }
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

fn prepare(args: &RunArgs, only: &Only, target: ExecTarget, ui: &Ui) -> Result<Vec<Prepared>> {
    let fetch = |name: &str| {
        ui.say(&format!("fetching the dataset `{name}`"));
        data::fetch(name, &data::root(), false).map(|_| true)
    };
    let overrides = args.config.overrides();
    let experiments = experiment::load_each(&args.config.configs, &overrides, target, &fetch);
    let experiments = experiments.collect::<Result<Vec<_>>>()?;
    experiments.iter().try_for_each(|experiment| only.select(&experiment.plan).map(drop))?;
    let is_training =
        |experiment: &Experiment| experiment.plan.runs.iter().any(|run| run.training().is_some());
    if args.tensorboard.is_some() && !experiments.iter().any(is_training) {
        let problem = "`--tensorboard`: expected a config of the kind `training`, found none";
        return Err(Error::Usage(problem.to_string()));
    }
    if let Some(dir) = &args.tensorboard {
        std::fs::create_dir_all(dir).map_err(Error::io("make", dir))?;
    }
    let open = |experiment: &Experiment| Store::open(&args.out, &experiment.spec.name);
    let stores: Vec<Store> = experiments.iter().map(open).collect::<Result<_>>()?;
    let on_start = |name: &str| ui.say(&format!("starting the framework `{name}`"));
    let environments = experiment::environments(&experiments, only, target, &on_start)?;
    let each = experiments.into_iter().zip(stores).zip(environments);
    Ok(each.map(|((experiment, store), environment)| Prepared { experiment, store, environment }).collect())
}

/// The part of the runs to execute: that of the command line, else that of a task of a SLURM array.
fn shard(args: &RunArgs, ui: &Ui) -> Result<Shard> {
    if let Some(shard) = args.shard {
        return Ok(shard);
    }
    let shard = Shard::of_slurm(|name| std::env::var(name).ok())?.filter(|_| !args.no_runs);
    if let Some(shard) = shard {
        ui.say(&format!("--shard {shard}, the place of this task in the SLURM array"));
    }
    Ok(shard.unwrap_or(Shard::ALL))
}

/// The results that a stopped program keeps, and the way to go on.
fn kept(tally: Tally, rerun: bool) -> String {
    let complete = pluralize(tally.done + tally.already_complete, "complete run");
    let checkpoint = if tally.stopped > 0 && !rerun { " and the checkpoint of the stopped run" } else { "" };
    let goes_on = if rerun {
        "the same command line begins anew, because of --rerun"
    } else {
        "the same command line goes on from there"
    };
    format!("kept {complete}{checkpoint}; {goes_on}")
}

fn run_all(
    prepared: &Prepared,
    args: &RunArgs,
    (only, shard): (&Only, Shard),
    (target, stop): (ExecTarget, &Stop),
    ui: &mut Ui,
) -> Result<Tally> {
    let Prepared { experiment, store, environment } = prepared;
    experiment.save_config(store)?;
    let (rerun, no_runs, fail_fast) = (args.rerun, args.no_runs, args.fail_fast);
    let events = args.tensorboard.as_ref().map(|dir| dir.join(&experiment.spec.name));
    let events = events.as_deref();
    let options = Options { target, environment, only, shard, rerun, no_runs, fail_fast, events, stop };
    runner::execute(&experiment.plan, &experiment.inputs, store, options, ui)
}

fn summarize(Prepared { experiment, store, .. }: &Prepared, tally: Tally, ui: &Ui) -> Result<()> {
    let written = report::write(store.root())?;
    let ids = experiment.plan.ids();
    ui.finished(&Finished {
        experiment: &experiment.plan.name,
        done: tally.done,
        already_complete: tally.already_complete,
        failed: tally.failed,
        missing: ids.len() - store.count_complete(&ids)?,
        unplanned: store.count_unplanned(&ids),
        report: &store.root().join("report.md"),
        answer: &written.answer.lines(),
    });
    if let Some(expectations) = written.expectations {
        ui.say(&expectations);
    }
    Ok(())
}
