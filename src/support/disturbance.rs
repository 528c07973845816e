//! The disturbance of a round by the rest of the machine, from the files that Linux has in `/proc`.

use std::fs;
use std::path::Path;

/// Counters of the system at one moment. A counter that the system does not report is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counters {
    /// Ticks of all processors' time since the start: stolen by the hypervisor, and in total.
    ticks: Option<(u64, u64)>,
    /// Involuntary context switches of all threads of this process.
    switches: Option<u64>,
}

/// The disturbance during a round.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Disturbance {
    /// The load average over one minute, at the end.
    pub load_average: Option<f64>,
    /// The share of all processors' time that the hypervisor gave to other machines.
    pub stolen_share: Option<f64>,
    /// Involuntary context switches of all threads of this process.
    pub context_switches: Option<u64>,
}

impl Counters {
    /// Reads the counters.
    pub fn now() -> Counters {
        let stat = fs::read_to_string("/proc/stat").ok();
        Counters { ticks: stat.and_then(|text| ticks(&text)), switches: switches() }
    }

    /// The disturbance since these counters were read.
    pub fn disturbance(&self) -> Disturbance {
        let load = fs::read_to_string("/proc/loadavg").ok();
        let load_average = load.and_then(|text| text.split_whitespace().next()?.parse().ok());
        Disturbance { load_average, ..self.until(&Counters::now()) }
    }

    fn until(&self, later: &Counters) -> Disturbance {
        let share = |((stolen, total), (stolen_later, total_later)): ((u64, u64), (u64, u64))| {
            let elapsed = total_later.saturating_sub(total);
            (elapsed > 0).then(|| stolen_later.saturating_sub(stolen) as f64 / elapsed as f64)
        };
        let switches = self.switches.zip(later.switches);
        Disturbance {
            load_average: None,
            stolen_share: self.ticks.zip(later.ticks).and_then(share),
            // The count of a thread that has ended is missing later.
            context_switches: switches.map(|(before, after)| after.saturating_sub(before)),
        }
    }
}

/// Stolen and total ticks in the text of `/proc/stat`.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    // user, nice, system, idle, iowait, irq, softirq, steal; guest time, which follows, is part of user.
    let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|word| word.parse().ok()).collect();
    (ticks.len() == 8).then(|| (ticks[7], ticks.iter().sum()))
}

fn switches() -> Option<u64> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    // A thread may end while its file is looked for.
    let status = |path: &Path| fs::read_to_string(path.join("status")).ok();
    let counts = threads.filter_map(|thread| switches_of(&status(&thread.ok()?.path())?));
    Some(counts.sum())
}

/// The number in the text of a thread's `status`.
fn switches_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_proc_stat_are_steal_and_total_of_all_processors() {
        let text = "cpu  100 20 30 400 5 6 7 80 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(ticks(text), Some((80, 648)));
        assert_eq!(ticks("cpu  1 2 3 4\n"), None, "a kernel without steal");
        assert_eq!(ticks("intr 1\n"), None);
        assert_eq!(switches_of("Name:\tx\nnonvoluntary_ctxt_switches:\t12\n"), Some(12));
    }

    #[test]
    fn until_later_counters_is_a_share_and_a_difference() {
        let at =
            |stolen, total, switches| Counters { ticks: Some((stolen, total)), switches: Some(switches) };
        let found = at(10, 1000, 5).until(&at(30, 1100, 8));
        assert_eq!((found.stolen_share, found.context_switches), (Some(0.2), Some(3)));
        let found = at(10, 1000, 5).until(&at(10, 1000, 4));
        assert_eq!((found.stolen_share, found.context_switches), (None, Some(0)), "no tick has passed");
        let unknown = Counters { ticks: None, switches: None };
        assert_eq!(unknown.until(&unknown), Disturbance::default());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn disturbance_on_linux_has_a_load_and_switches() {
        let found = Counters::now().disturbance();
        assert!(found.load_average.is_some_and(|load| load >= 0.0), "{found:?}");
        assert!(found.context_switches.is_some(), "{found:?}");
        assert!(found.stolen_share.is_none_or(|share| (0.0..=1.0).contains(&share)), "{found:?}");
    }
}
