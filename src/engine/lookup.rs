//! The map from the name of an engine to the engine.

use super::analytic::Analytic;
use super::builtin::Builtin;
use super::cuda::CudaEngine;
use super::fused::Fused;
use super::interface::Engine;
use super::name::EngineName;
use super::recompute::Recompute;
use super::scan::Scan;
use super::simd::SimdEngine;
use super::stepwise::Stepwise;

/// Returns an engine.
pub fn engine(name: EngineName) -> &'static dyn Engine {
    match name {
        EngineName::Stepwise => &Stepwise,
        EngineName::Fused => &Fused,
        EngineName::Analytic => &Analytic,
        EngineName::Recompute => &Recompute,
        EngineName::Scan => &Scan,
        EngineName::Simd => &SimdEngine::OF_PROCESS,
        EngineName::Cuda => &CudaEngine::ON_CARDS,
        EngineName::Builtin => &Builtin,
    }
}
