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
    Engine(&'a dyn Workload, EngineName),
    /// A second place of the reference in each round. Its ratio to the first is 1, except for disturbances.
    Control(&'a dyn Workload, EngineName),
    /// A framework that has loaded the workload.
    Framework(Framework),
}

impl Contender<'_> {
    /// The name in the column `engine`.
    pub fn name(&self) -> &'static str {
        match self {
            Contender::Engine(_, name) | Contender::Control(_, name) => name.as_str(),
            Contender::Framework(framework) => framework.name().as_str(),
        }
    }

    /// The name, if this is a framework.
    pub fn framework(&self) -> Option<FrameworkName> {
        match self {
            Contender::Framework(framework) => Some(framework.name()),
            _ => None,
        }
    }

    /// Returns true for the control.
    pub fn is_control(&self) -> bool {
        matches!(self, Contender::Control(..))
    }

    /// The short name of the instruction set; `None` if the contender's libraries choose it.
    pub fn isa(&self, target: ExecTarget) -> Option<&'static str> {
        match self {
            Contender::Engine(_, EngineName::Simd) => Some(target.isa.id()),
            // These read no variable that limits their instruction set.
            Contender::Framework(framework)
                if [FrameworkName::OnnxRuntime, FrameworkName::OpenVino].contains(&framework.name()) =>
            {
                None
            }
            _ => target.libraries_isa,
        }
    }

    /// Returns true if this contender implements the pass.
    pub fn has(&self, pass: PassName) -> bool {
        match self {
            Contender::Framework(framework) => framework.has(pass),
            _ => true,
        }
    }

    /// The wall-clock time of one pass.
    pub fn seconds(&mut self, pass: PassName) -> Result<f64> {
        match self {
            Contender::Engine(workload, name) | Contender::Control(workload, name) => {
                workload.seconds(*name, pass)
            }
            Contender::Framework(framework) => framework.seconds(pass),
        }
    }
}
