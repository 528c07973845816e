//! `lstm-lab doctor`: what this program runs on, and how fast that multiplies.

use std::fmt::Write;
use std::time::Instant;

use tch::{Kind, Tensor};

use super::place;
use crate::cli::DoctorArgs;
use crate::device;
use crate::engine;
use crate::random::{self, Purpose};
use crate::results::environment::Environment;
use crate::run::kinds::Place;
use crate::support::error::Result;
use crate::support::progress::print;
use crate::support::text::counted;

/// Prints versions, machine, devices, and the rate of a large matrix product.
pub fn doctor(args: &DoctorArgs) -> Result<u8> {
    let place = place(args.place)?;
    let here = Environment::here(&device::name(place.device), place.threads);
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
            // Without a driver libtorch denies having CUDA, so the two cannot be told apart here.
            0 => "no device (no driver, or a libtorch without CUDA: scripts/setup --cuda)".to_string(),
            count => {
                format!("{}, cuDNN {}", counted(count, "device"), tch::Cuda::cudnn_is_available())
            }
        },
    );
    line("device", here.device.clone());
    line("engine simd", engine::simd_instructions().to_string());
    line(
        "fma peak f32",
        format!("{:.0} GFLOP/s (multiply-adds in registers)", engine::fma_peak(place.threads)),
    );
    for (name, kind) in [("f32", Kind::Float), ("f64", Kind::Double)] {
        line(&format!("matmul {name}"), format!("{:.0} GFLOP/s (1024 × 1024 × 1024)", gflops(place, kind)));
    }
    print(&out)?;
    Ok(0)
}

/// The best rate of a square product over a quarter of a second.
fn gflops(place: Place, kind: Kind) -> f64 {
    const SIZE: i64 = 1024;
    let mut rng = random::stream(1, Purpose::Input);
    let mut matrix = || random::normal(&mut rng, &[SIZE, SIZE], kind, place.device);
    let (a, b) = (matrix(), matrix());
    let product = || {
        device::synchronize(place.device);
        let start = Instant::now();
        let product: Tensor = a.matmul(&b);
        device::synchronize(place.device);
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
