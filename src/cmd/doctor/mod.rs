//! `lstm-lab doctor`: versions, machine, devices, the speed of a large matrix product, and what makes timings
//! unreliable.

mod cuda;

use std::fmt::Write;
use std::time::Instant;

use serde::Serialize;
use tch::{Kind, Tensor};

use self::cuda::CudaFindings;
use crate::cli::DoctorArgs;
use crate::device;
use crate::engine;
use crate::random::{self, Purpose};
use crate::results::environment::Environment;
use crate::run::ExecTarget;
use crate::run::isa::VARIABLE;
use crate::support::disturbance::Counters;
use crate::support::error::Result;
use crate::support::machine::Machine;
use crate::support::progress::print;
use crate::support::text::{bytes, number};

/// Everything that the command finds.
#[derive(Serialize)]
struct Findings {
    #[serde(flatten)]
    environment: Environment,
    /// True if the user forces the instruction set of the engine `simd`.
    isa_forced: bool,
    #[serde(flatten)]
    cuda: CudaFindings,
    #[serde(flatten)]
    machine: Machine,
    fma_peak_f32_gflops: f64,
    /// The rates of reading caches and memory, GB/s.
    l2_read_gbs: f64,
    l3_read_gbs: Option<f64>,
    memory_read_gbs: f64,
    matmul_f32_gflops: f64,
    matmul_f64_gflops: f64,
    /// Bytes that a copy in memory reads and writes per second, in units of 2^30.
    copy_gib_per_second: f64,
    /// The share of all processors' time that the hypervisor gave to other machines, during the measurements.
    stolen_share: Option<f64>,
    /// The properties of this machine that make timings unreliable.
    timing_problems: Vec<String>,
}

/// Prints versions, machine, devices, and the speed of a large matrix product.
pub fn doctor(args: &DoctorArgs) -> Result<u8> {
    let target = args.target.resolve()?;
    let found = find(target);
    if args.json {
        let json = serde_json::to_string_pretty(&found).expect("plain data");
        print(&format!("{json}\n"))?;
    } else {
        print(&in_words(&found, target))?;
    }
    Ok(0)
}

fn find(target: ExecTarget) -> Findings {
    let environment = target.environment();
    // The measurements below are a load themselves.
    let (machine, counters) = (Machine::now(), Counters::now());
    let fma_peak_f32_gflops = engine::fma_peak(target.isa, target.threads);
    let reads = engine::read_rates(target.isa, target.threads);
    let [matmul_f32_gflops, matmul_f64_gflops] = [Kind::Float, Kind::Double].map(|kind| gflops(target, kind));
    let copy_gib_per_second = copy_speed(target);
    let stolen_share = counters.disturbance().stolen_share;
    let mut timing_problems = machine.timing_problems(environment.threads, environment.cores, stolen_share);
    if environment.build == "debug" {
        timing_problems.push("this is a debug build, in which the engine `simd` is slow".to_string());
    }
    Findings {
        environment,
        isa_forced: engine::forced_isa().is_some(),
        cuda: CudaFindings::here(),
        machine,
        fma_peak_f32_gflops,
        l2_read_gbs: reads.l2,
        l3_read_gbs: reads.l3,
        memory_read_gbs: reads.memory,
        matmul_f32_gflops,
        matmul_f64_gflops,
        copy_gib_per_second,
        stolen_share,
        timing_problems,
    }
}

fn in_words(found: &Findings, target: ExecTarget) -> String {
    let (here, machine) = (&found.environment, &found.machine);
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
    found.cuda.lines().into_iter().for_each(|(name, value)| line(&name, value));
    line("device", here.device.clone());
    let forced = if found.isa_forced { format!(", forced by {VARIABLE}") } else { String::new() };
    line("isa", format!("{} ({}){forced}; available: {}", here.isa, target.isa.name(), here.isa_available));
    line("libtorch isa", here.libtorch_isa.clone());
    let size = |amount: Option<u64>| amount.map_or("unknown".to_string(), |amount| bytes(amount as f64));
    let [total, available, limit] =
        [machine.memory_total, machine.memory_available, machine.memory_limit].map(size);
    line("memory", format!("{total}, {available} available; limit of this process {limit}"));
    line("load average", machine.load_average.map_or("unknown".to_string(), number));
    line("governor", machine.governor.clone().unwrap_or("unknown".to_string()));
    line("cpu quota", machine.cpu_quota.map_or("none".to_string(), |quota| format!("{quota} processors")));
    let peak = found.fma_peak_f32_gflops;
    line("fma peak f32", format!("{peak:.0} GFLOP/s (multiply-adds in registers)"));
    let reads =
        [("L2", Some(found.l2_read_gbs)), ("L3", found.l3_read_gbs), ("memory", Some(found.memory_read_gbs))];
    let reads = reads.into_iter().filter_map(|(name, rate)| Some(format!("{name} {:.0} GB/s", rate?)));
    line("reads", reads.collect::<Vec<_>>().join(", "));
    for (name, gflops) in [("f32", found.matmul_f32_gflops), ("f64", found.matmul_f64_gflops)] {
        line(&format!("matmul {name}"), format!("{gflops:.0} GFLOP/s (1024 × 1024 × 1024)"));
    }
    line("copy", format!("{:.1} GiB/s, read and written (128 MiB)", found.copy_gib_per_second));
    match found.timing_problems.as_slice() {
        [] => line("timings", "nothing was found that disturbs them".to_string()),
        problems => problems.iter().for_each(|problem| line("timings", format!("unreliable: {problem}"))),
    }
    out
}

/// The best speed of a square matrix product within a quarter of a second.
fn gflops(target: ExecTarget, kind: Kind) -> f64 {
    const SIZE: i64 = 1024;
    let mut rng = random::stream(1, Purpose::Input);
    let mut matrix = || random::normal(&mut rng, &[SIZE, SIZE], kind, target.device);
    let (a, b) = (matrix(), matrix());
    2.0 * (SIZE as f64).powi(3) / best_seconds(target, || drop(a.matmul(&b))) / 1e9
}

/// The best speed of a copy that no cache holds, within a quarter of a second.
fn copy_speed(target: ExecTarget) -> f64 {
    const NUMBERS: i64 = 1 << 25;
    let ones = || Tensor::ones([NUMBERS], (Kind::Float, target.device));
    let (from, mut to) = (ones(), ones());
    let seconds = best_seconds(target, || to.copy_(&from));
    // A copy reads and writes each f32.
    (2 * 4 * NUMBERS) as f64 / seconds / f64::from(1 << 30)
}

/// The shortest time of an operation within a quarter of a second.
fn best_seconds(target: ExecTarget, mut operation: impl FnMut()) -> f64 {
    let mut time = || {
        device::synchronize(target.device);
        let start = Instant::now();
        operation();
        device::synchronize(target.device);
        start.elapsed().as_secs_f64()
    };
    let begin = Instant::now();
    let mut best = time();
    while begin.elapsed().as_secs_f64() < 0.25 {
        best = best.min(time());
    }
    best
}
