//! Devices and dtypes. Only this file contains names of devices.

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

/// The choice of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// CUDA if libtorch reports it, otherwise the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A CUDA device by its number, from 0.
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

/// Returns the device of a choice on this machine.
///
/// # Errors
/// [`Error::NoDevice`] if libtorch does not report the CUDA device.
pub fn resolve(choice: DeviceChoice) -> Result<Device> {
    let devices = cuda_devices();
    match choice {
        DeviceChoice::Auto if devices > 0 => Ok(Device::Cuda(0)),
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Cuda(index) if index < devices => Ok(Device::Cuda(index)),
        DeviceChoice::Cuda(index) => Err(Error::NoDevice { index, found: devices }),
    }
}

/// Returns the number of CUDA devices that libtorch reports.
pub fn cuda_devices() -> usize {
    if tch::utils::has_cuda() { usize::try_from(tch::Cuda::device_count()).unwrap_or(0) } else { 0 }
}

/// Returns the CPU.
pub fn cpu() -> Device {
    Device::Cpu
}

/// Returns the number of a CUDA device as libtorch counts them; `None` for the CPU.
pub fn cuda_index(device: Device) -> Option<i8> {
    match device {
        Device::Cuda(index) => i8::try_from(index).ok(),
        _ => None,
    }
}

/// Returns the name of a device in configs and CSV files: `cpu` or `cuda:N`.
pub fn name(device: Device) -> String {
    match device {
        Device::Cpu => "cpu".to_string(),
        Device::Cuda(index) => format!("cuda:{index}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Waits until the device has finished all its work. A clock that is read afterwards includes this work.
pub fn synchronize(device: Device) {
    if let Device::Cuda(index) = device {
        tch::Cuda::synchronize(index as i64);
    }
}

/// Returns the name of a dtype: `f32`, `f64`, or libtorch's name for another dtype.
pub fn dtype_name(kind: Kind) -> String {
    match kind {
        Kind::Float => Dtype::F32.to_string(),
        Kind::Double => Dtype::F64.to_string(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Returns tch's name of a dtype.
pub fn kind(dtype: Dtype) -> Kind {
    match dtype {
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
    }
}
