//! The CUDA part of `lstm-lab doctor`.

use std::fs;

use serde::Serialize;

use crate::cuda::{self, Driver};
use crate::device;
use crate::support::text::{bytes, pluralize};

/// The driver, the devices and libtorch's libraries for them.
#[derive(Serialize)]
pub struct CudaFindings {
    /// The number of devices that libtorch reports.
    cuda_devices: usize,
    cudnn: bool,
    cudnn_version: Option<String>,
    tf32: bool,
    /// The version of NVIDIA's driver.
    nvidia_driver: Option<String>,
    cuda_driver: Option<Driver>,
    /// The reason for which the driver's library does not answer.
    cuda_driver_error: Option<String>,
}

impl CudaFindings {
    /// Asks libtorch and the driver.
    pub fn here() -> CudaFindings {
        let driver = Driver::read(cuda::LIBRARY);
        CudaFindings {
            cuda_devices: device::cuda_devices(),
            cudnn: tch::Cuda::cudnn_is_available(),
            cudnn_version: cuda::cudnn_version(),
            tf32: cuda::is_tf32_allowed(),
            nvidia_driver: fs::read_to_string("/sys/module/nvidia/version")
                .ok()
                .map(|text| text.trim().into()),
            cuda_driver_error: driver.as_ref().err().cloned(),
            cuda_driver: driver.ok(),
        }
    }

    /// Names and texts of lines: one for CUDA, and one for each device of the driver.
    pub fn lines(&self) -> Vec<(String, String)> {
        let mut lines = vec![("cuda".to_string(), self.summary())];
        let cards = self.cuda_driver.iter().flat_map(|driver| &driver.cards).enumerate();
        lines.extend(cards.map(|(n, card)| {
            let memory = bytes(card.memory as f64);
            let about = format!("{}, {memory}, compute capability {}", card.name, card.compute_capability);
            (format!("cuda:{n}"), about)
        }));
        lines
    }

    fn summary(&self) -> String {
        let version = self.nvidia_driver.as_deref().unwrap_or("of unknown version");
        match (self.cuda_devices, &self.cuda_driver) {
            (0, None) => {
                let reason = self.cuda_driver_error.as_deref().unwrap_or_default();
                format!("no device, and no driver: {reason}")
            }
            (0, Some(Driver { cuda, cards })) => format!(
                "no device for libtorch, but {} of the driver {version} (for CUDA up to {cuda}): expected a \
                 libtorch with CUDA (scripts/setup --cuda)",
                pluralize(cards.len(), "device")
            ),
            (count, driver) => {
                let cuda = driver.as_ref().map_or("unknown", |driver| &driver.cuda);
                let cudnn = self.cudnn_version.as_deref().unwrap_or("is not there");
                let tf32 = if self.tf32 { "on" } else { "off" };
                format!(
                    "{}, driver {version} (for CUDA up to {cuda}), cuDNN {cudnn}, TF32 {tf32}",
                    pluralize(count, "device")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuda::Card;

    #[test]
    fn lines_say_what_is_there_and_what_is_missing() {
        let none = || CudaFindings {
            cuda_devices: 0,
            cudnn: false,
            cudnn_version: None,
            tf32: false,
            nvidia_driver: None,
            cuda_driver: None,
            cuda_driver_error: Some("libcuda.so.1: no such file".into()),
        };
        let card =
            |name: &str| Card { name: name.into(), memory: 140 << 30, compute_capability: "9.0".into() };
        let driver = || Some(Driver { cuda: "13.0".into(), cards: vec![card("H200"), card("H100")] });
        let texts = |found: CudaFindings| {
            found.lines().into_iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>()
        };
        assert_eq!(texts(none()), ["cuda: no device, and no driver: libcuda.so.1: no such file"]);
        let without_libtorch = CudaFindings { cuda_driver: driver(), ..none() };
        assert_eq!(
            texts(without_libtorch)[0],
            "cuda: no device for libtorch, but 2 devices of the driver of unknown version (for CUDA up to \
             13.0): expected a libtorch with CUDA (scripts/setup --cuda)"
        );
        let whole = CudaFindings {
            cuda_devices: 2,
            cudnn: true,
            cudnn_version: Some("9.19.0".into()),
            nvidia_driver: Some("580.1".into()),
            cuda_driver: driver(),
            ..none()
        };
        assert_eq!(
            texts(whole),
            [
                "cuda: 2 devices, driver 580.1 (for CUDA up to 13.0), cuDNN 9.19.0, TF32 off",
                "cuda:0: H200, 140 GiB, compute capability 9.0",
                "cuda:1: H100, 140 GiB, compute capability 9.0",
            ]
        );
    }
}
