//! A contender: an engine of this process, or a framework in its own process.

use super::workload::Workload;
use crate::engine::EngineName;
use crate::run::ExecTarget;
use crate::run::frameworks::Framework;
use crate::settings::names::{FrameworkName, PassName};
use crate::support::error::Result;

/// An engine or a framework that is timed.
pub enum Contender<'a> {
    /// An engine, timed on the workload.
    Engine(&'a Workload, EngineName),
    /// A framework that has loaded the workload.
    Framework(Framework),
}

impl Contender<'_> {
    /// The name in the column `engine`.
    pub fn name(&self) -> &'static str {
        match self {
            Contender::Engine(_, name) => name.as_str(),
            Contender::Framework(framework) => framework.name().as_str(),
        }
    }

    /// The short name of the instruction set; `None` if the contender's libraries choose it.
    pub fn isa(&self, target: ExecTarget) -> Option<&'static str> {
        match self {
            Contender::Engine(_, EngineName::Simd) => Some(target.isa.id()),
            Contender::Engine(..) => target.libraries_isa,
            // ONNX Runtime reads no variable that limits its instruction set.
            Contender::Framework(framework) => {
                target.libraries_isa.filter(|_| framework.name() != FrameworkName::OnnxRuntime)
            }
        }
    }

    /// Returns true if this contender implements the pass.
    pub fn has(&self, pass: PassName) -> bool {
        match self {
            Contender::Engine(..) => true,
            Contender::Framework(framework) => framework.has(pass),
        }
    }

    /// The wall-clock time of one pass.
    pub fn seconds(&mut self, pass: PassName) -> Result<f64> {
        match self {
            Contender::Engine(workload, name) => Ok(workload.seconds(*name, pass)),
            Contender::Framework(framework) => framework.seconds(pass),
        }
    }
}
