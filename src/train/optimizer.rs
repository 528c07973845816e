//! Optimizers whose state can be saved: moments are vectors like the parameters.

use tch::{Kind, Tensor, no_grad};

use crate::config::spec::Optimizer;
use crate::settings::names::OptimizerName;

/// The state of an optimizer.
#[derive(Debug)]
pub struct OptimizerState {
    /// Updates so far.
    pub steps: usize,
    /// Momentum of `sgd`, first moment of `adam` and `adamw`.
    pub first: Tensor,
    /// Mean square of `rmsprop`, second moment of `adam` and `adamw`.
    pub second: Tensor,
}

impl OptimizerState {
    /// The state before the first update.
    pub fn new(parameters: &Tensor) -> OptimizerState {
        OptimizerState { steps: 0, first: parameters.zeros_like(), second: parameters.zeros_like() }
    }

    /// One update of the parameters in place, by PyTorch's formulas.
    pub fn step(&mut self, settings: Optimizer, rate: f64, parameters: &Tensor, gradient: &Tensor) {
        self.steps += 1;
        no_grad(|| {
            let mut parameters = parameters.shallow_clone();
            let decay = settings.weight_decay;
            let decayed;
            let gradient = if settings.name == OptimizerName::Adamw {
                if decay > 0.0 {
                    let _ = parameters.g_mul_scalar_(1.0 - rate * decay);
                }
                gradient
            } else if decay > 0.0 {
                decayed = gradient + decay * &parameters;
                &decayed
            } else {
                gradient
            };
            match settings.name {
                OptimizerName::Sgd => self.sgd(settings, rate, &mut parameters, gradient),
                OptimizerName::Rmsprop => self.rmsprop(settings, rate, &mut parameters, gradient),
                OptimizerName::Adam | OptimizerName::Adamw => {
                    self.adam(settings, rate, &mut parameters, gradient);
                }
            }
        });
    }

    fn sgd(&mut self, settings: Optimizer, rate: f64, parameters: &mut Tensor, gradient: &Tensor) {
        if settings.momentum == 0.0 {
            let _ = parameters.g_add_(&(gradient * -rate));
            return;
        }
        // The momentum starts as the first gradient, without a factor.
        let _ = self.first.g_mul_scalar_(settings.momentum).g_add_(gradient);
        let _ = parameters.g_add_(&(&self.first * -rate));
    }

    fn rmsprop(&mut self, settings: Optimizer, rate: f64, parameters: &mut Tensor, gradient: &Tensor) {
        self.update_second_moment(settings.betas[1], gradient);
        let root = self.second.sqrt().g_add_scalar_(settings.epsilon);
        let _ = parameters.addcdiv_(&(gradient * -rate), &root);
    }

    fn adam(&mut self, settings: Optimizer, rate: f64, parameters: &mut Tensor, gradient: &Tensor) {
        let [first, second] = settings.betas;
        let _ = self.first.lerp_(gradient, 1.0 - first);
        self.update_second_moment(second, gradient);
        let corrections =
            settings.betas.map(|beta| 1.0 - beta.powi(i32::try_from(self.steps).unwrap_or(i32::MAX)));
        // Numerator and denominator are multiplied by √(1 − β₂ᵗ), which saves a pass over the vector.
        let scale = corrections[1].sqrt();
        let root = self.second.sqrt().g_add_scalar_(settings.epsilon * scale);
        let _ = parameters.addcdiv_(&(&self.first * (-rate * scale / corrections[0])), &root);
    }

    fn update_second_moment(&mut self, beta: f64, gradient: &Tensor) {
        let _ = self.second.lerp_(&gradient.square(), 1.0 - beta);
    }
}

/// Clips a gradient to the norm `max`; 0 for never (Pascanu et al. 2013, algorithm 1). Returns the norm
/// before clipping.
pub fn clip(gradient: &mut Tensor, max: f64) -> f64 {
    let norm = gradient.to_kind(Kind::Double).norm().double_value(&[]);
    if max > 0.0 && norm > max {
        let _ = gradient.g_mul_scalar_(max / norm);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The golden numbers are PyTorch's: tests/golden/make_optimizers.py.
    #[test]
    fn ten_optimizer_steps_equal_pytorch() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/golden/optimizers.json")).unwrap();
        let plain = Optimizer {
            name: OptimizerName::Sgd,
            momentum: 0.0,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.0,
        };
        let of = |name| Optimizer { name, ..plain };
        let decay = |decay, settings| Optimizer { weight_decay: decay, ..settings };
        let adamw = Optimizer { betas: [0.8, 0.99], ..of(OptimizerName::Adamw) };
        for (key, rate, settings) in [
            ("sgd", 0.1, decay(0.02, plain)),
            ("momentum", 0.1, Optimizer { momentum: 0.9, ..plain }),
            ("rmsprop", 0.01, Optimizer { betas: [0.0, 0.99], ..of(OptimizerName::Rmsprop) }),
            ("adam", 0.01, decay(0.02, of(OptimizerName::Adam))),
            ("adamw", 0.01, decay(0.1, adamw)),
        ] {
            let parameters = Tensor::from_slice(&[1.0, -2.0, 0.5, 0.0, 3.0]);
            let mut state = OptimizerState::new(&parameters);
            for step in 0..10 {
                let gradient = [0, 1, 2, 3, 4].map(|n| f64::from(1 + 3 * step + n).sin() * f64::from(n + 1));
                state.step(settings, rate, &parameters, &Tensor::from_slice(&gradient));
            }
            for (n, expected) in golden[key].as_array().unwrap().iter().enumerate() {
                let (found, expected) = (parameters.double_value(&[n as i64]), expected.as_f64().unwrap());
                assert!((found - expected).abs() < 1e-12, "{key} {n}: {found} {expected}");
            }
        }
    }

    #[test]
    fn clip_keeps_direction_and_returns_norm_before() {
        let mut gradient = Tensor::from_slice(&[3.0f64, 4.0]);
        assert_eq!(clip(&mut gradient, 0.0), 5.0);
        assert_eq!(clip(&mut gradient, 6.0), 5.0);
        assert_eq!(clip(&mut gradient, 1.0), 5.0);
        assert_eq!(Vec::<f64>::try_from(gradient).unwrap(), [0.6000000000000001, 0.8]);
    }
}
