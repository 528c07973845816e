//! Names, titles and order of the quantities in figures of curves.

use crate::report::group::{
    GRADIENT_NORM, LARGEST_EXPONENT, LYAPUNOV, VALID_LOG_LOSS, VALID_LOSS, VALID_SQUARES,
};

/// One quantity in a figure.
pub struct Quantity {
    /// The name in CSV files.
    pub name: &'static str,
    /// The description for titles and captions.
    pub about: &'static str,
    /// The title of the y axis; a symbol stands for its norm.
    y: Y,
    /// The x axis.
    pub over: Over,
}

#[derive(Clone, Copy)]
enum Y {
    NormOf(&'static str),
    Titled(&'static str),
}

/// The x axis of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The lag T − t.
    Lag,
    /// The number of a Lyapunov exponent.
    Number,
    /// Steps of training.
    Steps,
}

impl Over {
    /// The words after "over" in a caption.
    pub fn words(self) -> &'static str {
        match self {
            Over::Lag => "lag",
            Over::Number => "their number",
            Over::Steps => "training steps",
        }
    }

    /// The title of the axis.
    pub fn title(self) -> &'static str {
        match self {
            Over::Lag => "lag T − t (steps before the end of the sequence)",
            Over::Number => "number of the exponent",
            Over::Steps => "training step",
        }
    }
}

impl Quantity {
    const fn norm(name: &'static str, about: &'static str, symbol: &'static str) -> Quantity {
        Quantity { name, about, y: Y::NormOf(symbol), over: Over::Lag }
    }

    const fn titled(name: &'static str, about: &'static str, title: &'static str, over: Over) -> Quantity {
        Quantity { name, about, y: Y::Titled(title), over }
    }

    /// The title of the y axis.
    pub fn y_title(&self) -> String {
        match self.y {
            Y::NormOf(symbol) => format!("log₁₀ ‖\u{2009}{symbol}\u{2009}‖"),
            Y::Titled(title) => title.to_string(),
        }
    }

    /// Returns true for a loss over training steps.
    pub fn is_loss(&self) -> bool {
        self.over == Over::Steps && self.name != GRADIENT_NORM
    }

    /// Returns true for values that are drawn as they are, not as log10.
    pub fn is_plain(&self) -> bool {
        [VALID_LOSS, LYAPUNOV].contains(&self.name)
    }
}

const LOSS: &str = "loss on the validation split";

/// All quantities, in the order of their figures.
pub static QUANTITIES: [Quantity; 15] = [
    Quantity::titled(VALID_LOSS, LOSS, "loss (nats)", Over::Steps),
    Quantity::titled(VALID_LOG_LOSS, LOSS, "log₁₀ loss (nats)", Over::Steps),
    Quantity::titled(
        VALID_SQUARES,
        "mean squared error on the validation split",
        "log₁₀ mean squared error",
        Over::Steps,
    ),
    Quantity::titled(
        GRADIENT_NORM,
        "norm of the gradient of all parameters before clipping, mean since the previous row",
        "log₁₀ norm",
        Over::Steps,
    ),
    Quantity::norm(
        "total_h",
        "norm of the gradient of the loss with respect to the state hₜ, through every later step",
        "∂L/∂hₜ",
    ),
    Quantity::norm(
        "total_c",
        "norm of the gradient of the loss with respect to the cell state cₜ, through every later step",
        "∂L/∂cₜ",
    ),
    Quantity::norm(
        "direct_h",
        "norm of the part of total_h that passes through no later step of its layer",
        "direct part of ∂L/∂hₜ",
    ),
    Quantity::norm(
        "cell_path",
        "norm of the part of the adjoint that came along the state itself, through f or z alone",
        "cell path",
    ),
    Quantity::norm(
        "gate_path",
        "norm of the part of the adjoint that came through the gates and W_hh at some step",
        "gate path",
    ),
    Quantity::norm("input_x", "norm of the gradient of the loss with respect to the input xₜ", "∂L/∂xₜ"),
    Quantity::norm("frobenius", "Frobenius norm of the product of Jacobians", "∂s_T/∂sₜ"),
    Quantity::norm("spectral_norm", "largest singular value of the product of Jacobians", "∂s_T/∂sₜ"),
    Quantity::titled(
        "condition_number",
        "largest over smallest singular value of the product of Jacobians",
        "log₁₀ condition number",
        Over::Lag,
    ),
    Quantity::titled(
        LYAPUNOV,
        "Lyapunov exponents, the largest first",
        "exponent (nats per step)",
        Over::Number,
    ),
    Quantity::titled(
        LARGEST_EXPONENT,
        "largest Lyapunov exponent, averaged from the burn-in up to each lag",
        "exponent (nats per step)",
        Over::Lag,
    ),
];

/// A quantity by its name in CSV files.
pub fn quantity(name: &str) -> Option<&'static Quantity> {
    QUANTITIES.iter().find(|quantity| quantity.name == name)
}
