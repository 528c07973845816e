//! The memory that this process may use.

use std::fs;
use std::path::{Path, PathBuf};

/// The bytes that this process may use: those of the machine, or a smaller limit of its control group or of
/// the process itself (`ulimit -v`). `None` where the system does not report them.
pub fn limit() -> Option<u64> {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let dirs = group_dirs(&read(Path::new("/proc/self/cgroup")), "memory");
    // The file of either version of control groups.
    let files =
        dirs.iter().flat_map(|dir| ["memory.max", "memory.limit_in_bytes"].map(|name| dir.join(name)));
    let groups = files.filter_map(|path| read(&path).trim().parse().ok());
    let machine = field(&read(Path::new("/proc/meminfo")), "MemTotal:");
    let process = of_process(&read(Path::new("/proc/self/limits")));
    groups.chain(machine).chain(process).min()
}

/// The directories with the limits of control groups, given `/proc/self/cgroup`: that of the group of this
/// process, and those of all groups around it. Both versions of control groups count.
pub fn group_dirs(groups: &str, controller: &str) -> Vec<PathBuf> {
    let fields = |line: &'_ str| {
        let mut fields = line.splitn(3, ':').skip(1);
        Some((fields.next()?.to_string(), fields.next()?.to_string()))
    };
    let mut dirs = Vec::new();
    for (controllers, group) in groups.lines().filter_map(fields) {
        let root = match controllers.as_str() {
            "" => PathBuf::from("/sys/fs/cgroup"),
            names if names.split(',').any(|name| name == controller) => {
                Path::new("/sys/fs/cgroup").join(controller)
            }
            _ => continue,
        };
        let group = root.join(group.trim_start_matches('/'));
        let around = group.ancestors().take_while(|path| path.starts_with(&root));
        dirs.extend(around.map(Path::to_path_buf));
    }
    dirs
}

/// A field of `/proc/meminfo` in bytes.
pub fn field(info: &str, name: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix(name))?;
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
    fn field_and_process_read_the_files_of_the_system() {
        assert_eq!(field("MemFree: 1 kB\n", "MemTotal:"), None);
        assert_eq!(field("MemTotal:       16 kB\nMemFree: 1 kB\n", "MemTotal:"), Some(16 * 1024));
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
    fn group_dirs_are_those_of_the_group_and_of_all_around_it() {
        let of = |text: &str| -> Vec<String> {
            group_dirs(text, "memory").iter().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(of("0::/a/b\n"), ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"]);
        assert_eq!(of("9:cpu:/a\n4:memory:/a\n"), ["/sys/fs/cgroup/memory/a", "/sys/fs/cgroup/memory"]);
    }
}
