//! The LSTM with layer normalisation (Ba, Kiros & Hinton 2016).

use tch::Tensor;

use super::{CarriedState, Cell, CellName, Further, LayerParameters, Layout, PreparedLayer, Products};
use super::{Recurrent, Retention, State};

/// The LSTM whose products and cell state are normalised over their units (eq. 20 to 22 of the paper).
///
/// ```text
/// (i, f, g, o) = LN(W_x x_t; α_x) + LN(W_h h_{t-1}; α_h) + b
/// c_t = σ(f) ⊙ c_{t-1} + σ(i) ⊙ tanh(g)
/// h_t = σ(o) ⊙ tanh(LN(c_t; α_c) + β_c)
///
/// LN(a; α) = α ⊙ (a − mean of a) / √(variance of a + ε)
/// ```
///
/// The mean and the variance of a product are those of all 4H numbers: the four gates together, as in the
/// paper. The paper has a bias in each of the first two LN and a bias b. They act through their sum only,
/// which is the sum of PyTorch's two biases here.
pub struct LstmLayernorm;

/// The number that is added to a variance: the default of PyTorch's `LayerNorm`.
const EPSILON: f64 = 1e-5;

/// The further parameters. The gains begin at 1 and the bias of c at 0.
const FURTHER: &[Further] = &[
    Further::of_gates("weight_ln_ih", 1.0),
    Further::of_gates("weight_ln_hh", 1.0),
    Further::of_units("weight_ln_c", 1.0),
    Further::of_units("bias_ln_c", 0.0),
];

impl Cell for LstmLayernorm {
    fn name(&self) -> Option<CellName> {
        Some(CellName::LstmLayernorm)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["i", "f", "g", "o"]
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

    fn carried(&self) -> &'static [CarriedState] {
        &[CarriedState::C]
    }

    fn layout(&self) -> Layout {
        Layout { recurrent: Recurrent::Matrices, further: FURTHER }
    }

    /// Moves the biases out of the products, behind the normalisation: the products are W_x x and W_h h
    /// alone, and b follows the further parameters.
    fn prepare(&self, p: &LayerParameters) -> PreparedLayer {
        let mut bare = p.shallow_clone();
        (bare.b_ih, bare.b_hh) = (p.b_ih.zeros_like(), p.b_hh.zeros_like());
        bare.further.push(&p.b_ih + &p.b_hh);
        PreparedLayer::new(&bare, self.gates().len())
    }

    fn input_bias(&self, p: &LayerParameters) -> Tensor {
        p.b_ih.zeros_like()
    }

    /// Computes the gates. After them come the gain and the bias of c_t.
    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        let all = |product: &dyn Fn(usize) -> Tensor| Tensor::cat(&[0, 1, 2, 3].map(product), 1);
        let [gain_x, gain_h, gain_c, bias_c, b] = [0, 1, 2, 3, 4].map(|n| products.further(n));
        let of_input = normalised(&all(&|gate| products.of_input(gate)), gain_x, b);
        let of_state = normalised(&all(&|gate| products.of_state(gate)), gain_h, &b.zeros_like());
        let a = (of_input + of_state).chunk(4, 1);
        let gates = [a[0].sigmoid(), a[1].sigmoid(), a[2].tanh(), a[3].sigmoid()];
        gates.into_iter().chain([gain_c.shallow_clone(), bias_c.shallow_clone()]).collect()
    }

    fn update(&self, activations: &[Tensor], previous: &State) -> State {
        let [i, f, g, o, gain, bias] = activations else { panic!("expected 6 tensors") };
        let c = f * &previous.carried[0] + i * g;
        State { h: o * normalised(&c, gain, bias).tanh(), carried: vec![c] }
    }
}

/// Returns LN(a; gain) + bias over the last dimension.
fn normalised(a: &Tensor, gain: &Tensor, bias: &Tensor) -> Tensor {
    a.layer_norm(gain.size(), Some(gain), Some(bias), EPSILON, false)
}
