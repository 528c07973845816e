//! The machine and the versions that results were measured with, saved as `environment.json`.

use std::collections::BTreeMap;
use std::fs;

use serde::Serialize;

use crate::engine::Isa;

/// Versions and machine.
#[derive(Debug, Clone, Serialize)]
pub struct Environment {
    /// Version of this program.
    pub lstm_lab: &'static str,
    /// Git revision of the build, with `+dirty` if files had been changed; `unknown` outside git.
    pub git_revision: &'static str,
    /// Version of the crate tch.
    pub tch: &'static str,
    /// Version of libtorch, from its headers.
    pub libtorch: &'static str,
    /// `debug` or `release`.
    pub build: &'static str,
    /// The processor's name.
    pub cpu: String,
    /// Vector extensions of the processor that kernels are written for.
    pub cpu_features: String,
    /// Short name of the instruction set of the engine `simd`.
    pub isa: &'static str,
    /// Short names of the instruction sets that `LSTM_LAB_ISA` may force on this processor, the fastest
    /// first.
    pub isa_available: String,
    /// Libtorch's name of the instruction set of its own kernels.
    pub libtorch_isa: String,
    /// Logical processors of the machine.
    pub cores: usize,
    /// Threads that libtorch may use.
    pub threads: usize,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// Variables of glibc's allocator in the processes that time engines.
    pub speed_allocator: String,
    /// Operating system and architecture.
    pub os: String,
    /// Start of the program, in seconds since 1970 (UTC).
    pub unix_time: u64,
    /// `framework_<name>` → versions that the framework reports.
    #[serde(flatten)]
    pub frameworks: BTreeMap<String, String>,
}

impl Environment {
    /// The environment of this build on this machine. The arguments are the resolved device, the number of
    /// threads, the instruction set of the engine `simd`, and that of libtorch's own kernels.
    pub fn here(device: &str, threads: usize, isa: Isa, libtorch_isa: String) -> Environment {
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Environment {
            lstm_lab: env!("CARGO_PKG_VERSION"),
            git_revision: env!("LSTM_LAB_GIT"),
            tch: env!("LSTM_LAB_TCH"),
            libtorch: env!("LSTM_LAB_LIBTORCH"),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            cpu: cpu_name(),
            cpu_features: cpu_features().join(" "),
            isa: isa.id(),
            isa_available: Isa::available().iter().map(|isa| isa.id()).collect::<Vec<_>>().join(" "),
            libtorch_isa,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            threads,
            device: device.to_string(),
            speed_allocator: String::new(),
            os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            unix_time: time.map_or(0, |time| time.as_secs()),
            frameworks: BTreeMap::new(),
        }
    }

    /// Returns indented JSON with a final newline.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("plain data");
        format!("{json}\n")
    }
}

/// The processor's name on Linux; `unknown` elsewhere.
fn cpu_name() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(':'))
        .map_or("unknown".to_string(), |(_, name)| name.trim().to_string())
}

/// Vector extensions of this processor that kernels are written for.
pub fn cpu_features() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        let known = [
            ("avx2", is_x86_feature_detected!("avx2")),
            ("fma", is_x86_feature_detected!("fma")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
        ];
        found.extend(known.into_iter().filter(|(_, has)| *has).map(|(name, _)| name));
    }
    #[cfg(target_arch = "aarch64")]
    found.push("neon");
    found
}

/// The peak resident memory of this process in bytes; `None` if the system does not report it.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
