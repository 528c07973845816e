//! Nothing is compared before it is proven equal: two engines on the same parameters and input, every result
//! and every gradient.

use tch::{Kind, Tensor};

use super::{Engine, forward};
use crate::cell::Parameters;
use crate::error::{Error, Result};

/// The largest relative difference (of the largest absolute one to the largest absolute value of the tensor)
/// that rounding may cause between engines over the lengths and sizes timed here.
pub fn tolerance(kind: Kind) -> f64 {
    match kind {
        Kind::Double => 1e-9,
        _ => 1e-4,
    }
}

/// Holds `engine` against `reference`: output, last state, and the gradient of every parameter and of the input
/// for the loss Σ `cotangent` ⊙ output, `cotangent` being `[T, B, H]`.
///
/// # Errors
/// [`Error::Disagreement`] with the first tensor that differs by more than `tolerance`, relative.
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

/// Holds one tensor, named `what`, of an engine (or a peer) against the reference's; `names` are those of the two.
///
/// # Errors
/// [`Error::Disagreement`] where they differ by more than `tolerance`, relative.
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

/// Every tensor that an engine makes of a sequence, with its name: `output`, `h_n`, `c_n`, `grad.<name>`.
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
    let gradients = Tensor::run_backward(&[loss], &inputs, false, false);

    let mut results = vec![("output".to_string(), run.output.detach())];
    for (layer, state) in run.last.iter().enumerate() {
        results.push((format!("h_n of layer {layer}"), state.h.detach()));
        if let Some(c) = &state.c {
            results.push((format!("c_n of layer {layer}"), c.detach()));
        }
    }
    let names = leaves.named().into_iter().map(|(name, _)| name).chain(["input".to_string()]);
    results.extend(names.map(|name| format!("grad.{name}")).zip(gradients));
    Ok(results)
}

/// max |a − b| / max |b|; 0 where both are 0 everywhere, NaN where any of them is.
pub fn relative_difference(a: &Tensor, b: &Tensor) -> f64 {
    if a.size() != b.size() {
        return f64::INFINITY;
    }
    let (a, b) = (a.to_kind(Kind::Double), b.to_kind(Kind::Double));
    let difference = (&a - &b).abs().max().double_value(&[]);
    let scale = b.abs().max().double_value(&[]);
    if difference == 0.0 { 0.0 } else { difference / scale }
}
