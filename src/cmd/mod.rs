//! One file a subcommand. Each gives the process's exit code; only `main` prints errors.

mod check;
mod data;
mod doctor;
mod list;
mod report;
mod run;
mod sample;
mod trace;

use std::path::{Path, PathBuf};

use crate::cli::{Command, ConfigArgs, PlaceArgs};
use crate::config::spec::{Part, Spec};
use crate::config::spec::{TaskSpec, TextSource};
use crate::config::{self, PUBLISHED};
use crate::data::{self as datasets, Corpus, EncodedText, Images, Input, Inputs, RawText, Status};
use crate::device;
use crate::plan::{Plan, check_dataset, cut};
use crate::run::kinds::Place;
use crate::settings::names::ExperimentKind;
use crate::support::error::{Error, Result};

/// Carries out a command.
///
/// # Errors
/// Whatever kept the command from being carried out; its [`Error::exit_code`] is the process's.
pub fn dispatch(command: Command) -> Result<u8> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::List => list::list(),
        Command::Report(args) => report::report(&args),
        Command::Trace(args) => trace::trace(&args),
        Command::Sample(args) => sample::sample(&args),
        Command::Data(args) => data::data(&args),
        Command::Doctor(args) => doctor::doctor(&args),
    }
}

/// Resolves device and threads, and tells libtorch.
fn place(args: PlaceArgs) -> Result<Place> {
    let device = device::resolve(args.device)?;
    if let Some(threads) = args.threads {
        tch::set_num_threads(i32::from(threads));
    }
    Ok(Place { device, threads: usize::try_from(tch::get_num_threads()).unwrap_or(1) })
}

/// A config with all that is needed to run it.
struct Experiment {
    spec: Spec,
    plan: Plan,
    inputs: Inputs,
}

/// Loads every config, and every text, before anything runs. `fetch` is called for a known dataset that is not
/// here yet.
fn experiments(
    args: &ConfigArgs,
    place: Place,
    fetch: &dyn Fn(&str) -> Result<()>,
) -> Result<Vec<Experiment>> {
    let mut experiments: Vec<Experiment> = Vec::new();
    // `experiments/*.toml` names the published results too: they belong to the configs beside them.
    let is_config = |path: &&PathBuf| args.configs.len() == 1 || !path.ends_with(PUBLISHED);
    for path in args.configs.iter().filter(is_config) {
        let spec = config::load(path, &args.overrides)?;
        if experiments.iter().any(|other| other.spec.name == spec.name) {
            return Err(Error::Usage(format!(
                "{}: two configs share the name `{}`, and so a results directory; expected names that differ",
                path.display(),
                spec.name
            )));
        }
        check_dataset(&spec)?;
        let inputs = inputs(&spec, fetch)?;
        let plan = Plan::new(&spec, &inputs, &device::name(place.device), place.threads)?;
        experiments.push(Experiment { spec, plan, inputs });
    }
    Ok(experiments)
}

/// The data of a spec's task, in the forms that its kinds need.
fn inputs(spec: &Spec, fetch: &dyn Fn(&str) -> Result<()>) -> Result<Inputs> {
    let root = datasets::root();
    let here = |name: &str| {
        if datasets::verify(name, &root)? == Status::Absent { fetch(name) } else { Ok(()) }
    };
    match &spec.task {
        TaskSpec::Text { source, corpus, .. } => {
            let raw = match source {
                TextSource::File(path) => RawText::from_file(path)?,
                TextSource::Dataset(name) => {
                    here(name)?;
                    RawText::from_dataset(name, &root)?
                }
            };
            let is_training = |part: &&Part| part.measure.kind() == ExperimentKind::Training;
            let trains = spec.parts.iter().any(|part| is_training(&part));
            let measures = spec.parts.iter().any(|part| !is_training(&part));
            Ok(Inputs {
                training: trains.then(|| Input::Corpus(Corpus::new(&raw, cut(corpus)))),
                text: if measures { Some(Input::Text(EncodedText::new(raw)?)) } else { None },
            })
        }
        TaskSpec::Images { dataset, .. } => {
            here(dataset)?;
            let images = Images::from_dataset(dataset, &root)?;
            Ok(Inputs { training: Some(Input::Images(images)), text: None })
        }
        _ => Ok(Inputs::default()),
    }
}

/// The experiment files in a directory, sorted.
fn shipped(dir: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(dir)).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml") && !path.ends_with(PUBLISHED))
        .collect();
    files.sort();
    files
}
