//! `lstm-lab doctor`: versions, machine, devices, and the speed of a large matrix product.

use std::fmt::Write;
use std::time::Instant;

use tch::{Kind, Tensor};

use crate::cli::DoctorArgs;
use crate::device;
use crate::engine;
use crate::random::{self, Purpose};
use crate::run::ExecTarget;
use crate::run::isa::VARIABLE;
use crate::support::error::Result;
use crate::support::progress::print;
use crate::support::text::pluralize;

/// Prints versions, machine, devices, and the speed of a large matrix product.
pub fn doctor(args: &DoctorArgs) -> Result<u8> {
    let target = args.target.resolve()?;
    let here = target.environment();
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "{name:14} {value}");
    };
    line("lstm-lab", format!("{} ({}, {} build)", here.lstm_lab, here.git_revision, here.build));
    line("tch", here.tch.to_string());
    line("libtorch", here.libtorch.to_string());
    line("system", here.os.clone());
    line("cpu", format!("{} ({} cores; {})", here.cpu, here.cores, here.cpu_features));
    line("threads", here.threads.to_string());
    line(
        "cuda",
        match device::cuda_devices() {
            // libtorch reports a missing driver and a missing CUDA build in the same way.
            0 => "no device (no driver, or a libtorch without CUDA: scripts/setup --cuda)".to_string(),
            count => {
                format!("{}, cuDNN {}", pluralize(count, "device"), tch::Cuda::cudnn_is_available())
            }
        },
    );
    line("device", here.device.clone());
    let forced =
        if engine::forced_isa().is_some() { format!(", forced by {VARIABLE}") } else { String::new() };
    line("isa", format!("{} ({}){forced}; available: {}", here.isa, target.isa.name(), here.isa_available));
    line("libtorch isa", here.libtorch_isa.clone());
    let peak = engine::fma_peak(target.isa, target.threads);
    line("fma peak f32", format!("{peak:.0} GFLOP/s (multiply-adds in registers)"));
    for (name, kind) in [("f32", Kind::Float), ("f64", Kind::Double)] {
        line(&format!("matmul {name}"), format!("{:.0} GFLOP/s (1024 × 1024 × 1024)", gflops(target, kind)));
    }
    print(&out)?;
    Ok(0)
}

/// The best speed of a square matrix product within a quarter of a second.
fn gflops(target: ExecTarget, kind: Kind) -> f64 {
    const SIZE: i64 = 1024;
    let mut rng = random::stream(1, Purpose::Input);
    let mut matrix = || random::normal(&mut rng, &[SIZE, SIZE], kind, target.device);
    let (a, b) = (matrix(), matrix());
    let product = || {
        device::synchronize(target.device);
        let start = Instant::now();
        let product: Tensor = a.matmul(&b);
        device::synchronize(target.device);
        drop(product);
        start.elapsed().as_secs_f64()
    };
    let begin = Instant::now();
    let mut best = product();
    while begin.elapsed().as_secs_f64() < 0.25 {
        best = best.min(product());
    }
    2.0 * (SIZE as f64).powi(3) / best / 1e9
}
