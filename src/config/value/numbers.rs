//! Numbers that check their range while serde reads them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The largest size. The product of two of them fits into 128 bits.
const LARGEST: usize = 1 << 40;

/// A whole number from 1 to 2^40.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Size(pub usize);

/// A whole number of at least 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Count(pub usize);

/// A finite number above 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64")]
pub struct Positive(pub f64);

/// The JSON Schema of numbers, which `TryFrom` checks.
macro_rules! schema {
    ($type:ty: $schema:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}
schema!(Size: { "type": "integer", "minimum": 1, "maximum": LARGEST });
schema!(Count: { "type": "integer", "minimum": 0 });
schema!(Positive: { "type": "number", "exclusiveMinimum": 0 });

impl TryFrom<i64> for Size {
    type Error = String;

    fn try_from(value: i64) -> Result<Size, String> {
        usize::try_from(value)
            .ok()
            .filter(|size| (1..=LARGEST).contains(size))
            .map(Size)
            .ok_or_else(|| format!("expected a whole number from 1 to 2^40, found {value}"))
    }
}

impl TryFrom<i64> for Count {
    type Error = String;

    fn try_from(value: i64) -> Result<Count, String> {
        let problem = |_| format!("expected a whole number of at least 0, found {value}");
        usize::try_from(value).map(Count).map_err(problem)
    }
}

impl TryFrom<f64> for Positive {
    type Error = String;

    fn try_from(value: f64) -> Result<Positive, String> {
        if value > 0.0 && value.is_finite() {
            return Ok(Positive(value));
        }
        Err(format!("expected a number above 0, found {value}"))
    }
}
