//! The vocabularies of configs, except those of cells, engines and types.
//!
//! `lstm-lab list` prints the comments of the variants of some enums. The macro allows one line for each
//! variant.

use crate::cell::{CarriedState, CellName};
use crate::support::names::names;

names! {
    /// The measurement of an experiment.
    ExperimentKind ("kind") {
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
    /// The source of sequences.
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
        /// the sum of all numbers so far, modulo m, after each step; parity for m = 2
        ModularSum = "modular_sum",
        /// the exclusive or of two marked bits among T
        Xor = "xor",
        /// ten symbols among blanks in T steps, to be repeated in their order
        SelectiveCopy = "selective_copy",
        /// images pixel by pixel, to be told apart after the last
        Images = "images",
    }
}

names! {
    /// The encoding of a symbol (a character or a word) as a vector.
    Encoding ("encoding") {
        /// one component per symbol of the vocabulary
        OneHot = "one_hot",
        /// `grid.input_size` components per symbol: standard normal at first, learned in training
        Embedding = "embedding",
    }
}

names! {
    /// The loss that a `gradients` experiment differentiates.
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
    /// A measurement of the network during training.
    ProbeName ("probe") {
        /// norms of the gradient over lag
        Gradients = "gradients",
        /// also the norms along the state and through the gates
        Paths = "paths",
        /// the product of the state's Jacobians, with singular values and Lyapunov exponents
        Jacobian = "jacobian",
        /// statistics of the gates
        Gates = "gates",
    }
}

names! {
    /// The lags whose norms have rows. All norms are computed.
    Lags ("choice of lags") {
        /// every lag
        All = "all",
        /// every lag up to 50, then about fifty per decade, and the largest lag
        Log = "log",
    }
}

names! {
    /// The names, shapes and order of gates of the parameters in a file.
    WeightsLayout ("layout") {
        /// PyTorch's: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`
        PyTorch = "pytorch",
        /// Keras's: `kernel_0`, `recurrent_kernel_0`, `bias_0`
        Keras = "keras",
        /// that of the operators of ONNX: `W_0`, `R_0`, `B_0`
        Onnx = "onnx",
    }
}

names! {
    /// The pass that a `speed` experiment times.
    PassName ("pass") {
        /// the output, with no gradient recorded
        Forward = "forward",
        /// the output and the gradient of the input and of every parameter
        Train = "train",
        /// an update of a model: output, loss, gradient, clipping, optimizer
        Step = "step",
    }
}

names! {
    /// Another framework, timed in turn with the engines in its own process.
    FrameworkName ("framework") {
        /// PyTorch in Python: torch.nn.LSTM, GRU, RNN
        PyTorch = "pytorch",
        /// PyTorch with torch.compile (training steps only)
        PyTorchCompiled = "pytorch_compiled",
        /// JAX: a compiled lax.scan
        Jax = "jax",
        /// Keras on JAX
        Keras = "keras",
        /// ONNX Runtime (forward only)
        OnnxRuntime = "onnxruntime",
        /// OpenVINO (forward only)
        OpenVino = "openvino",
        /// torchrecurrent: cells that libtorch does not have
        TorchRecurrent = "torchrecurrent",
    }
}

impl FrameworkName {
    /// The cells that the framework has with the equations of this program.
    pub fn cells(self) -> &'static [CellName] {
        match self {
            FrameworkName::TorchRecurrent => &[
                CellName::IndRnn,
                CellName::AntisymmetricRnn,
                CellName::CoRnn,
                CellName::LstmPeephole,
                CellName::Janet,
                CellName::Mgu,
            ],
            _ => &[CellName::Rnn, CellName::Lstm, CellName::Gru],
        }
    }
}

names! {
    /// A gradient whose norm is measured at every step.
    Quantity ("quantity") {
        /// the adjoint of h_t: the loss's total derivative through every later step
        TotalH = "total_h",
        /// the adjoint of c_t (lstm)
        TotalC = "total_c",
        /// the adjoint of n_t (slstm)
        TotalN = "total_n",
        /// the adjoint of z_t (cornn)
        TotalZ = "total_z",
        /// the adjoint of the imaginary part of the state (lru)
        TotalIm = "total_im",
        /// the part of total_h that passes through no later step of the same layer
        DirectH = "direct_h",
        /// the part of total_h that passes through later steps of the same layer, of a loss at several steps
        LaterH = "later_h",
        /// the derivative with respect to the input x_t
        InputX = "input_x",
        /// the part of total_c (lstm) or total_h (gru) that passed along the state alone, through f or z
        CellPath = "cell_path",
        /// the other part, which passed through the gates and W_hh at some step
        GatePath = "gate_path",
        /// the term of the gradient of W_hh that belongs to step t, with `weights = true`
        WeightTerm = "weight_hh_term",
        /// the relative error of the gradient of W_hh if backpropagation stops at step t
        TruncationError = "weight_hh_truncation_error",
    }
}

