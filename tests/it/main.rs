//! The only integration test binary, because each binary links libtorch, which is slow.

mod adjoint;
mod autograd;
mod claims;
mod cli;
mod data;
mod docs;
mod exact;
mod examples;
mod experiments;
mod frameworks;
mod golden;
mod gradcheck;
mod jacobian;
mod layering;
mod learning;
mod parity;
mod paths;
mod property;
mod reference;
mod refusals;
mod simd;
mod snapshots;
mod style;
mod support;
mod trace;
mod training;
