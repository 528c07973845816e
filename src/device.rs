//! The only place that names a device: which one a run uses, and when its work is done.

use std::str::FromStr;

use tch::{Device, Kind};

use crate::error::{Error, Result};
use crate::support::names::names;
use crate::support::text::unknown;

names! {
    /// The floating-point type of every tensor in a run.
    Dtype ("dtype") {
        /// 32 bits
        F32 = "f32",
        /// 64 bits
        F64 = "f64",
    }
}

/// What `--device` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// CUDA where libtorch reports it, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of that number.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse().map_err(|_| format!("expected cuda:N, found cuda:{text}"));
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "cuda" => Ok(DeviceChoice::Cuda(0)),
            _ => match text.strip_prefix("cuda:") {
                Some(index) => Ok(DeviceChoice::Cuda(number(index)?)),
                None => Err(unknown("device", text, ["auto", "cpu", "cuda", "cuda:N"].into_iter())),
            },
        }
    }
}

/// The device that a choice means on this machine.
///
/// # Errors
/// CUDA is asked for and libtorch reports no such device.
pub fn resolve(choice: DeviceChoice) -> Result<Device> {
    let devices = cuda_devices();
    match choice {
        DeviceChoice::Auto if devices > 0 => Ok(Device::Cuda(0)),
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Cuda(index) if index < devices => Ok(Device::Cuda(index)),
        DeviceChoice::Cuda(index) => Err(Error::NoDevice { index, found: devices }),
    }
}

/// How many CUDA devices libtorch sees.
pub fn cuda_devices() -> usize {
    if tch::utils::has_cuda() { usize::try_from(tch::Cuda::device_count()).unwrap_or(0) } else { 0 }
}

/// The CPU, where random numbers are drawn and rows are written.
pub fn cpu() -> Device {
    Device::Cpu
}

/// The name in configs and CSV files: `cpu` or `cuda:N`.
pub fn name(device: Device) -> String {
    match device {
        Device::Cpu => "cpu".to_string(),
        Device::Cuda(index) => format!("cuda:{index}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Waits until all work given to the device is done. A clock is only read after this.
pub fn synchronize(device: Device) {
    if let Device::Cuda(index) = device {
        tch::Cuda::synchronize(index as i64);
    }
}

/// The name of a tensor type: `f32` or `f64` as in configs, libtorch's own for others.
pub fn dtype_name(kind: Kind) -> String {
    match kind {
        Kind::Float => Dtype::F32.to_string(),
        Kind::Double => Dtype::F64.to_string(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// The tensor type of a dtype.
pub fn kind(dtype: Dtype) -> Kind {
    match dtype {
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
    }
}