impl Quantity {
    /// Returns the adjoint of a state that a cell carries beside h. `None` for m of the sLSTM: no output
    /// depends on m, so its adjoint is 0.
    pub fn total(state: CarriedState) -> Option<Quantity> {
        match state {
            CarriedState::C => Some(Quantity::TotalC),
            CarriedState::N => Some(Quantity::TotalN),
            CarriedState::M => None,
            CarriedState::Z => Some(Quantity::TotalZ),
            CarriedState::Im => Some(Quantity::TotalIm),
        }
    }

    /// Returns the carried state of which this is the adjoint, if it is one.
    pub fn carried(self) -> Option<CarriedState> {
        CarriedState::ALL.iter().copied().find(|state| Quantity::total(*state) == Some(self))
    }
}

names! {
    /// A number about the product of Jacobians ∂s_T/∂s_t, where s is the whole state.
    JacobianQuantity ("quantity of a Jacobian") {
        /// log10 of its Frobenius norm
        Frobenius = "frobenius",
        /// log10 of its largest singular value
        SpectralNorm = "spectral_norm",
        /// log10 of its singular values, the largest first
        SingularValue = "singular_value",
        /// log10 of the largest over the smallest singular value
        ConditionNumber = "condition_number",
        /// Lyapunov exponents in nats per step, the largest first
        Lyapunov = "lyapunov",
    }
}

names! {
    /// A number about one gate of one layer.
    GateStatistic ("gate statistic") {
        /// mean activation over steps, sequences and units
        Mean = "mean",
        /// fraction of activations within a tenth of the range from its lower end
        SaturatedLow = "saturated_low",
        /// fraction of activations within a tenth of the range from its upper end
        SaturatedHigh = "saturated_high",
        /// mean of log10 of the activation (sigmoid gates)
        MeanLog10 = "mean_log10",
        /// log10 of the largest absolute eigenvalue of the gate's recurrent matrix
        SpectralRadius = "w_h_spectral_radius",
        /// log10 of the largest singular value of the gate's recurrent matrix
        SpectralNorm = "w_h_spectral_norm",
    }
}

names! {
    /// The symbols of a text.
    Tokenizer ("tokenizer") {
        /// a Unicode character
        Character = "character",
        /// a word or a punctuation mark
        Word = "word",
        /// a byte, of a file of any form
        Byte = "byte",
    }
}

names! {
    /// The variant of the adding problem.
    AddingVariant ("variant of the adding problem") {
        /// numbers in [-1, 1], length T to 1.1 T, target 0.5 + (a + b)/4 (Hochreiter & Schmidhuber 1997)
        Variant1997 = "1997",
        /// numbers in [0, 1], length T, target a + b (Arjovsky et al. 2016)
        Variant2016 = "2016",
    }
}

names! {
    /// The steps whose next symbol is predicted.
    Predict ("prediction") {
        /// after every step; the state is carried from one excerpt to the next
        EveryStep = "every_step",
        /// after the last; excerpts are drawn in random order
        LastStep = "last_step",
    }
}

names! {
    /// The architecture between input and readout.
    ModelName ("model") {
        /// recurrent layers of `grid.cell`, then a dense readout
        Recurrent = "recurrent",
        /// recurrent layers, then attention over their states, with the last state (Bahdanau et al. 2015)
        Attention = "attention",
        /// a causal Transformer, normalised before each block (Vaswani et al. 2017; Xiong et al. 2020)
        Transformer = "transformer",
    }
}

names! {
    /// The rule of a parameter update.
    OptimizerName ("optimizer") {
        /// stochastic gradient descent, optionally with momentum
        Sgd = "sgd",
        /// the gradient divided by the root of its mean square (Hinton 2012)
        Rmsprop = "rmsprop",
        /// the first moment divided by the root of the second, bias-corrected (Kingma & Ba 2015)
        Adam = "adam",
        /// adam with decoupled weight decay (Loshchilov & Hutter 2019)
        Adamw = "adamw",
    }
}

names! {
    /// The schedule of the learning rate after the warm-up.
    ScheduleName ("schedule") {
        /// the same learning rate at every step
        Constant = "constant",
        /// a straight line that reaches 0 one step after the last
        Linear = "linear",
        /// half a cosine that reaches 0 one step after the last
        Cosine = "cosine",
    }
}
