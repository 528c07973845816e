//! The device and the CPU threads that runs are executed on.

use tch::Device;

use crate::device::{self, DeviceChoice};
use crate::support::error::Result;

/// A device, and a number of CPU threads for libtorch.
#[derive(Debug, Clone, Copy)]
pub struct ExecTarget {
    /// The device.
    pub device: Device,
    /// CPU threads that libtorch may use.
    pub threads: usize,
}

impl ExecTarget {
    /// Resolves a choice of device and sets libtorch's number of threads; `None` keeps libtorch's own
    /// number.
    ///
    /// # Errors
    /// libtorch reports no such device.
    pub fn resolve(device: DeviceChoice, threads: Option<u16>) -> Result<ExecTarget> {
        let device = device::resolve(device)?;
        if let Some(threads) = threads {
            tch::set_num_threads(i32::from(threads));
        }
        Ok(ExecTarget { device, threads: usize::try_from(tch::get_num_threads()).unwrap_or(1) })
    }

    /// The device's name in configs and CSV files.
    pub fn device_name(&self) -> String {
        device::name(self.device)
    }
}
