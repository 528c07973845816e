//! Keys in the wrong table of a config: the error names the table that has them.

use serde::de::value::Error as Captured;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use toml::{Table, Value};

use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::{Gradients, Jacobian, Speed};
use crate::settings::FIELDS;
use crate::support::error::ConfigError;

/// Refuses a key that its table does not have and that another table has.
///
/// # Errors
/// The first such key, with the keys that the user may have meant.
pub fn check(file: &ConfigFile, config: &Table) -> Result<(), ConfigError> {
    let tables = tables();
    for (at, known) in &tables {
        let table = if at.is_empty() { Some(config) } else { config.get(*at).and_then(Value::as_table) };
        let names = table.into_iter().flat_map(Table::keys).map(String::as_str);
        for name in names.filter(|name| !known.contains(name)) {
            let others = tables.iter().filter(|(_, keys)| keys.contains(&name));
            let meant: Vec<String> = others.map(|(other, _)| format!("`{}`", dotted(other, name))).collect();
            if !meant.is_empty() {
                let problem = format!("unknown key `{name}`; did you mean {}?", meant.join(" or "));
                return Err(file.error(&dotted(at, name), problem));
            }
        }
    }
    Ok(())
}

fn dotted(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_string() } else { format!("{table}.{name}") }
}

/// The tables of a config, each with its keys.
fn tables() -> [(&'static str, Vec<&'static str>); 8] {
    let grid = FIELDS.iter().filter(|field| field.is_swept_in_grid()).map(|field| field.name);
    let of_kind = |kind: &str, keys: &'static [&'static str]| -> Vec<&'static str> {
        let swept = FIELDS.iter().filter(|field| field.is_swept_in_table_of(kind)).map(|field| field.name);
        keys.iter().copied().chain(swept).chain(["grid"]).collect()
    };
    [
        ("", of_kind("", keys_of::<raw::Config>())),
        ("grid", grid.chain(["shapes"]).collect()),
        ("task", keys_of::<raw::Task>().to_vec()),
        ("gradients", of_kind("gradients", keys_of::<Gradients>())),
        ("jacobian", of_kind("jacobian", keys_of::<Jacobian>())),
        ("speed", of_kind("speed", keys_of::<Speed>())),
        ("training", of_kind("training", keys_of::<raw::Training>())),
        ("plot", keys_of::<raw::Plot>().to_vec()),
    ]
}

/// The keys that serde reads into a struct.
fn keys_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut keys: &[&str] = &[];
    // The capture always ends with an error, because it has no values.
    drop(T::deserialize(Capture(&mut keys)));
    keys
}

/// A deserializer that only records the names of the fields that a struct asks for.
struct Capture<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Capture<'_> {
    type Error = Captured;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Captured> {
        Err(Captured::custom("expected a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Captured> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_the_keys_of_structs_and_of_settings() {
        let tables = tables();
        for (table, key) in [
            ("", "seeds"),
            ("task", "file"),
            ("grid", "shapes"),
            ("gradients", "loss"),
            ("jacobian", "qr_every"),
            ("speed", "samples"),
            ("training", "steps"),
            ("training", "learning_rate"),
        ] {
            let (_, keys) = tables.iter().find(|(name, _)| *name == table).unwrap();
            assert!(keys.contains(&key), "{table} {key}: {keys:?}");
        }
    }
}
