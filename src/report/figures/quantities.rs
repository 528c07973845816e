//! Names, titles and order of the quantities in figures of curves.

use super::draw::axis::Scale;
use crate::report::group::{
    ACCURACY_AT_LENGTH, GRADIENT_NORM, LARGEST_EXPONENT, LOSS_AT_POSITION, LYAPUNOV, TRAINED_EXPONENT,
    VALID_LOG_LOSS, VALID_LOSS, VALID_SQUARES,
};

/// The ratio of the norms of `total_h` and `direct_h`, in figures and their data.
pub const TOTAL_OVER_DIRECT: &str = "total_over_direct";

/// One quantity in a figure.
pub struct Quantity {
    /// The name in CSV files.
    pub name: &'static str,
    /// The title of the figure.
    pub title: &'static str,
    /// The description for captions.
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
    /// The length of test sequences.
    Length,
    /// The step of a test sequence.
    Position,
}

impl Over {
    /// The words after "over" in a caption.
    pub fn words(self) -> &'static str {
        match self {
            Over::Lag => "lag",
            Over::Number => "their number",
            Over::Steps => "training steps",
            Over::Length => "the length of the test sequences",
            Over::Position => "the step of the sequence",
        }
    }

    /// The title of the axis.
    pub fn title(self) -> &'static str {
        match self {
            Over::Lag => "lag T − t (steps before the end of the sequence)",
            Over::Number => "number of the exponent",
            Over::Steps => "training step",
            Over::Length => "length of the test sequences T",
            Over::Position => "step of the sequence",
        }
    }
}

impl Quantity {
    const fn norm(
        name: &'static str,
        title: &'static str,
        about: &'static str,
        symbol: &'static str,
    ) -> Quantity {
        Quantity { name, title, about, y: Y::NormOf(symbol), over: Over::Lag }
    }

    /// The title of the y axis.
    pub fn y_title(&self) -> String {
        match self.y {
            Y::NormOf(symbol) => format!("‖\u{2009}{symbol}\u{2009}‖"),
            Y::Titled(title) => title.to_string(),
        }
    }

    /// Returns true for a loss over training steps.
    pub fn is_loss(&self) -> bool {
        self.over == Over::Steps && ![GRADIENT_NORM, TRAINED_EXPONENT].contains(&self.name)
    }

    /// Returns true for values that are drawn as they are, not as log10.
    pub fn is_plain(&self) -> bool {
        [VALID_LOSS, LYAPUNOV, LARGEST_EXPONENT, TRAINED_EXPONENT, ACCURACY_AT_LENGTH, LOSS_AT_POSITION]
            .contains(&self.name)
    }

    /// The mean over the seeds in words: that of logarithms is geometric.
    pub fn mean(&self) -> &'static str {
        if self.is_plain() { "mean" } else { "geometric mean" }
    }

    /// The scale of the y axis.
    pub fn scale(&self) -> Scale {
        if self.is_plain() { Scale::Linear } else { Scale::Powers }
    }

    /// The least span of the y axis: rounding errors must not fill a panel.
    pub fn min_span(&self) -> f64 {
        match self.name {
            VALID_LOSS | ACCURACY_AT_LENGTH | LOSS_AT_POSITION => 0.1,
            LYAPUNOV | LARGEST_EXPONENT | TRAINED_EXPONENT => 0.02,
            TOTAL_OVER_DIRECT => 0.3,
            _ => 1.0,
        }
    }
}

const LOSS_TITLE: &str = "Loss on the validation split";

const LOSS: &str = "loss on the validation split";

