//! The cells: the equations of one time step. The engines implement the loop over time.
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
//! let size = StackSize { input_size: 3, hidden_size: 5, layers: 1, proj_size: 0 };
//! let p = Parameters::new(CellName::Lstm, Init::pytorch(), size, 1, Kind::Float, Device::Cpu);
//! let x = Tensor::ones([2, 3], (Kind::Float, Device::Cpu)); // [B, I]
//! let previous = lstm.zero_state(&p.layers[0], 2);
//! let next = lstm.step(&lstm.prepare(&p.layers[0]), &x, &previous);
//! assert_eq!(next.h.size(), [2, 5]); // [B, H]
//! assert_eq!(next.carried[0].size(), [2, 5]);
//! ```

mod activation;
mod antisymmetric_rnn;
mod cifg;
mod cornn;
mod gate;
mod gru;
mod gru_reset_before;
mod indrnn;
pub mod init;
mod janet;
mod layer;
mod layout;
mod lookup;
mod lru;
mod lstm;
mod lstm_layernorm;
mod lstm_peephole;
mod lstm_projected;
mod mgu;
mod mingru;
mod minlstm;
mod name;
mod parameters;
mod prepared;
mod products;
mod relu_rnn;
mod rnn;
mod slstm;
mod state;
mod step;
mod zoneout;

pub use activation::Activation;
pub use gate::Gate;
pub use layer::LayerParameters;
pub use layout::{Further, FurtherInit, FurtherShape, Layout, Recurrent, StateSize};
pub use lookup::cell;
pub use name::CellName;
pub use parameters::Parameters;
pub use prepared::PreparedLayer;
pub use products::Products;
pub use state::{CarriedState, State};
pub use step::{Cell, LinearRecurrence, Retention};
pub use zoneout::Zoneout;
