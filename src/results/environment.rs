//! What a number was measured on and with: saved as `environment.json` beside the results.

use std::collections::BTreeMap;
use std::fs;

use serde::Serialize;

/// Versions and machine.
#[derive(Debug, Clone, Serialize)]
pub struct Environment {
    /// Version of this program.
    pub lstm_lab: &'static str,
    /// Git revision that it was built from, `+dirty` where files had been changed, `unknown` outside git.
    pub git_revision: &'static str,
    /// Version of the crate tch.
    pub tch: &'static str,
    /// Version of libtorch, from its headers.
    pub libtorch: &'static str,
    /// `debug` or `release`.
    pub build: &'static str,
    /// The processor's own name.
    pub cpu: String,
    /// Vector extensions that matter here and that the processor has.
    pub cpu_features: String,
    /// Logical processors of the machine.
    pub cores: usize,
    /// Threads that libtorch may use.
    pub threads: usize,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// Operating system and architecture.
    pub os: String,
    /// What the processor's vectors multiply and add at most, GFLOP/s in f32 on these threads; measured for timings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fma_peak_gflops: Option<f64>,
    /// Seconds since 1970 (UTC) at which the program started to run.
    pub unix_time: u64,
    /// `peer_<name>` → versions of the other libraries that were timed, as each says itself.
    #[serde(flatten)]
    pub peers: BTreeMap<String, String>,
}

impl Environment {
    /// This build on this machine; device and threads as resolved.
    pub fn here(device: &str, threads: usize) -> Environment {
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Environment {
            lstm_lab: env!("CARGO_PKG_VERSION"),
            git_revision: env!("LSTM_LAB_GIT"),
            tch: env!("LSTM_LAB_TCH"),
            libtorch: env!("LSTM_LAB_LIBTORCH"),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            cpu: cpu_name(),
            cpu_features: cpu_features().join(" "),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            threads,
            device: device.to_string(),
            os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            fma_peak_gflops: None,
            unix_time: time.map_or(0, |time| time.as_secs()),
            peers: BTreeMap::new(),
        }
    }

    /// As pretty JSON with a final newline.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("plain data");
        format!("{json}\n")
    }
}

/// The processor's name where Linux tells it.
fn cpu_name() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(':'))
        .map_or("unknown".to_string(), |(_, name)| name.trim().to_string())
}

/// The vector extensions that this processor has, of those that kernels are written for.
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

/// The largest resident memory of this process so far, in bytes, where the system tells it (Linux).
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
