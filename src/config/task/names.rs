//! The words of `[task]`, beside the names of tasks.

use std::fmt;
use std::str::FromStr;

use crate::config::names::names;
use crate::words::unknown;

names! {
    /// What one symbol of a text is.
    Level ("level") {
        /// a Unicode character
        Character = "character",
        /// a word or a punctuation mark
        Word = "word",
    }
}

names! {
    /// Which form of the adding problem.
    AddingForm ("form of the adding problem") {
        /// numbers in [-1, 1], length T to 1.1 T, target 0.5 + (a + b)/4 (Hochreiter & Schmidhuber 1997)
        Form1997 = "1997",
        /// numbers in [0, 1], length T, target a + b (Arjovsky et al. 2016)
        Form2016 = "2016",
    }
}

names! {
    /// After which steps an output is asked for.
    TargetSteps ("steps with a target") {
        /// after every step; the state is carried from one excerpt to the next
        Every = "every",
        /// after the last; excerpts are drawn in random order
        Last = "last",
    }
}
