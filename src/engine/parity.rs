//! Parity: two engines with the same parameters and input give the same results and gradients, up to
//! rounding.

use tch::{Kind, Tensor};

use super::{Engine, forward, gradients};
use crate::cell::Parameters;
use crate::error::{Error, Result};

/// Returns the largest [`relative_difference`] between engines that rounding may cause in the experiments.
pub fn tolerance(kind: Kind) -> f64 {
    match kind {
        Kind::Double => 1e-9,
        _ => 1e-4,
    }
}

/// Compares `engine` with `reference` on `input` `[T, B, I]`. The results are the output, the final
/// states, and the gradients of the parameters and the input. The loss is Σ `cotangent` ⊙ output, with
/// `cotangent` `[T, B, H]`.
///
/// # Errors
/// [`Error::Disagreement`] for the first tensor whose [`relative_difference`] is above `tolerance`.
pub fn check(
    engine: &dyn Engine,
    reference: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    cotangent: &Tensor,
    tolerance: f64,
) -> Result<()> {
    let expected = results(reference, p, input, cotangent)?;
    let found = results(engine, p, input, cotangent)?;
    let names = (engine.name().as_str(), reference.name().as_str());
    found
        .iter()
        .zip(&expected)
        .try_for_each(|((what, found), (_, expected))| compare(names, what, found, expected, tolerance))
}

/// Compares one tensor, named `what`, of an engine or another library with the tensor of the reference.
/// The two names appear in the error.
///
/// # Errors
/// [`Error::Disagreement`] if the [`relative_difference`] is above `tolerance` or NaN.
pub fn compare(
    (engine, reference): (&str, &str),
    what: &str,
    found: &Tensor,
    expected: &Tensor,
    tolerance: f64,
) -> Result<()> {
    let error = relative_difference(found, expected);
    if error.is_nan() || error > tolerance {
        return Err(Error::Disagreement {
            engine: engine.to_string(),
            reference: reference.to_string(),
            what: what.to_string(),
            error,
            tolerance,
        });
    }
    Ok(())
}

/// Returns every result of an engine by name: `output`, `h_n of layer 0`, `c_n of layer 0`, `grad.<name>`.
/// The arguments are those of [`check`].
///
/// # Errors
/// A shape that does not fit the parameters.
pub fn results(
    engine: &dyn Engine,
    p: &Parameters,
    input: &Tensor,
    cotangent: &Tensor,
) -> Result<Vec<(String, Tensor)>> {
    let leaves = p.leaves();
    let input = input.detach().copy().set_requires_grad(true);
    let run = forward(engine, &leaves, &input, None)?;
    let loss = (&run.output * cotangent).sum(input.kind());
    let mut inputs = leaves.tensors();
    inputs.push(&input);
    let gradients = gradients(&loss, &inputs);

    let mut results = vec![("output".to_string(), run.output.detach())];
    for (layer, state) in run.final_states.iter().enumerate() {
        let named = state.named(p.cell.carried()).into_iter();
        results.extend(named.map(|(name, tensor)| (format!("{name}_n of layer {layer}"), tensor.detach())));
    }
    let names = leaves.named().into_iter().map(|(name, _)| name).chain(["input".to_string()]);
    results.extend(names.map(|name| format!("grad.{name}")).zip(gradients));
    Ok(results)
}

/// Returns max |a − b| / max |b|. The value is 0 for equal tensors, infinite for different shapes, and NaN
/// if a number is NaN.
pub fn relative_difference(a: &Tensor, b: &Tensor) -> f64 {
    if a.size() != b.size() {
        return f64::INFINITY;
    }
    if a.numel() == 0 {
        return 0.0;
    }
    let (a, b) = (a.to_kind(Kind::Double), b.to_kind(Kind::Double));
    let difference = (&a - &b).abs().max().double_value(&[]);
    let scale = b.abs().max().double_value(&[]);
    if difference == 0.0 { 0.0 } else { difference / scale }
}
