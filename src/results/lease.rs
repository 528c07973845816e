//! The content of a lock file: its holder, and the time since which the holder has given no sign of life.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use crate::support::error::{Error, Result};
use crate::support::file::parent;
use crate::support::machine::{boot_id, host_name};

/// The time without a sign of life after which another machine may take a lock over.
pub const EXPIRY: Duration = Duration::from_secs(120);

/// The time between two signs of life.
pub const HEARTBEAT: Duration = Duration::from_secs(10);

/// The present start of this machine.
static BOOT: LazyLock<String> = LazyLock::new(boot_id);

/// The holder of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The name of the machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// The start of the machine.
    boot: String,
    /// The number of the lock among those of the process.
    serial: u64,
}

impl Lease {
    /// The lease of this process with a number of its own.
    pub fn of_this_process(serial: u64) -> Lease {
        Lease { host: host_name(), pid: std::process::id(), boot: BOOT.clone(), serial }
    }

    /// The lease in an open file; `None` if there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(mut file: &File, path: &Path) -> Result<Option<Lease>> {
        let mut text = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut text)).map_err(Error::io("read", path))?;
        let text = String::from_utf8_lossy(&text);
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let lease = || {
            let (host, boot) = (value("host")?.to_string(), value("boot")?.to_string());
            Some(Lease {
                host,
                pid: value("pid")?.parse().ok()?,
                boot,
                serial: value("serial")?.parse().ok()?,
            })
        };
        Ok(lease())
    }

    /// Writes the lease into an open file, which gives a sign of life.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write(&self, mut file: &File, path: &Path) -> Result<()> {
        let Lease { host, pid, boot, serial } = self;
        let text = format!("host {host}\npid {pid}\nboot {boot}\nserial {serial}\n");
        let write = |file: &mut &File| {
            file.rewind()?;
            file.write_all(text.as_bytes())?;
            file.set_len(text.len() as u64)?;
            // A network file system sends what was written when a descriptor is closed. fsync would do so
            // too, but it takes milliseconds on a local disk.
            file.try_clone().map(drop)
        };
        write(&mut file).map_err(Error::io("write", path))
    }

    /// Returns true if the holder is on this machine, which has not been restarted since.
    pub fn is_of_this_machine(&self) -> bool {
        // Not every system numbers its starts.
        self.boot == *BOOT && (!BOOT.is_empty() || self.host == host_name())
    }
}

/// The age of the last sign of life in the file at a path; `None` without a lease there. Both times are
/// those of the file system, so clocks of machines need not agree.
///
/// # Errors
/// The file cannot be read, or the directory cannot be written.
pub fn age(path: &Path) -> Result<Option<Duration>> {
    let now = || {
        let mut probe = tempfile::tempfile_in(parent(path))?;
        probe.write_all(b"now")?;
        probe.sync_data()?;
        probe.metadata()?.modified()
    };
    let now = now().map_err(Error::io("write in", parent(path)))?;
    let age = |(_, sign): (Lease, SystemTime)| now.duration_since(sign).unwrap_or_default();
    Ok(sign_of_life(path)?.map(age))
}

/// The lease in the file at a path and the time of its last sign of life; `None` without a file or without a
/// lease in it.
///
/// # Errors
/// The file cannot be read.
pub fn sign_of_life(path: &Path) -> Result<Option<(Lease, SystemTime)>> {
    // A network file system asks for the true time when the file is opened.
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let sign = file.metadata().and_then(|found| found.modified()).map_err(Error::io("read", path))?;
    Ok(Lease::read(&file, path)?.map(|lease| (lease, sign)))
}

/// The lease in the file at a path; `None` without a file or without a lease in it.
///
/// # Errors
/// The file cannot be read.
pub fn at(path: &Path) -> Result<Option<Lease>> {
    Ok(sign_of_life(path)?.map(|(lease, _)| lease))
}
