//! `lstm-lab trace`: one sequence through given layers.

use std::fs;

use super::place;
use crate::cli::TraceArgs;
use crate::device;
use crate::error::{Error, Result};
use crate::probe::Norm;
use crate::probe::adjoint::Profile;
use crate::results::schema::GradientRow;
use crate::results::write_csv;
use crate::tensors;
use crate::trace::Given;
use crate::ui::print;

/// Writes trace.safetensors and gradients.csv.
pub fn trace(args: &TraceArgs) -> Result<u8> {
    let place = place(args.place)?;
    let given = Given::new(args.cell, tensors::read(&args.file)?, &args.file, place.device)?;
    fs::create_dir_all(&args.out).map_err(|cause| Error::OutDir { path: args.out.clone(), cause })?;
    let traced = given.trace(args.engine)?;
    let rows: Vec<GradientRow> =
        traced.profiles.iter().flat_map(|profile| rows(args, &given, profile)).collect();
    let (tensors, gradients) = (args.out.join("trace.safetensors"), args.out.join("gradients.csv"));
    tensors::write(&tensors, &traced.tensors, None)?;
    write_csv(&gradients, &rows)?;
    print(&format!("{} (on {})\n{}\n", tensors.display(), device::name(place.device), gradients.display()));
    Ok(0)
}

fn rows<'a>(
    args: &'a TraceArgs,
    given: &'a Given,
    profile: &'a Profile,
) -> impl Iterator<Item = GradientRow> + 'a {
    let (seq_len, batch_size) = (given.input.size()[0] as usize, given.input.size()[1] as usize);
    profile.norms.iter().map(move |&(t, norm)| GradientRow {
        run_id: "trace".into(),
        cell: args.cell.to_string(),
        engine: args.engine.to_string(),
        init: "given".into(),
        task: "given".into(),
        hidden_size: given.parameters.hidden_size() as usize,
        seq_len,
        batch_size,
        seed: 0,
        quantity: profile.quantity.to_string(),
        t,
        lag: seq_len - t,
        log10_norm: norm.log10(),
        zero: norm == Norm::Zero,
        layer: profile.layer,
        step: None,
    })
}
