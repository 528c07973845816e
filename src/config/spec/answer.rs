//! The parts of a report's answer.

use crate::support::names::names;

names! {
    /// A group of sentences on measured numbers.
    AnswerPart ("part of the answer") {
        /// the slowest directions of the state before and after training
        Exponents = "exponents",
        /// runs that solved their task, test losses and accuracies
        Training = "training",
        /// the beginning of a text that the trained model wrote
        Samples = "samples",
        /// the gradient of the recurrent weights by lag
        WeightsByLag = "weights_by_lag",
        /// the shares of the init and of the cell in the decay
        InitAndCell = "init_and_cell",
        /// the gradient with respect to h that is left at half the length
        Gradients = "gradients",
        /// the same for the states beside h
        OtherStates = "other_states",
        /// the steps over which the gradient halves
        HalfLife = "half_life",
        /// the number in the init at which decay with the lag turns into growth
        Turn = "turn",
        /// the part of the gradient from the losses of later steps
        LaterLosses = "later_losses",
        /// the parts of the gradient along the state and through the gates
        Paths = "paths",
        /// the decay of the part along the state
        PathDecay = "path_decay",
        /// the number that is nearest to the slope of the gradient
        Predictors = "predictors",
        /// products of Jacobians and the directions of the state
        Jacobian = "jacobian",
        /// the fastest engine of each cell and pass
        Speed = "speed",
    }
}
