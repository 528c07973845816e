//! The state of the machine, as far as it decides how reliable timings are.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::memory;
use crate::support::text::number;

/// Average load from which on other programs disturb timings: half a processor.
const MAX_LOAD: f64 = 0.5;

/// Share of stolen time from which on other machines disturb timings.
const MAX_STEAL: f64 = 0.02;

/// The state of the machine. A value that the system does not report is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Machine {
    /// Memory of the machine, bytes.
    pub memory_total: Option<u64>,
    /// Memory that programs can have without swapping, bytes.
    pub memory_available: Option<u64>,
    /// The memory that this process may use, bytes.
    pub memory_limit: Option<u64>,
    /// The load average over one minute.
    pub load_average: Option<f64>,
    /// The governor that sets the frequency of the first processor.
    pub governor: Option<String>,
    /// Processors' worth of time that the control groups of this process allow; `None` without a limit.
    pub cpu_quota: Option<f64>,
}

impl Machine {
    /// Reads the files of Linux.
    pub fn now() -> Machine {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let info = read("/proc/meminfo");
        let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
        Machine {
            memory_total: memory::field(&info, "MemTotal:"),
            memory_available: memory::field(&info, "MemAvailable:"),
            memory_limit: memory::limit(),
            load_average: read("/proc/loadavg").split(' ').next().and_then(|word| word.parse().ok()),
            governor: Some(governor.trim().to_string()).filter(|name| !name.is_empty()),
            cpu_quota: quota(&read("/proc/self/cgroup")),
        }
    }

    /// The properties that make timings on this many threads unreliable, each in one sentence. `stolen` is
    /// the share of time that the hypervisor gave to other machines.
    pub fn timing_problems(&self, threads: usize, cores: usize, stolen: Option<f64>) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(load) = self.load_average.filter(|load| *load > MAX_LOAD) {
            problems.push(format!("other programs run: the load average is {load}"));
        }
        if let Some(governor) = self.governor.as_ref().filter(|governor| *governor != "performance") {
            problems.push(format!("the frequency changes: the governor is `{governor}`, not `performance`"));
        }
        if let Some(stolen) = stolen.filter(|stolen| *stolen > MAX_STEAL) {
            let percent = 100.0 * stolen;
            problems.push(format!("the hypervisor took {percent:.0} % of the processors' time away"));
        }
        if let Some(quota) = self.cpu_quota.filter(|quota| *quota < threads as f64) {
            let quota = number(quota);
            problems
                .push(format!("the control group allows {quota} processors, fewer than {threads} threads"));
        }
        if threads > cores {
            problems.push(format!("{threads} threads share {cores} processors"));
        }
        problems
    }
}

/// The name of this machine in its network.
pub fn host_name() -> String {
    let name =
        fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    name.map_or_else(|| "unknown".to_string(), |name| name.trim().to_string())
}

/// The number of the present start of this machine; empty if the system has none.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_string()
}

/// The smallest limit of the control groups around this process, given `/proc/self/cgroup`.
fn quota(groups: &str) -> Option<f64> {
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    let of_dir = |dir: &PathBuf| {
        let first = || ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map(|name| read(dir.join(name))).join(" ");
        share(&read(dir.join("cpu.max"))).or_else(|| share(&first()))
    };
    memory::group_dirs(groups, "cpu").iter().filter_map(of_dir).min_by(f64::total_cmp)
}

/// Processors' worth of time, given a quota and a period: `200000 100000` is 2. `max` and −1 are no limit.
fn share(text: &str) -> Option<f64> {
    let mut words = text.split_whitespace().map(str::parse::<f64>);
    let (quota, period) = (words.next()?.ok()?, words.next()?.ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_of_a_quota_is_in_processors() {
        assert_eq!(share("200000 100000\n"), Some(2.0));
        assert_eq!(share("50000\n 100000\n"), Some(0.5));
        assert_eq!([share("max 100000\n"), share("-1 100000"), share("")], [None, None, None]);
    }

    #[test]
    fn timing_problems_names_each_disturbance() {
        let quiet = Machine {
            memory_total: None,
            memory_available: None,
            memory_limit: None,
            load_average: Some(0.4),
            governor: Some("performance".into()),
            cpu_quota: Some(4.0),
        };
        assert_eq!(quiet.timing_problems(4, 4, Some(0.01)), [""; 0]);
        let busy = Machine {
            load_average: Some(2.5),
            governor: Some("powersave".into()),
            cpu_quota: Some(1.5),
            ..quiet
        };
        let expected = [
            "other programs run: the load average is 2.5",
            "the frequency changes: the governor is `powersave`, not `performance`",
            "the hypervisor took 10 % of the processors' time away",
            "the control group allows 1.5 processors, fewer than 4 threads",
            "4 threads share 2 processors",
        ];
        assert_eq!(busy.timing_problems(4, 2, Some(0.1)), expected);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn now_on_linux_has_memory_and_load() {
        let machine = Machine::now();
        let (total, available) = (machine.memory_total.unwrap(), machine.memory_available.unwrap());
        assert!(available > 0 && available <= total);
        assert!(machine.load_average.is_some_and(|load| load >= 0.0));
    }
}
