//! `lstm-lab trace`: one sequence through given layers.

use std::fs;

use crate::cli::TraceArgs;
use crate::diagnostics::Profile;
use crate::results::GradientCurve;
use crate::results::schema::GradientRow;
use crate::safetensors_io;
use crate::support::error::{Error, Result};
use crate::support::file::write_csv;
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
    let curves = traced.profiles.into_iter().map(|profile| curve(args, &input, profile));
    let curves: Vec<GradientCurve> = curves.collect();
    let (tensors, gradients) = (args.out.join("trace.safetensors"), args.out.join("gradients.csv"));
    safetensors_io::write(&tensors, &traced.tensors, None)?;
    write_csv(&gradients, curves.iter().flat_map(GradientCurve::rows))?;
    print(&format!("{} (on {})\n{}\n", tensors.display(), target.device_name(), gradients.display()))?;
    Ok(0)
}

fn curve(args: &TraceArgs, input: &TraceInput, profile: Profile) -> GradientCurve {
    let (seq_len, batch_size) = (input.input.size()[0] as usize, input.input.size()[1] as usize);
    GradientCurve {
        common: GradientRow {
            run_id: "trace".into(),
            cell: args.cell.to_string(),
            engine: args.engine.to_string(),
            init: "given".into(),
            task: "given".into(),
            hidden_size: input.parameters.hidden_size() as usize,
            seq_len,
            batch_size,
            quantity: profile.quantity.to_string(),
            layer: profile.layer,
            ..GradientRow::default()
        },
        last: seq_len,
        norms: profile.norms.into_iter().map(|(t, norm)| (t, norm.log10())).collect(),
    }
}
