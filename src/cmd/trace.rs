//! `lstm-lab trace`: one sequence through given layers.

use std::fs;

use crate::cli::TraceArgs;
use crate::diagnostics::Profile;
use crate::results::schema::{GradientRow, Row};
use crate::results::{GradientCurve, table};
use crate::safetensors_io;
use crate::settings::names::{ExperimentKind, Lags};
use crate::settings::{Engines, Settings};
use crate::support::error::{Error, Result};
use crate::support::panic::catch_panics;
use crate::support::progress::print;
use crate::trace::TraceInput;

/// Writes trace.safetensors and gradients.csv, and prints their paths.
pub fn trace(args: &TraceArgs) -> Result<u8> {
    let target = args.target.resolve()?;
    let input = TraceInput::new(args.cell, safetensors_io::read(&args.file)?, &args.file, target.device)?;
    fs::create_dir_all(&args.out).map_err(|cause| Error::OutDir { path: args.out.clone(), cause })?;
    // A long sequence and a large layer may need more memory than the machine has.
    let traced = catch_panics(|| input.trace(args.engine))?;
    let settings = settings(args, &input);
    let curves: Vec<GradientCurve> =
        traced.profiles.into_iter().map(|profile| curve(settings.seq_len, profile)).collect();
    let (tensors, gradients) = (args.out.join("trace.safetensors"), args.out.join(GradientRow::FILE));
    safetensors_io::write(&tensors, &traced.tensors, None)?;
    table::write(&gradients, [(&settings, curves.iter().flat_map(|curve| curve.rows("trace")).map(Ok))])?;
    print(&format!("{} (on {})\n{}\n", tensors.display(), target.device_name(), gradients.display()))?;
    Ok(0)
}

/// The settings that the file determines.
fn settings(args: &TraceArgs, input: &TraceInput) -> Settings {
    let [seq_len, batch_size, input_size] = [0, 1, 2].map(|axis| input.input.size()[axis] as usize);
    Settings {
        task: "given".into(),
        cell: Some(args.cell),
        engine: Engines::one(args.engine),
        layers: input.parameters.layers.len(),
        input_size,
        hidden_size: input.parameters.hidden_size() as usize,
        seq_len,
        batch_size,
        ..Settings::blank(ExperimentKind::Gradients)
    }
}

fn curve(seq_len: usize, profile: Profile) -> GradientCurve {
    let norms = profile.norms.into_iter().map(|(t, norm)| (t, norm.log10()));
    GradientCurve::new((profile.quantity.to_string(), profile.layer), None, seq_len, norms, Lags::All)
}
