//! The words of the vocabulary: what a config may say, and what every CSV column repeats.

use std::fmt;
use std::str::FromStr;

use crate::words::unknown;

/// Declares an enum whose variants have one spelling each, used in configs, CSV files and messages alike.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident ($what:literal) { $(#[doc = $about:literal] $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $(#[doc = $about] $variant,)+ }

        impl $name {
            /// Every value, in the order of the vocabulary.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The one spelling.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// One line for a reader who meets the word for the first time.
            pub fn about(self) -> &'static str {
                match self { $($name::$variant => $about.trim_ascii(),)+ }
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|name| name.as_str() == text)
                    .ok_or_else(|| unknown($what, text, Self::ALL.iter().map(|name| name.as_str())))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.as_str()) }
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
    };
}
pub(super) use names;

names! {
    /// What an experiment measures.
    Kind ("kind") {
        /// norms of the gradient at every step
        Gradients = "gradients",
        /// products of the state's Jacobians: norm, singular values, Lyapunov exponents
        Jacobian = "jacobian",
        /// engine against engine, in seconds
        Speed = "speed",
        /// parameters learned on a task: loss, accuracy and gradient norms over steps
        Training = "training",
    }
}

names! {
    /// The equations of one time step.
    CellName ("cell") {
        /// h_t = tanh(W_x x_t + W_h h_{t-1} + b)
        Rnn = "rnn",
        /// long short-term memory: gates i, f, g, o and a cell state c
        Lstm = "lstm",
        /// gated recurrent unit: gates r, z, n (reset after the product, as in PyTorch)
        Gru = "gru",
    }
}

names! {
    /// How a cell is run over a sequence.
    EngineName ("engine") {
        /// the textbook equations, one gate at a time, differentiated by autograd
        Stepwise = "stepwise",
        /// input projection of all steps in one product, one product a step for all gates, autograd
        Fused = "fused",
        /// the backward pass derived by hand, in tensor operations
        Analytic = "analytic",
        /// hand-written CPU kernels, f32
        Simd = "simd",
        /// libtorch's own lstm, gru and rnn_tanh
        Builtin = "builtin",
    }
}

impl EngineName {
    /// Whether the engine's states are nodes of the autograd graph. One that shows none is probed by cutting.
    pub fn shows_states(self) -> bool {
        matches!(self, EngineName::Stepwise | EngineName::Fused)
    }
}

names! {
    /// Where sequences come from.
    TaskName ("task") {
        /// independent standard normal numbers
        Noise = "noise",
        /// characters (or words) of a UTF-8 text; the loss is that of the next one
        Text = "text",
        /// the sum of two marked numbers among T
        Adding = "adding",
        /// ten symbols to be repeated after T blank steps
        CopyMemory = "copy_memory",
        /// which of two symbols came first, and which second, among T
        TemporalOrder = "temporal_order",
        /// images pixel by pixel, to be told apart after the last
        Images = "images",
    }
}

names! {
    /// How a character (a word, a symbol) becomes a vector.
    Encoding ("encoding") {
        /// one component a character of the vocabulary
        OneHot = "one_hot",
        /// a vector a character, of `grid.input_size` components: standard normal at first, learned in training
        Embedding = "embedding",
    }
}

names! {
    /// What is differentiated in a `gradients` experiment.
    LossName ("loss") {
        /// a random unit vector times h_T, so that the norm at lag 0 is 1
        Last = "last",
        /// the same unit vector times h_t, summed over all steps
        Sum = "sum",
        /// the task's own loss
        Task = "task",
    }
}

names! {
    /// At which lags norms are written; all of them are computed.
    Lags ("choice of lags") {
        /// every step
        All = "all",
        /// every step up to lag 50, then about fifty a decade, and the first step
        Log = "log",
    }
}

names! {
    /// What is timed in a `speed` experiment.
    Pass ("pass") {
        /// the output, with no gradient recorded
        Forward = "forward",
        /// the output and the gradient of the input and of every parameter
        Train = "train",
    }
}

names! {
    /// A library whose network is timed beside the engines, in a process of its own.
    PeerName ("peer") {
        /// PyTorch in Python: torch.nn.LSTM, GRU, RNN
        PyTorch = "pytorch",
        /// JAX: a compiled lax.scan
        Jax = "jax",
        /// Keras on JAX
        Keras = "keras",
        /// ONNX Runtime (forward only)
        OnnxRuntime = "onnxruntime",
    }
}

names! {
    /// The floating-point type of every tensor in a run.
    Dtype ("dtype") {
        /// 32 bits
        F32 = "f32",
        /// 64 bits
        F64 = "f64",
    }
}

names! {
    /// A gradient whose norm is measured at every step.
    Quantity ("quantity") {
        /// the adjoint of h_t: the loss's total derivative through every later step
        TotalH = "total_h",
        /// the adjoint of c_t (lstm)
        TotalC = "total_c",
        /// the part of total_h that passes through no later step of the same layer
        DirectH = "direct_h",
        /// the derivative with respect to the input x_t
        InputX = "input_x",
        /// the part of total_c (lstm) or total_h (gru) that came back along the state itself, through f or z alone
        CellPath = "cell_path",
        /// the other part, which came through the gates and W_hh at some step
        GatePath = "gate_path",
    }
}

names! {
    /// A number about the product of Jacobians ∂s_T/∂s_t, s the whole state.
    JacobianQuantity ("quantity of a Jacobian") {
        /// log10 of its Frobenius norm
        Frobenius = "frobenius",
        /// log10 of its largest singular value
        SpectralNorm = "spectral_norm",
        /// log10 of its singular values, the largest first
        SingularValue = "singular_value",
        /// log10 of the largest over the smallest singular value
        ConditionNumber = "condition_number",
        /// Lyapunov exponents in nats a step, the largest first
        Lyapunov = "lyapunov",
    }
}

names! {
    /// A number about one gate of one layer.
    GateStatistic ("gate statistic") {
        /// mean activation over steps, sequences and units
        Mean = "mean",
        /// share of activations within a tenth of the range from its lower end
        SaturatedLow = "saturated_low",
        /// share of activations within a tenth of the range from its upper end
        SaturatedHigh = "saturated_high",
        /// mean of log10 of the activation (sigmoid gates)
        MeanLog10 = "mean_log10",
        /// log10 of the largest absolute eigenvalue of the gate's recurrent matrix
        SpectralRadius = "w_h_spectral_radius",
        /// log10 of the largest singular value of the gate's recurrent matrix
        SpectralNorm = "w_h_spectral_norm",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_as_itself() {
        for cell in CellName::ALL {
            assert_eq!(cell.as_str().parse::<CellName>().unwrap(), *cell);
        }
        for engine in EngineName::ALL {
            assert_eq!(engine.as_str().parse::<EngineName>().unwrap(), *engine);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_and_suggests_the_nearest() {
        let message = "ltsm".parse::<CellName>().unwrap_err();
        assert_eq!(message, "expected a cell (`rnn`, `lstm`, `gru`), found `ltsm`; did you mean `lstm`?");
        let message = "transformer".parse::<CellName>().unwrap_err();
        assert!(!message.contains("did you mean"), "{message}");
    }
}
