//! The notation of init policies: `orthogonal(1.2)+forget_bias(1)`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::policy::{BaseInit, Init};
use super::recipe::GateBias;
use crate::support::text::unknown;

/// The notation of each policy, with a description.
pub const FORMS: &[(&str, &str)] = &[
    ("pytorch", "everything from U(±1/√H): PyTorch's default"),
    ("xavier", "each gate's matrix from U(±√(6/(rows+columns))), biases 0"),
    ("orthogonal(gain)", "recurrent matrices orthogonal times gain (default 1), input as xavier, biases 0"),
    (
        "identity(gain)",
        "recurrent matrices gain (default 1) times the identity, input N(0, 0.001²), biases 0",
    ),
    ("gaussian(std)", "weights from N(0, std²), biases 0"),
    ("tch", "the default of tch's nn::lstm: weights from U(±√(6/columns)), biases 0"),
    (
        "paper(steps)",
        "the init of the cell's paper; steps: the longest dependency (needed by indrnn and janet)",
    ),
    (
        "…+forget_bias(b)",
        "then the bias of the gate that keeps the state (f of lstm, z of gru) set to b (default 1)",
    ),
    ("…+chrono(t_max)", "then that bias from log U(1, t_max − 1), the input gate of an lstm its negative"),
];

/// Splits `name(argument)` into name and argument.
fn call(text: &str) -> Result<(&str, Option<f64>), String> {
    let Some((name, rest)) = text.split_once('(') else { return Ok((text.trim(), None)) };
    let inside = rest.trim_end().strip_suffix(')').ok_or_else(|| format!("`{text}` has no closing `)`"))?;
    let value: f64 =
        inside.trim().parse().map_err(|_| format!("expected a number in `{text}`, found `{inside}`"))?;
    if !value.is_finite() {
        return Err(format!("expected a finite number in `{text}`, found `{inside}`"));
    }
    Ok((name.trim(), Some(value)))
}

fn positive(what: &str, value: f64) -> Result<f64, String> {
    if value > 0.0 { Ok(value) } else { Err(format!("expected a {what} above 0, found {value}")) }
}

fn parse_base(text: &str) -> Result<BaseInit, String> {
    let (name, argument) = call(text)?;
    let base = match name {
        "pytorch" => BaseInit::Pytorch,
        "xavier" => BaseInit::Xavier,
        "orthogonal" => BaseInit::Orthogonal { gain: positive("gain", argument.unwrap_or(1.0))? },
        "identity" => BaseInit::Identity { gain: positive("gain", argument.unwrap_or(1.0))? },
        "gaussian" => {
            let std = argument.ok_or("`gaussian` needs a standard deviation: `gaussian(0.1)`")?;
            BaseInit::Gaussian { std: positive("standard deviation", std)? }
        }
        "tch" => BaseInit::Tch,
        "paper" => match argument {
            Some(steps) if steps <= 1.0 => {
                return Err(format!("expected a dependency of more than 1 step in `{text}`"));
            }
            steps => BaseInit::Paper { steps },
        },
        "forget_bias" | "chrono" => {
            return Err(format!(
                "`{name}` sets a gate's bias and follows an init; did you mean `pytorch+{}`?",
                text.trim()
            ));
        }
        _ => {
            let known = ["pytorch", "xavier", "orthogonal", "identity", "gaussian", "tch", "paper"];
            return Err(unknown("init", name, known.into_iter()));
        }
    };
    match (base, argument) {
        (BaseInit::Pytorch | BaseInit::Xavier | BaseInit::Tch, Some(_)) => {
            Err(format!("`{name}` takes no argument, found `{text}`"))
        }
        _ => Ok(base),
    }
}

fn parse_gate(text: &str) -> Result<GateBias, String> {
    let (name, argument) = call(text)?;
    match name {
        "forget_bias" => Ok(GateBias::Forget(argument.unwrap_or(1.0))),
        "chrono" => {
            let t_max = argument.ok_or("`chrono` needs the longest dependency in steps: `chrono(1000)`")?;
            if t_max <= 2.0 {
                return Err(format!(
                    "expected t_max above 2 in `{text}`, since log U(1, t_max − 1) is drawn"
                ));
            }
            Ok(GateBias::Chrono { t_max })
        }
        _ => Err(unknown("gate bias", name, ["forget_bias", "chrono"].into_iter())),
    }
}

impl FromStr for Init {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split('+');
        let base = parse_base(parts.next().unwrap_or(""))?;
        let gate = parts.next().map_or(Ok(GateBias::AsBase), parse_gate)?;
        match parts.next() {
            Some(extra) => Err(format!("expected at most one `+`, found a second: `+{extra}`")),
            None => Ok(Init { base, gate }),
        }
    }
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base {
            BaseInit::Pytorch => f.write_str("pytorch")?,
            BaseInit::Xavier => f.write_str("xavier")?,
            BaseInit::Orthogonal { gain } => write!(f, "orthogonal({gain})")?,
            BaseInit::Identity { gain } => write!(f, "identity({gain})")?,
            BaseInit::Gaussian { std } => write!(f, "gaussian({std})")?,
            BaseInit::Tch => f.write_str("tch")?,
            BaseInit::Paper { steps: None } => f.write_str("paper")?,
            BaseInit::Paper { steps: Some(steps) } => write!(f, "paper({steps})")?,
        }
        match self.gate {
            GateBias::AsBase => Ok(()),
            GateBias::Forget(bias) => write!(f, "+forget_bias({bias})"),
            GateBias::Chrono { t_max } => write!(f, "+chrono({t_max})"),
        }
    }
}

impl Serialize for Init {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn init_display_round_trips() {
        for text in [
            "pytorch",
            "orthogonal(1.1)+forget_bias(-2)",
            "gaussian(0.01)",
            "xavier+chrono(1000)",
            "paper(9)",
        ] {
            assert_eq!(text.parse::<Init>().unwrap().to_string(), text);
        }
        assert_eq!("identity".parse::<Init>().unwrap().to_string(), "identity(1)");
    }

    #[test]
    fn init_parse_refusal_gives_a_reason() {
        for (text, reason) in [
            ("", "found ``"),
            ("orthogonl", "did you mean `orthogonal`?"),
            ("forget_bias(1)", "did you mean `pytorch+forget_bias(1)`?"),
            ("chrono(100)", "did you mean `pytorch+chrono(100)`?"),
            ("gaussian", "needs a standard deviation"),
            ("gaussian(0)", "above 0"),
            ("gaussian(nan)", "finite"),
            ("pytorch(2)", "takes no argument"),
            ("paper(1)", "more than 1 step"),
            ("orthogonal(1", "closing"),
            ("pytorch+chrono(2)", "above 2"),
            ("pytorch+chrono(9)+chrono(9)", "at most one"),
        ] {
            let message = text.parse::<Init>().unwrap_err();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn init_any_numbers_display_and_parse_as_themselves(
            base in prop::sample::select(vec!["pytorch", "xavier", "orthogonal", "identity", "gaussian"]),
            argument in 1e-30f64..1e30,
            bias in -1e30f64..1e30,
        ) {
            let argument = match base {
                "orthogonal" | "identity" | "gaussian" => format!("({argument})"),
                _ => String::new(),
            };
            let init: Init = format!("{base}{argument}+forget_bias({bias})").parse().unwrap();
            prop_assert_eq!(init.to_string().parse::<Init>().unwrap(), init);
            prop_assert_eq!(init.gate, GateBias::Forget(bias));
        }
    }
}
