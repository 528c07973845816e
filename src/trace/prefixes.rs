//! The prefixes of the stacks of layers in a file.

use std::path::Path;

use super::named::REVERSE;
use crate::settings::names::WeightsLayout;
use crate::support::error::{Error, Result};
use crate::support::text::shortened;

/// The text before the names of the parameters of a stack of layers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stack {
    /// The text before every name.
    pub prefix: String,
    /// The text between the prefix and the own name in each direction, if it differs.
    pub paths: Option<[String; 2]>,
}

/// The names of the first layer's weights: the first name is the one that an error asks for.
fn first_weights(layout: WeightsLayout) -> [&'static str; 2] {
    match layout {
        WeightsLayout::PyTorch => ["weight_ih_l0", "weight_hh_l0"],
        WeightsLayout::Keras => ["recurrent_kernel_0", "recurrent_kernel"],
        WeightsLayout::Onnx => ["R_0", "R"],
    }
}

/// The prefixes of all stacks of layers, each once.
fn prefixes(names: &[String], layout: WeightsLayout) -> Vec<&str> {
    let ends = first_weights(layout);
    // A name that only ends with the letter R is no weight of ONNX.
    let is_whole = |prefix: &&str| {
        layout == WeightsLayout::PyTorch || !prefix.ends_with(|last: char| last.is_alphanumeric())
    };
    let prefix =
        |name: &'_ String| ends.iter().find_map(|end| name.strip_suffix(end).filter(is_whole)).map(str::len);
    let mut found: Vec<&str> = names.iter().filter_map(|name| Some(&name[..prefix(name)?])).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The stacks of layers in a file. The two layers in a `Bidirectional` of Keras are one of both directions.
fn stacks(names: &[String], layout: WeightsLayout) -> Vec<Stack> {
    let known = prefixes(names, layout);
    let is_known = |prefix: &str| known.contains(&prefix);
    let stack = |prefix: &&str| match halves(prefix) {
        Some((outer, [forward, reverse])) if is_known(&format!("{outer}{forward}")) => {
            let both = is_known(&format!("{outer}{reverse}")).then_some([forward, reverse]);
            // The pair counts at its forward direction.
            let is_reverse = both.as_ref().is_some_and(|[_, reverse]| prefix.ends_with(reverse.as_str()));
            let prefix = if both.is_some() { outer } else { prefix.to_string() };
            (!is_reverse).then_some(Stack { prefix, paths: both })
        }
        _ => Some(Stack { prefix: prefix.to_string(), paths: None }),
    };
    known.iter().filter_map(stack).collect()
}

/// The path of a `Bidirectional` of Keras, and those of its two layers in it, by the path of one of them,
/// such as `forward_lstm/lstm_cell/`.
fn halves(prefix: &str) -> Option<(String, [String; 2])> {
    let mut parts: Vec<&str> = prefix.strip_suffix('/')?.split('/').collect();
    let (cell, layer) = (parts.pop()?, parts.pop()?);
    let own = layer.strip_prefix("forward_").or_else(|| layer.strip_prefix("backward_"))?;
    let outer = parts.iter().map(|part| format!("{part}/")).collect();
    Some((outer, ["forward", "backward"].map(|direction| format!("{direction}_{own}/{cell}/"))))
}

/// The only stack of layers in a file.
///
/// # Errors
/// There is none, or there are several.
pub(super) fn the_only(names: &[String], layout: WeightsLayout, option: &str, path: &Path) -> Result<Stack> {
    match stacks(names, layout).as_slice() {
        [stack] => Ok(stack.clone()),
        [] => Err(no_stack(names, layout, path)),
        several => {
            let listed = several.iter().map(|stack| format!("`{}`", stack.prefix));
            let listed: Vec<String> = listed.collect();
            let problem = format!(
                "expected the parameters of one stack of layers, found {}: {}; {option} chooses one",
                several.len(),
                listed.join(", ")
            );
            Err(Error::data(path, problem))
        }
    }
}

/// The error of a file without a stack of layers.
fn no_stack(names: &[String], layout: WeightsLayout, path: &Path) -> Error {
    let listed = shortened(names.iter().map(String::as_str));
    let expected = first_weights(layout)[0];
    let is_reverse = |name: &&String| name.ends_with(&format!("{expected}{REVERSE}"));
    let other = WeightsLayout::ALL.iter().find(|other| !prefixes(names, **other).is_empty());
    let hint = match (names.iter().find(is_reverse), other) {
        (Some(name), _) => format!(
            "; `{name}` is of a reverse direction alone: give its layers plain names, and the sequences with \
             their steps reversed"
        ),
        (None, Some(other)) => format!("; that looks like the layout `{other}`"),
        (None, None) => String::new(),
    };
    Error::data(path, format!("expected a tensor `{expected}`, found none (the file has: {listed}){hint}"))
}

/// The stack with the prefix that the user gave, with or without the dot or the slash at its end. A prefix of
/// one direction of a `Bidirectional` chooses that direction.
///
/// # Errors
/// There is no such stack.
pub(super) fn chosen(
    names: &[String],
    layout: WeightsLayout,
    given: &str,
    option: &str,
    path: &Path,
) -> Result<Stack> {
    let single = |prefix: &&str| Stack { prefix: prefix.to_string(), paths: None };
    let known = stacks(names, layout);
    let singles: Vec<Stack> = prefixes(names, layout).iter().map(single).collect();
    let with_end = format!("{given}{}", if layout == WeightsLayout::Keras { "/" } else { "." });
    let is_given = |stack: &&Stack| stack.prefix == given || stack.prefix == with_end;
    match known.iter().chain(&singles).find(is_given) {
        Some(stack) => Ok(stack.clone()),
        None => {
            let listed: Vec<String> = known.iter().map(|stack| format!("`{}`", stack.prefix)).collect();
            let listed = if listed.is_empty() { "none".to_string() } else { listed.join(", ") };
            let problem = format!(
                "expected a tensor `{with_end}{}` for {option} {given}, found none (prefixes here: {listed})",
                first_weights(layout)[0]
            );
            Err(Error::data(path, problem))
        }
    }
}
