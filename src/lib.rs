//! How does the gradient flow through a recurrent network over long sequences, and what does that cost?

pub mod error;
pub mod results;
