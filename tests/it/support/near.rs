//! Comparisons of tensors, and norms of gradients by quantity and layer.

use lstm_lab::diagnostics::{Norm, Profile};
use lstm_lab::settings::names::Quantity;
use tch::Tensor;

/// Panics if two lists of named tensors differ by more than `tolerance`, relative.
pub fn assert_close(
    found: &[(String, Tensor)],
    expected: &[(String, Tensor)],
    tolerance: f64,
    context: &str,
) {
    assert_eq!(found.len(), expected.len(), "{context}");
    for ((name, found), (other, expected)) in found.iter().zip(expected) {
        assert_eq!(name, other);
        assert_same(found, expected, tolerance, &format!("{context}: {name}"));
    }
}

/// Panics if two tensors differ in shape, or by more than `tolerance`, relative.
pub fn assert_same(found: &Tensor, expected: &Tensor, tolerance: f64, context: &str) {
    assert_eq!(found.size(), expected.size(), "{context}");
    let error = lstm_lab::engine::parity::relative_difference(found, expected);
    assert!(error <= tolerance, "{context}: relative difference {error:.2e}, allowed {tolerance:.0e}");
}

/// Returns the distance of two norms in log10; 0 if both gradients are exactly zero.
pub fn off(found: Norm, expected: Norm) -> f64 {
    if [found, expected] == [Norm::Zero; 2] { 0.0 } else { (log10(found) - log10(expected)).abs() }
}

/// Returns log10 of a norm, or −∞ for zero.
pub fn log10(norm: Norm) -> f64 {
    norm.log10().unwrap_or(f64::NEG_INFINITY)
}

/// Returns the norms of a quantity in a layer, by step.
pub fn norms_of(found: &[Profile], quantity: Quantity, layer: usize) -> &[(usize, Norm)] {
    &found.iter().find(|profile| profile.quantity == quantity && profile.layer == layer).unwrap().norms
}

/// Panics if a number in f64 differs by more than rounding.
pub fn assert_near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{what}: {found} against {expected}");
}
