//! Tests of the public functions.

mod agreement;
mod errors;
mod property;
mod reference;
mod scaled;
mod support;
