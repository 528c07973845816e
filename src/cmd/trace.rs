//! `lstm-lab trace`: one sequence through given layers.

use std::fs;

use crate::cell::{CellName, cell};
use crate::cli::TraceArgs;
use crate::engine::{EngineName, exact_engine};
use crate::probe::{At, add_gradients};
use crate::results::schema::{GradientRow, Row};
use crate::results::{GradientCurve, Rows, table};
use crate::run::ExecTarget;
use crate::safetensors_io::{self, TensorFile};
use crate::settings::names::{ExperimentKind, Lags, WeightsLayout};
use crate::settings::{Engines, Settings};
use crate::support::error::{Error, Result};
use crate::support::panic::catch_panics;
use crate::support::progress::print;
use crate::support::text::shortened;
use crate::trace::{FileNames, TraceInput, TraceOptions};

/// Writes trace.safetensors and gradients.csv. Prints the file as it was understood, and the paths.
pub fn trace(args: &TraceArgs) -> Result<u8> {
    let target = args.target.resolve()?;
    let given = read(args, target)?;
    let input = &given.input;
    fs::create_dir_all(&args.out).map_err(|cause| Error::OutDir { path: args.out.clone(), cause })?;
    // A long sequence and a large layer may need more memory than the machine has.
    let engine = args.engine.unwrap_or_else(|| exact_engine(cell(args.cell)));
    let traced = catch_panics(|| input.trace(engine))?;
    let settings = settings(args.cell, engine, input);
    let mut rows = Rows::default();
    let at = At { run_id: "trace", step: None };
    add_gradients(&mut rows, at, traced.profiles, settings.seq_len, Lags::All);
    let curves = rows.gradients;
    let (tensors, gradients) = (args.out.join("trace.safetensors"), args.out.join(GradientRow::FILE));
    safetensors_io::write(&tensors, &traced.tensors)?;
    table::write(&gradients, [(&settings, curves.iter().flat_map(|curve| curve.rows(at.run_id)).map(Ok))])?;
    print(&understood(args, &settings, &given))?;
    print(&overflowed(&curves))?;
    print(&format!("{} (on {})\n{}\n", tensors.display(), target.device_name(), gradients.display()))?;
    Ok(0)
}

/// A line on norms that are no finite numbers; empty if there are none.
fn overflowed(curves: &[GradientCurve]) -> String {
    let norms = || curves.iter().flat_map(|curve| &curve.norms);
    match norms().filter(|(_, norm)| norm.is_some_and(|norm| !norm.is_finite())).count() {
        0 => String::new(),
        count => {
            let all = norms().count();
            format!(
                "not finite: {count} of {all} norms; the engine `analytic` follows gradients of any size\n"
            )
        }
    }
}

/// The content of the given file or files.
struct Given {
    input: TraceInput,
    /// The prefix of parameters, and the tensors that a trace does not read.
    names: FileNames,
    /// The dtype of numbers that were converted to f32.
    converted: Option<String>,
}

/// Reads the given file or files.
fn read(args: &TraceArgs, target: ExecTarget) -> Result<Given> {
    let file = TensorFile::read(&args.file)?;
    let prefix = args.prefix.as_deref();
    let names = FileNames::find(&file.names()?, args.layout, prefix, "--prefix", &args.file)?;
    let mut tensors = names.tensors(&file)?;
    let converted = file.converted(|name| names.own(name).is_some())?;
    let mut place = args.file.clone();
    if let Some(path) = &args.input {
        tensors.extend(names.sequences(&TensorFile::read(path)?)?);
        place = format!("{} with {}", args.file.display(), path.display()).into();
    }
    Ok(Given { input: TraceInput::new(options(args), tensors, &place, target.device)?, names, converted })
}

fn options(args: &TraceArgs) -> TraceOptions<'_> {
    let TraceArgs { cell, layout, batch_first, .. } = *args;
    TraceOptions { cell, layout, gates: args.gates.as_deref(), batch_first }
}

/// The file as it was understood: sizes, and everything that its tensors do not say.
fn understood(args: &TraceArgs, settings: &Settings, given: &Given) -> String {
    let Given { input, names, converted } = given;
    let Settings { seq_len, batch_size, input_size, hidden_size, layers, .. } = settings;
    let projection = settings.proj_size.map_or_else(String::new, |size| format!(" P={size}"));
    let (library, another) = match args.layout {
        WeightsLayout::PyTorch => ("PyTorch's", " (--layout: keras or onnx)"),
        WeightsLayout::Keras => ("Keras's", ""),
        WeightsLayout::Onnx => ("ONNX's", ""),
    };
    let is_pytorch = args.layout == WeightsLayout::PyTorch;
    let axes = options(args).axes("I");
    let other_axes = if axes.starts_with("[T") { " (--batch-first: [B, T, I])" } else { "" };
    let mut lines = vec![
        format!(
            "{}: T={seq_len} B={batch_size} I={input_size} H={hidden_size}{projection} layers={layers}",
            args.cell
        ),
        format!("layout: {library}{another}"),
        format!("input: {axes}{other_axes}"),
    ];
    let gates = cell(args.cell).gates();
    if gates.len() > 1 {
        let another = if is_pytorch { " (--gates: another)" } else { "" };
        let of_library = input.layout.gates.as_ref().map_or(gates.concat(), |order| order.text(gates));
        let order = args.gates.clone().unwrap_or_else(|| format!("{of_library}, {library}{another}"));
        lines.push(format!("gates: {order}"));
    }
    if !names.prefix.is_empty() {
        lines.push(format!("prefix: {}", names.prefix));
    }
    for (title, list) in [("zeros, because absent", &input.zeros), ("not read", &names.foreign)] {
        if !list.is_empty() {
            lines.push(format!("{title}: {}", shortened(list.iter().map(String::as_str))));
        }
    }
    lines.extend(converted.iter().map(|dtype| format!("dtype: f32, converted from {dtype}")));
    lines.extend(of_sequences(input));
    lines.join("\n") + "\n"
}

/// The directions, the lengths and the loss, where they are not one direction, T and that of the file.
fn of_sequences(input: &TraceInput) -> Vec<String> {
    let mut lines = Vec::new();
    let is_bidirectional = input.network.reverse.is_some();
    if is_bidirectional {
        lines.push("directions: forward and reverse".to_string());
    }
    let lengths = input.lengths.each();
    let shortest = lengths.iter().min().copied().unwrap_or_default();
    if shortest < input.input.size()[0] {
        lines.push(format!("lengths: {shortest} to {} steps", input.lengths.longest()));
    }
    if input.has_default_loss {
        let end = if is_bidirectional { "the step at which each direction ends" } else { "the last step" };
        lines.push(format!("loss: the sum of the output at {end} (`grad_output`: another)"));
    }
    lines
}

/// The settings that the file determines.
fn settings(cell: CellName, engine: EngineName, input: &TraceInput) -> Settings {
    let [batch_size, input_size] = [1, 2].map(|axis| input.input.size()[axis] as usize);
    let p = &input.network.forward;
    Settings {
        task: "given".into(),
        cell: Some(cell),
        engine: Engines::one(engine),
        layers: p.layers.len(),
        input_size,
        hidden_size: p.hidden_size() as usize,
        proj_size: p.cell.layout().has_projection().then(|| p.output_size() as usize),
        seq_len: input.lengths.longest() as usize,
        batch_size,
        ..Settings::blank(ExperimentKind::Gradients)
    }
}
