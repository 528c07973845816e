//! The names of cells.

use crate::support::names::names;

names! {
    /// The equations of one time step.
    CellName ("cell") {
        /// h_t = tanh(W_x x_t + W_h h_{t-1} + b)
        Rnn = "rnn",
        /// long short-term memory: gates i, f, g, o and a cell state c
        Lstm = "lstm",
        /// gated recurrent unit: gates r, z, n (reset after the product, as in PyTorch)
        Gru = "gru",
        /// rnn with max(0, ·) for tanh (Le et al. 2015)
        ReluRnn = "relu_rnn",
        /// gru with the reset before the product (Cho et al. 2014)
        GruResetBefore = "gru_reset_before",
        /// lstm whose gates see the cell state (Gers & Schmidhuber 2000)
        LstmPeephole = "lstm_peephole",
        /// lstm with layer normalisation (Ba et al. 2016)
        LstmLayernorm = "lstm_layernorm",
        /// lstm whose h is a projection of its units (Sak et al. 2014); needs proj_size
        LstmProjected = "lstm_projected",
        /// lstm with coupled input and forget gate, i = 1 − f (Greff et al. 2017)
        Cifg = "cifg",
        /// lstm with a forget gate only (van der Westhuizen & Lasenby 2018)
        Janet = "janet",
        /// minimal gated unit: one gate resets and updates (Zhou et al. 2016)
        Mgu = "mgu",
        /// independently recurrent network: each unit sees its own state only (Li et al. 2018)
        IndRnn = "indrnn",
        /// a stable step of Euler's method: h_t = h_{t-1} + ε tanh(…) (Chang et al. 2019)
        AntisymmetricRnn = "antisymmetric_rnn",
        /// coupled oscillatory RNN: damped oscillators with a velocity z (Rusch & Mishra 2021)
        CoRnn = "cornn",
        /// lstm with exponential input gate and normaliser, from xLSTM (Beck et al. 2024)
        Slstm = "slstm",
        /// lstm whose gates do not see the state (Feng et al. 2024)
        MinLstm = "minlstm",
        /// gru whose gates do not see the state (Feng et al. 2024)
        MinGru = "mingru",
        /// linear recurrent unit: a complex state that each step turns and shrinks (Orvieto et al. 2023)
        Lru = "lru",
    }
}
