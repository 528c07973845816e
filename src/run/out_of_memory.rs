//! libtorch's errors about memory, as an error that names the sizes of the run.

use crate::support::error::Error;
use crate::support::text::bytes;

/// Returns [`Error::OutOfMemory`] with a description of the run if libtorch could not allocate memory, else
/// the error itself.
pub fn with_sizes(error: Error, run: &str) -> Error {
    let message = error.to_string();
    match on_cuda(&message).or_else(|| on_cpu(&message)) {
        Some(request) => Error::OutOfMemory { request, run: run.to_string() },
        None => error,
    }
}

/// Reads the message of libtorch's `OutOfMemoryError`, which is that of CUDA's caching allocator.
fn on_cuda(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("CUDA out of memory. Tried to allocate ")?;
    let (wanted, rest) = rest.split_once(". GPU ")?;
    let (device, rest) = rest.split_once(" has a total capacity of ")?;
    let (total, rest) = rest.split_once(" of which ")?;
    let (free, _) = rest.split_once(" is free")?;
    Some(format!("{wanted} on GPU {device}, which has {free} of {total} free"))
}

/// Reads the message of libtorch's allocator for the CPU.
fn on_cpu(message: &str) -> Option<String> {
    let (_, rest) =
        message.split_once("DefaultCPUAllocator: can't allocate memory: you tried to allocate ")?;
    let wanted = rest.split_once(" bytes")?.0.parse().ok()?;
    Some(format!("{} on the CPU", bytes(wanted)))
}

#[cfg(test)]
mod tests {
    use tch::{Kind, Tensor};

    use super::*;
    use crate::device::cpu;
    use crate::support::panic::catch_panics;

    const RUN: &str = "speed lstm noise T=1000 B=64 I=512 H=512 f32";

    #[test]
    fn with_sizes_reads_the_message_of_cuda() {
        let message = "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 1 has a total capacity of 139.81 \
                       GiB of which 5.06 MiB is free. Process 7 has 139.80 GiB memory in use. Of the \
                       allocated memory 130.00 GiB is allocated by PyTorch.";
        for error in [Error::Panic(message.into()), Error::Timing(format!("process 0: {message}"))] {
            assert_eq!(
                with_sizes(error, RUN).to_string(),
                "out of memory: libtorch asked for 20.00 GiB on GPU 1, which has 5.06 MiB of 139.81 GiB \
                 free, in speed lstm noise T=1000 B=64 I=512 H=512 f32; fewer steps, sequences or units need \
                 less"
            );
        }
    }

    #[test]
    fn with_sizes_reads_what_libtorch_throws_on_the_cpu() {
        let thrown = catch_panics(|| Ok(Tensor::empty([1 << 58], (Kind::Float, cpu())))).unwrap_err();
        let error = with_sizes(thrown, RUN).to_string();
        assert!(
            error.starts_with("out of memory: libtorch asked for 1.0 EiB on the CPU, in speed "),
            "{error}"
        );
    }

    #[test]
    fn with_sizes_keeps_other_errors() {
        let message = "CUDA error: an illegal memory access was encountered";
        assert_eq!(with_sizes(Error::Panic(message.into()), RUN).to_string(), message);
    }
}
