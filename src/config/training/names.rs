//! The words of training.

use std::fmt;
use std::str::FromStr;

use crate::config::names::names;
use crate::words::unknown;

names! {
    /// What stands between input and readout.
    ModelName ("model") {
        /// recurrent layers of `grid.cell`, then a dense readout
        Recurrent = "recurrent",
        /// recurrent layers, then attention over their states (Bahdanau et al. 2015) beside the last state
        Attention = "attention",
        /// a causal Transformer, normalised before each block (Vaswani et al. 2017; Xiong et al. 2020)
        Transformer = "transformer",
    }
}

names! {
    /// The rule by which parameters follow their gradient.
    OptimizerName ("optimizer") {
        /// stochastic gradient descent, with momentum where that is above 0
        Sgd = "sgd",
        /// the gradient over the root of its mean square (Hinton 2012)
        Rmsprop = "rmsprop",
        /// first over root of second moment, bias corrected (Kingma & Ba 2015)
        Adam = "adam",
        /// adam with weight decay apart from the gradient (Loshchilov & Hutter 2019)
        Adamw = "adamw",
    }
}

names! {
    /// How the learning rate moves over the steps, after the warm-up.
    ScheduleName ("schedule") {
        /// it stays
        Constant = "constant",
        /// a straight line that would be at 0 one step after the last
        Linear = "linear",
        /// half a cosine that would be at 0 one step after the last
        Cosine = "cosine",
    }
}
