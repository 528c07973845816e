//! The device, the CPU threads and the instruction set that runs are executed with.

use tch::Device;

use super::allocator;
use super::isa::of_libraries;
use crate::cuda;
use crate::device::{self, DeviceChoice};
use crate::engine::{self, Isa};
use crate::plan::Machine;
use crate::results::environment::Environment;
use crate::support::error::Result;
use crate::support::memory;

/// A device, a number of CPU threads for libtorch, and the instruction sets of CPU kernels.
#[derive(Debug, Clone, Copy)]
pub struct ExecTarget {
    /// The device.
    pub device: Device,
    /// CPU threads that libtorch may use.
    pub threads: usize,
    /// The instruction set of the engine `simd`.
    pub isa: Isa,
    /// The short name of the instruction set that `LSTM_LAB_ISA` holds other libraries to; `None` if they
    /// choose their own, and on a GPU.
    pub libraries_isa: Option<&'static str>,
}

impl ExecTarget {
    /// Resolves a choice of device and sets libtorch's number of threads; `None` keeps libtorch's own
    /// number. Forbids TF32, because `builtin` would differ from the other engines on CUDA.
    ///
    /// # Errors
    /// libtorch reports no such device.
    pub fn resolve(device: DeviceChoice, threads: Option<u16>) -> Result<ExecTarget> {
        let device = device::resolve(device)?;
        cuda::forbid_tf32();
        if let Some(threads) = threads {
            tch::set_num_threads(i32::from(threads));
        }
        Ok(ExecTarget {
            device,
            threads: usize::try_from(tch::get_num_threads()).unwrap_or(1),
            isa: engine::isa(),
            libraries_isa: of_libraries().filter(|_| device == device::cpu()),
        })
    }

    /// The device's name in configs and CSV files.
    pub fn device_name(&self) -> String {
        device::name(self.device)
    }

    /// The versions and the machine.
    pub fn environment(&self) -> Environment {
        let here = Environment::here(&self.device_name(), self.threads, self.isa, engine::libtorch_isa());
        Environment { speed_allocator: allocator::described(), ..here }
    }

    /// Begins a new measurement of [`ExecTarget::peak_device_memory`].
    pub fn reset_peak_device_memory(&self) {
        if let Some(index) = device::cuda_index(self.device) {
            cuda::reset_peak_memory(index);
        }
    }

    /// The largest number of bytes that tensors on a CUDA device have had at once since the last reset;
    /// `None` on the CPU.
    pub fn peak_device_memory(&self) -> Option<u64> {
        device::cuda_index(self.device).and_then(cuda::peak_memory)
    }

    /// The machine that a plan is made for.
    pub fn machine(&self) -> Machine {
        Machine {
            isa_is_forced: engine::forced_isa().is_some(),
            memory: match device::cuda_index(self.device) {
                None => memory::limit(),
                Some(index) => cuda::card_memory(index),
            },
            ..Machine::new(&self.device_name(), self.threads, self.isa.id())
        }
    }
}
