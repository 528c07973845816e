//! The linear recurrent unit (LRU; Orvieto et al. 2023): a linear recurrence with complex factors.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use super::{Activation, CarriedState, Cell, CellName, Further, LayerParameters, Layout, LinearRecurrence};
use super::{PreparedLayer, Products, Recurrent, State};
use crate::device::cpu;
use crate::random;

/// The recurrence of the LRU (section 3.4 of the paper). The state s is complex, and h is its real part.
///
/// ```text
/// λ = exp(−exp(ν_log) + i exp(θ_log))                factor of each unit, |λ| < 1
/// s_t = λ ⊙ s_{t-1} + exp(γ_log) ⊙ (B x_t + b)
/// h_t = Re s_t                                       carried: Im s_t
/// ```
///
/// The two halves of `weight_ih` are the real and the imaginary part of B. The paper has no bias b. Its
/// output Re(C s_t) + D x_t passes nothing on to the next step. The readout, or the input matrix of the next
/// layer, is in the place of C. Every path through time runs along the state, so there is no other path to
/// split off.
pub struct Lru;

/// ν_log, θ_log and γ_log. Every init policy draws them as the paper does.
const FURTHER: &[Further] = &[
    Further::drawn("nu_log", nu_log),
    Further::drawn("theta_log", theta_log),
    Further::drawn("gamma_log", gamma_log),
];

impl Cell for Lru {
    fn name(&self) -> Option<CellName> {
        Some(CellName::Lru)
    }

    fn gates(&self) -> &'static [&'static str] {
        &["re", "im"]
    }

    fn candidate(&self) -> usize {
        0
    }

    fn activation(&self, _: usize) -> Activation {
        Activation::Unbounded
    }

    fn candidate_activation(&self) -> Activation {
        Activation::Unbounded
    }

    fn layout(&self) -> Layout {
        Layout { recurrent: Recurrent::None, further: FURTHER }
    }

    fn carried(&self) -> &'static [CarriedState] {
        &[CarriedState::Im]
    }

    /// Puts the real and the imaginary part of λ, and exp(γ_log), in the place of their logarithms.
    fn prepare(&self, p: &LayerParameters) -> PreparedLayer {
        let [nu_log, theta_log, gamma_log] = &p.further[..] else { panic!("expected 3 further parameters") };
        let (modulus, phase) = ((-nu_log.exp()).exp(), theta_log.exp());
        let further = vec![&modulus * phase.cos(), &modulus * phase.sin(), gamma_log.exp()];
        PreparedLayer::new(&LayerParameters { further, ..p.shallow_clone() }, self.gates().len())
    }

    /// Computes the parts of exp(γ_log) ⊙ (B x_t + b). After them come those of λ.
    fn activations(&self, products: &Products, _: &State) -> Vec<Tensor> {
        let [re, im, gamma] = [0, 1, 2].map(|n| products.further(n));
        vec![
            products.of_input(0) * gamma,
            products.of_input(1) * gamma,
            re.shallow_clone(),
            im.shallow_clone(),
        ]
    }

    fn linear_recurrence(&self) -> Option<LinearRecurrence> {
        Some(|activations| {
            let [re, im, lambda_re, lambda_im] = activations else { panic!("expected 4 tensors") };
            (Tensor::complex(lambda_re, lambda_im), Tensor::complex(re, im))
        })
    }
}

/// Draws |λ|² from U(0, 1). With θ, λ is then uniform on the disk: lemma 3.2 of the paper with r_min = 0 and
/// r_max = 1, as in its listing.
fn nu_log(_: &[Tensor], hidden: i64, rng: &mut ChaCha8Rng) -> Tensor {
    (uniform(hidden, rng).log() * -0.5).log()
}

/// Draws θ from U(0, 2π).
fn theta_log(_: &[Tensor], hidden: i64, rng: &mut ChaCha8Rng) -> Tensor {
    (uniform(hidden, rng) * TAU).log()
}

/// Returns log √(1 − |λ|²): white noise then gives every unit the same variance.
fn gamma_log(before: &[Tensor], _: i64, _: &mut ChaCha8Rng) -> Tensor {
    let squared_modulus = (before[0].exp() * -2.0).exp();
    (-squared_modulus).log1p() * 0.5
}

fn uniform(hidden: i64, rng: &mut ChaCha8Rng) -> Tensor {
    random::uniform(rng, 0.0, 1.0, &[hidden], Kind::Double, cpu())
}
