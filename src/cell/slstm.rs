//! The sLSTM with its stabiliser (Beck et al. 2024, xLSTM): exponential gates, and a state that counts them.

use tch::Tensor;

use super::{Activation, CarriedState, Cell, CellName, LayerParameters, Products, Retention, State};

/// The sLSTM (eq. 8 to 17 of the paper), with σ as the forget gate, as in the authors' program.
///
/// ```text
/// log i_t = W_xi x_t + W_hi h_{t-1} + b_i              input gate, exp of any number
/// log f_t = log σ(W_xf x_t + W_hf h_{t-1} + b_f)       forget gate
/// z_t = tanh(W_xz x_t + W_hz h_{t-1} + b_z)            new content
/// o_t = σ(W_xo x_t + W_ho h_{t-1} + b_o)               output gate
///
/// m_t = max(log f_t + m_{t-1}, log i_t)                stabiliser
/// i'_t = exp(log i_t − m_t)
/// f'_t = exp(log f_t + m_{t-1} − m_t)
/// c_t = f'_t ⊙ c_{t-1} + i'_t ⊙ z_t                    cell state
/// n_t = f'_t ⊙ n_{t-1} + i'_t                          normaliser
/// h_t = o_t ⊙ c_t / n_t                                hidden state, the output
/// ```
///
/// The states c and n are those of the equations without m, times exp(−m_t). The factor cancels in c / n,
/// so that m changes no output: it keeps the exponentials within the range of floats. The derivative of the
/// loss with respect to m_t, through everything that m_t is a part of, is 0. Autograd goes through m, and
/// its terms cancel up to rounding.
///
/// One of i' and f' is 1, so n is at least 1 from the first step on, and |h| is below 1. The recurrent
/// matrices are whole: the paper's block-diagonal ones with one head.
pub struct Slstm;

impl Cell for Slstm {
    fn name(&self) -> Option<CellName> {
        Some(CellName::Slstm)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["i", "f", "z", "o"]
    }

    fn input_gate(&self) -> Option<usize> {
        Some(0)
    }

    fn retention(&self) -> Option<Retention> {
        Some(Retention::Keeps(1))
    }

    fn candidate(&self) -> usize {
        2
    }

    fn activation(&self, gate: usize) -> Activation {
        match gate {
            0 => Activation::Unbounded,
            2 => Activation::Tanh,
            _ => Activation::Sigmoid,
        }
    }

    fn carried(&self) -> &'static [CarriedState] {
        &[CarriedState::C, CarriedState::N, CarriedState::M]
    }

    /// Returns zeros, and −∞ as m: the first input gate then sets m, however small the gate is.
    fn zero_state(&self, p: &LayerParameters, batch_size: i64) -> State {
        let hidden = p.state_size(self.gates().len()).hidden;
        let zeros = || Tensor::zeros([batch_size, hidden], (p.w_ih.kind(), p.w_ih.device()));
        State { h: zeros(), carried: vec![zeros(), zeros(), zeros() + f64::NEG_INFINITY] }
    }

    /// Computes the gates. After them come the logarithms of i and f.
    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        let [log_i, f, z, o] = [0, 1, 2, 3].map(|gate| products.sum(gate));
        vec![log_i.exp(), f.sigmoid(), z.tanh(), o.sigmoid(), log_i, f.log_sigmoid()]
    }

    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let [_, _, z, o, log_i, log_f] = activations else { panic!("expected 6 tensors") };
        let [c, n, m] = &previous.carried[..] else { panic!("expected 3 carried states") };
        let log_kept = log_f + m;
        let m = log_kept.maximum(log_i);
        let (i, f) = ((log_i - &m).exp(), (log_kept - &m).exp());
        let c = &f * c + &i * z;
        let n = f * n + i;
        State { h: o * &c / &n, carried: vec![c, n, m] }
    }
}
