//! The machine that runs are planned for.

/// The properties of a machine that a plan depends on.
#[derive(Debug, Clone)]
pub struct Machine {
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// CPU threads that libtorch may use.
    pub threads: usize,
    /// Short name of the instruction set of the engine `simd`.
    pub isa: &'static str,
    /// True if the user forces the instruction set. Timings are then those of other runs.
    pub isa_is_forced: bool,
    /// The bytes of memory that a run may use, on CUDA those of the card; `None` if they are unknown.
    pub memory: Option<u64>,
}

impl Machine {
    /// A machine whose instruction set the user does not force, and whose memory is unknown.
    pub fn new(device: &str, threads: usize, isa: &'static str) -> Machine {
        Machine { device: device.to_string(), threads, isa, isa_is_forced: false, memory: None }
    }
}
