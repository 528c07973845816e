//! The macro that declares a vocabulary: an enum with one spelling for each variant.

/// Declares an enum whose variants have one spelling each. Configs, CSV files and messages use the same
/// spelling.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident ($what:literal) {
        $(#[doc = $about:literal] $variant:ident = $text:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $(#[doc = $about] $variant,)+ }

        impl $name {
            /// All values, in the order of the vocabulary.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// Returns the spelling.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// Returns a description in one line.
            #[allow(dead_code, reason = "not every vocabulary is listed for a reader")]
            pub fn about(self) -> &'static str {
                match self { $($name::$variant => $about.trim_ascii(),)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|name| name.as_str() == text)
                    .ok_or_else(|| {
                        let known = Self::ALL.iter().map(|name| name.as_str());
                        $crate::support::text::unknown($what, text, known)
                    })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.as_str()) }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "lab")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool { true }

            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let names: Vec<&str> = Self::ALL.iter().map(|name| name.as_str()).collect();
                schemars::json_schema!({ "type": "string", "enum": names })
            }
        }
    };
}
pub(crate) use names;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cell::CellName;
    use crate::device::Dtype;
    use crate::engine::EngineName;
    use crate::settings::names::*;

    /// Checks a vocabulary: no spelling appears twice, each is read as its own variant, and every other
    /// text is refused with the whole list.
    macro_rules! check {
        ($text:ident, $($name:ident),+) => {$(
            for (n, name) in $name::ALL.iter().enumerate() {
                let word = name.as_str();
                let twice = $name::ALL[..n].iter().any(|other| other.as_str() == word);
                prop_assert!(!twice, "{} twice", word);
                prop_assert_eq!(word.parse::<$name>(), Ok(*name));
                let json = serde_json::to_string(name).unwrap();
                prop_assert_eq!(serde_json::from_str::<$name>(&json).unwrap(), *name);
            }
            match $text.parse::<$name>() {
                Ok(name) => prop_assert_eq!(name.as_str(), $text),
                Err(problem) => {
                    let lists = $name::ALL
                        .iter()
                        .all(|name| problem.contains(&["`", name.as_str(), "`"].concat()));
                    let found = problem.contains(&["found `", $text, "`"].concat());
                    prop_assert!(lists && found, "{}", problem);
                }
            }
        )+};
    }

    proptest! {
        #[test]
        fn names_any_text_is_a_spelling_or_refused(text in "[a-z_]{0,12}|.{0,12}| ?lstm ?|LSTM|f16") {
            let text = text.as_str();
            check!(
                text, CellName, Dtype, EngineName, ExperimentKind, TaskName, Encoding, LossName, Lags,
                PassName, FrameworkName, Quantity, JacobianQuantity, GateStatistic, Tokenizer,
                AddingVariant, Predict, ModelName, OptimizerName, ScheduleName, WeightsLayout
            );
        }
    }
}
