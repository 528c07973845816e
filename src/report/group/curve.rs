//! One curve.

use std::collections::BTreeMap;

/// Lag → log10 norm, or number → exponent; none for a norm that is 0 or not finite.
pub type Curve = BTreeMap<usize, Option<f64>>;