/// All quantities, in the order of their figures.
pub static QUANTITIES: [Quantity; 25] = [
    Quantity {
        name: VALID_LOSS,
        title: LOSS_TITLE,
        about: LOSS,
        y: Y::Titled("loss (nats)"),
        over: Over::Steps,
    },
    Quantity {
        name: VALID_LOG_LOSS,
        title: LOSS_TITLE,
        about: LOSS,
        y: Y::Titled("loss (nats)"),
        over: Over::Steps,
    },
    Quantity {
        name: VALID_SQUARES,
        title: "Mean squared error on the validation split",
        about: "mean squared error on the validation split",
        y: Y::Titled("mean squared error"),
        over: Over::Steps,
    },
    Quantity {
        name: GRADIENT_NORM,
        title: "Norm of the gradient of all parameters",
        about: "norm of the gradient of all parameters before clipping, mean since the previous row",
        y: Y::Titled("norm"),
        over: Over::Steps,
    },
    Quantity {
        name: ACCURACY_AT_LENGTH,
        title: "Accuracy over the length of the test sequences",
        about: "share of correct outputs with the parameters that were best on the validation split",
        y: Y::Titled("accuracy"),
        over: Over::Length,
    },
    Quantity {
        name: LOSS_AT_POSITION,
        title: "Loss over the step of the longest test sequences",
        about: "loss on the split test, each point the mean over the steps since the point before",
        y: Y::Titled("loss (nats)"),
        over: Over::Position,
    },
    Quantity {
        name: TRAINED_EXPONENT,
        title: "Largest Lyapunov exponent during training",
        about: "largest Lyapunov exponent of the network on the first held-out sequence",
        y: Y::Titled("exponent (log10 per step)"),
        over: Over::Steps,
    },
    Quantity::norm(
        "total_h",
        "Gradient of the loss with respect to the hidden state hₜ",
        "norm of the gradient of the loss with respect to the state hₜ, through every later step",
        "∂L/∂hₜ",
    ),
    Quantity::norm(
        "total_c",
        "Gradient of the loss with respect to the cell state cₜ",
        "norm of the gradient of the loss with respect to the cell state cₜ, through every later step",
        "∂L/∂cₜ",
    ),
    Quantity::norm(
        "total_n",
        "Gradient of the loss with respect to the normaliser nₜ",
        "norm of the gradient of the loss with respect to the normaliser nₜ, through every later step",
        "∂L/∂nₜ",
    ),
    Quantity::norm(
        "total_z",
        "Gradient of the loss with respect to the velocity zₜ",
        "norm of the gradient of the loss with respect to the velocity zₜ, through every later step",
        "∂L/∂zₜ",
    ),
    Quantity::norm(
        "total_im",
        "Gradient of the loss with respect to the imaginary part imₜ of the state",
        "norm of the gradient of the loss with respect to the imaginary part imₜ, through every later step",
        "∂L/∂imₜ",
    ),
    Quantity::norm(
        "direct_h",
        "Part of the gradient with respect to hₜ that skips later steps",
        "norm of the part of total_h that passes through no later step of its layer",
        "direct part of ∂L/∂hₜ",
    ),
    Quantity::norm(
        "later_h",
        "Part of the gradient with respect to hₜ that passes through later steps",
        "norm of the part of total_h that passes through later steps of its layer",
        "later part of ∂L/∂hₜ",
    ),
    Quantity {
        name: TOTAL_OVER_DIRECT,
        title: "Gradient with respect to hₜ over its direct part",
        about: "norm of the gradient with respect to hₜ over that of its direct part, which comes from the \
                loss of the same step",
        y: Y::Titled("ratio of norms"),
        over: Over::Lag,
    },
    Quantity::norm(
        "cell_path",
        "Adjoint along the cell path",
        "norm of the part of the adjoint that came along the state itself, through f or z alone",
        "cell path",
    ),
    Quantity::norm(
        "gate_path",
        "Adjoint along the gate path",
        "norm of the part of the adjoint that came through the gates and W_hh at some step",
        "gate path",
    ),
    Quantity::norm(
        "input_x",
        "Gradient of the loss with respect to the input xₜ",
        "norm of the gradient of the loss with respect to the input xₜ",
        "∂L/∂xₜ",
    ),
    Quantity::norm(
        "weight_hh_term",
        "Terms of the gradient of the recurrent weights",
        "norm of the term of the gradient of W_hh that belongs to step t",
        "term t of ∂L/∂W_hh",
    ),
    Quantity {
        name: "weight_hh_truncation_error",
        title: "Error of a truncated gradient of the recurrent weights",
        about: "relative error of the gradient of W_hh if backpropagation stops at step t, which is rounding \
                below 1e-16",
        y: Y::Titled("relative error"),
        over: Over::Lag,
    },
    Quantity {
        name: "frobenius",
        title: "Frobenius norm of the product of Jacobians",
        about: "Frobenius norm of the product of Jacobians",
        y: Y::Titled("Frobenius norm"),
        over: Over::Lag,
    },
    Quantity {
        name: "spectral_norm",
        title: "Largest singular value of the product of Jacobians",
        about: "largest singular value of the product of Jacobians",
        y: Y::Titled("largest singular value"),
        over: Over::Lag,
    },
    Quantity {
        name: "condition_number",
        title: "Condition number of the product of Jacobians",
        about: "largest over smallest singular value of the product of Jacobians",
        y: Y::Titled("condition number"),
        over: Over::Lag,
    },
    Quantity {
        name: LYAPUNOV,
        title: "Lyapunov exponents",
        about: "Lyapunov exponents, the largest first",
        y: Y::Titled("exponent (log10 per step)"),
        over: Over::Number,
    },
    Quantity {
        name: LARGEST_EXPONENT,
        title: "Convergence of the largest Lyapunov exponent",
        about: "largest Lyapunov exponent, averaged from the burn-in up to each lag",
        y: Y::Titled("exponent (log10 per step)"),
        over: Over::Lag,
    },
];

/// A quantity by its name in CSV files.
pub fn quantity(name: &str) -> Option<&'static Quantity> {
    QUANTITIES.iter().find(|quantity| quantity.name == name)
}
