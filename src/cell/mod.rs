//! The cells: the equations of one time step of an RNN, an LSTM and a GRU. The engines implement the loop
//! over time.
//!
//! A new cell needs one file that implements [`Cell`], a name in [`CellName`] and a line in [`cell`].
//!
//! One step of the LSTM, gate by gate:
//!
//! ```
//! use lstm_lab::cell::{CellName, cell};
//! use lstm_lab::{Init, Parameters, StackSize};
//! use tch::{Device, Kind, Tensor};
//!
//! let lstm = cell(CellName::Lstm);
//! assert_eq!(lstm.gates(), ["i", "f", "g", "o"]);
//! let size = StackSize { input_size: 3, hidden_size: 5, layers: 1 };
//! let p = Parameters::new(CellName::Lstm, Init::pytorch(), size, 1, Kind::Float, Device::Cpu);
//! let x = Tensor::ones([2, 3], (Kind::Float, Device::Cpu)); // [B, I]
//! let previous = lstm.zero_state(&x, 2, 5);
//! let next = lstm.step(&p.layers[0].gates(lstm.gates().len()), &x, &previous);
//! assert_eq!(next.h.size(), [2, 5]); // [B, H]
//! assert_eq!(next.c.unwrap().size(), [2, 5]);
//! ```

mod gate;
mod gru;
pub mod init;
mod layer;
mod lookup;
mod lstm;
mod name;
mod parameters;
mod rnn;
mod state;
mod step;

pub use gate::Gate;
pub use layer::LayerParameters;
pub use lookup::cell;
pub use name::CellName;
pub use parameters::Parameters;
pub use state::State;
pub use step::Cell;
