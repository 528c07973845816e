//! One integration binary: linking libtorch once is slow enough.

mod adjoint;
mod cli;
mod experiments;
mod golden;
mod gradcheck;
mod layering;
mod parity;
mod property;
mod support;
