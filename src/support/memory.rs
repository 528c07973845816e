//! The memory that this process may use.

use std::fs;
use std::path::{Path, PathBuf};

/// The bytes that this process may use: those of the machine, or a smaller limit of its control group or of
/// the process itself (`ulimit -v`). `None` where the system does not report them.
pub fn limit() -> Option<u64> {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let groups = group_files(&read(Path::new("/proc/self/cgroup")));
    let groups = groups.iter().filter_map(|path| read(path).trim().parse().ok());
    let machine = of_machine(&read(Path::new("/proc/meminfo")));
    let process = of_process(&read(Path::new("/proc/self/limits")));
    groups.chain(machine).chain(process).min()
}

/// The files with the limits of control groups, given `/proc/self/cgroup`: that of the group of this process,
/// and those of all groups around it. Both versions of control groups count.
fn group_files(groups: &str) -> Vec<PathBuf> {
    let fields = |line: &'_ str| {
        let mut fields = line.splitn(3, ':').skip(1);
        Some((fields.next()?.to_string(), fields.next()?.to_string()))
    };
    let mut files = Vec::new();
    for (controllers, group) in groups.lines().filter_map(fields) {
        let (root, name) = match controllers.as_str() {
            "" => ("/sys/fs/cgroup", "memory.max"),
            names if names.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let group = PathBuf::from(root).join(group.trim_start_matches('/'));
        let around = group.ancestors().take_while(|path| path.starts_with(root));
        files.extend(around.map(|path| path.join(name)));
    }
    files
}

/// The memory of the machine, given `/proc/meminfo`.
fn of_machine(info: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The soft limit of the address space, given `/proc/self/limits`; `None` if it is unlimited.
fn of_process(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_machine_and_process_read_the_files_of_the_system() {
        assert_eq!(of_machine("MemFree: 1 kB\n"), None);
        assert_eq!(of_machine("MemTotal:       16 kB\nMemFree: 1 kB\n"), Some(16 * 1024));
        assert_eq!(
            of_process("Max address space         unlimited            unlimited            bytes\n"),
            None
        );
        assert_eq!(
            of_process("Max address space         4096                 unlimited            bytes\n"),
            Some(4096)
        );
    }

    #[test]
    fn group_files_are_those_of_the_group_and_of_all_around_it() {
        let of = |text: &str| -> Vec<String> {
            group_files(text).iter().map(|path| path.display().to_string()).collect()
        };
        let second =
            ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/memory.max"];
        assert_eq!(of("0::/a/b\n"), second);
        let first =
            ["/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
        assert_eq!(of("9:cpu:/a\n4:memory:/a\n"), first);
    }
}
