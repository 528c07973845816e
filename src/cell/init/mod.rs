//! Init policies: the distributions of the initial parameters. Every engine starts from the same numbers,
//! never from a library's default.
//!
//! ```
//! use lstm_lab::{CellName, Init, Parameters, StackSize};
//! use tch::{Device, Kind};
//!
//! // The forget gate starts open: its bias is 1.
//! let init: Init = "orthogonal+forget_bias(1)".parse().unwrap();
//! let size = StackSize { input_size: 3, hidden_size: 5, layers: 2, proj_size: 0 };
//! let p = Parameters::new(CellName::Lstm, init, size, 42, Kind::Double, Device::Cpu);
//! let forget_bias = p.layers[0].b_ih.narrow(0, 5, 5);
//! assert_eq!(Vec::<f64>::try_from(&forget_bias).unwrap(), [1.0; 5]);
//! ```

mod draw;
mod notation;
mod paper;
mod policy;
mod recipe;

pub use draw::StackSize;
pub use notation::FORMS;
pub use policy::{BaseInit, Init};
pub use recipe::GateBias;
