//! What the figures call each quantity, and in which order they come.

use crate::report::group::{LARGEST_EXPONENT, LYAPUNOV};
use crate::report::training::{GRADIENT_NORM, VALID_LOG_LOSS, VALID_LOSS, VALID_SQUARES};

/// How a quantity is shown.
struct Shown {
    name: &'static str,
    /// What it is.
    about: &'static str,
    /// Its symbol, of which the norm is drawn; or the whole title of the axis.
    y: Y<'static>,
}

enum Y<'a> {
    Norm(&'a str),
    Titled(&'a str),
}

impl Y<'_> {
    fn title(&self) -> String {
        match self {
            Y::Norm(symbol) => format!("log₁₀ ‖\u{2009}{symbol}\u{2009}‖"),
            Y::Titled(title) => title.to_string(),
        }
    }
}

const fn norm(name: &'static str, about: &'static str, symbol: &'static str) -> Shown {
    Shown { name, about, y: Y::Norm(symbol) }
}

/// Quantities in the order of the figures.
const QUANTITIES: [Shown; 15] = [
    Shown {
        name: VALID_LOSS,
        about: "loss on the split valid (a run that has ended keeps its last)",
        y: Y::Titled("loss (nats)"),
    },
    Shown {
        name: VALID_LOG_LOSS,
        about: "loss on the split valid (a run that has ended keeps its last)",
        y: Y::Titled("log₁₀ loss (nats)"),
    },
    Shown {
        name: VALID_SQUARES,
        about: "mean squared error on the split valid (a run that has ended keeps its last)",
        y: Y::Titled("log₁₀ mean squared error"),
    },
    Shown {
        name: GRADIENT_NORM,
        about: "norm of the gradient of all parameters before clipping, mean since the row before",
        y: Y::Titled("log₁₀ norm"),
    },
    norm(
        "total_h",
        "norm of the gradient of the loss with respect to the state hₜ, through every later step",
        "∂L/∂hₜ",
    ),
    norm(
        "total_c",
        "norm of the gradient of the loss with respect to the cell state cₜ, through every later step",
        "∂L/∂cₜ",
    ),
    norm(
        "direct_h",
        "norm of the part of total_h that passes through no later step of its layer",
        "direct part of ∂L/∂hₜ",
    ),
    norm(
        "cell_path",
        "norm of the part of the adjoint that came along the state itself, through f or z alone",
        "cell path",
    ),
    norm(
        "gate_path",
        "norm of the part of the adjoint that came through the gates and W_hh at some step",
        "gate path",
    ),
    norm("input_x", "norm of the gradient of the loss with respect to the input xₜ", "∂L/∂xₜ"),
    norm("frobenius", "Frobenius norm of the product of Jacobians", "∂s_T/∂sₜ"),
    norm("spectral_norm", "largest singular value of the product of Jacobians", "∂s_T/∂sₜ"),
    Shown {
        name: "condition_number",
        about: "largest over smallest singular value of the product of Jacobians",
        y: Y::Titled("log₁₀ condition number"),
    },
    Shown {
        name: LYAPUNOV,
        about: "Lyapunov exponents, the largest first",
        y: Y::Titled("exponent (nats per step)"),
    },
    Shown {
        name: LARGEST_EXPONENT,
        about: "largest Lyapunov exponent, averaged from the burn-in up to each lag",
        y: Y::Titled("exponent (nats per step)"),
    },
];

/// All of them, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    QUANTITIES.iter().map(|shown| shown.name)
}

/// What a quantity is, and the title of its axis.
pub fn shown(quantity: &str) -> (&'static str, String) {
    match QUANTITIES.iter().find(|shown| shown.name == quantity) {
        Some(shown) => (shown.about, shown.y.title()),
        None => ("norm of a gradient", Y::Norm(quantity).title()),
    }
}
