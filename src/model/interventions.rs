//! Interventions on the steps of recurrent layers in training.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::dropout::{dropout_mask, events};
use crate::cell::{Cell, LayerParameters, Products, State, Zoneout};
use crate::random::{self, Purpose};
use crate::settings::Settings;

/// The interventions on each step of each recurrent layer. 0 is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Interventions {
    /// The share of the units of h_{t−1} that the recurrent products do not see.
    pub recurrent_dropout: f64,
    /// The probability that a unit of h keeps its value.
    pub zoneout_h: f64,
    /// The probability that a unit of a state carried beside h keeps its value.
    pub zoneout_c: f64,
    /// The probability that no gradient flows from a step to h_{t−1} through the recurrent products.
    pub h_detach: f64,
}

impl Interventions {
    /// The interventions of a run.
    pub fn of(settings: &Settings) -> Interventions {
        let Settings { recurrent_dropout, zoneout_h, zoneout_c, h_detach, .. } = settings;
        let [recurrent_dropout, zoneout_h, zoneout_c, h_detach] =
            [recurrent_dropout, zoneout_h, zoneout_c, h_detach].map(|share| share.unwrap_or(0.0));
        Interventions { recurrent_dropout, zoneout_h, zoneout_c, h_detach }
    }

    /// Returns true if a step is changed in training.
    pub fn any(&self) -> bool {
        *self != Interventions::default()
    }

    /// Returns false for a number that is no probability, which a file may have.
    pub fn are_probabilities(&self) -> bool {
        let Interventions { recurrent_dropout, zoneout_h, zoneout_c, h_detach } = self;
        [recurrent_dropout, zoneout_h, zoneout_c, h_detach].iter().all(|share| (0.0..=1.0).contains(*share))
    }

    /// The cell of evaluations and diagnostics: with zoneout, the expected value of each step.
    pub fn expected_cell(&self, cell: &'static dyn Cell) -> &'static dyn Cell {
        if self.zoneout_h == 0.0 && self.zoneout_c == 0.0 {
            return cell;
        }
        // Cells are static. A process has few models, and each leaks three words.
        Box::leak(Box::new(Zoneout::new(cell, self.zoneout_h, self.zoneout_c)))
    }

    /// Runs one layer in training, like [`crate::engine::Engine::layer`].
    pub fn layer(
        &self,
        cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial: &State,
        rng: &mut Streams,
    ) -> (Tensor, State) {
        let layer = cell.prepare(p);
        let mask = self.mask(&initial.h, rng);
        let mut state = initial.shallow_clone();
        let mut outputs = Vec::new();
        for projection in p.project(&layer.parameters.b_ih, input).unbind(0) {
            let seen = self.seen(&state, mask.as_ref(), rng);
            let products = Products::joint(&layer, &projection, &seen.h);
            let next = cell.update(&cell.activations(&products, &seen), &state);
            state = self.zone_out(&state, next, rng);
            outputs.push(state.h.shallow_clone());
        }
        (Tensor::stack(&outputs, 0), state)
    }

    /// The mask of recurrent dropout, `[B, H]` or `[B, P]`: the same at all steps and for all gates.
    fn mask(&self, like: &Tensor, rng: &mut Streams) -> Option<Tensor> {
        (self.recurrent_dropout > 0.0).then(|| dropout_mask(like, self.recurrent_dropout, &mut rng.dropout))
    }

    /// The previous state as the recurrent products see it.
    fn seen(&self, state: &State, mask: Option<&Tensor>, rng: &mut Streams) -> State {
        let mut seen = state.shallow_clone();
        if self.h_detach > 0.0 && rng.detach.random::<f64>() < self.h_detach {
            seen.h = seen.h.detach();
        }
        if let Some(mask) = mask {
            // `*=` would change the state itself.
            seen.h = &seen.h * mask;
        }
        seen
    }

    /// The new state, in which some units keep their previous values.
    fn zone_out(&self, previous: &State, next: State, rng: &mut Streams) -> State {
        let mut mix = |share: f64, old: &Tensor, new: Tensor| match share > 0.0 {
            true => old.where_self(&events(old, share, &mut rng.zoneout).to_kind(Kind::Bool), &new),
            false => new,
        };
        let State { h, carried } = next;
        let h = mix(self.zoneout_h, &previous.h, h);
        let carried = previous.carried.iter().zip(carried);
        State { h, carried: carried.map(|(old, new)| mix(self.zoneout_c, old, new)).collect() }
    }
}

/// The random numbers of the interventions, a stream for each.
pub struct Streams {
    dropout: ChaCha8Rng,
    zoneout: ChaCha8Rng,
    detach: ChaCha8Rng,
}

impl Streams {
    /// The streams of the training step that `rng` belongs to.
    pub fn beside(rng: &ChaCha8Rng) -> Streams {
        let [dropout, zoneout, detach] = [Purpose::RecurrentDropout, Purpose::Zoneout, Purpose::Detach]
            .map(|purpose| random::beside(rng, purpose));
        Streams { dropout, zoneout, detach }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::init::StackSize;
    use crate::cell::{CellName, Parameters, cell};
    use crate::device::cpu;
    use crate::engine::{EngineName, engine, gradients};

    const OFF: Interventions =
        Interventions { recurrent_dropout: 0.0, zoneout_h: 0.0, zoneout_c: 0.0, h_detach: 0.0 };

    fn layer(name: CellName, input_size: i64) -> LayerParameters {
        let proj_size = if cell(name).layout().has_projection() { 3 } else { 0 };
        let size = StackSize { input_size, hidden_size: 5, layers: 1, proj_size };
        Parameters::new(name, "pytorch".parse().unwrap(), size, 3, Kind::Double, cpu()).layers.remove(0)
    }

    fn normal(shape: &[i64]) -> Tensor {
        random::normal(&mut random::stream(5, Purpose::Input), shape, Kind::Double, cpu())
    }

    fn first(name: CellName, p: &LayerParameters, input: &Tensor) -> State {
        let zero = cell(name).zero_state(p, input.size()[1]);
        // A normaliser near 0 would enlarge rounding.
        zero.map(|tensor| normal(&tensor.size()).abs() * 0.5 + 0.1)
    }

    fn rng() -> ChaCha8Rng {
        random::at_step(7, Purpose::Dropout, 2)
    }

    fn trained(of: Interventions, name: CellName, p: &LayerParameters, input: &Tensor) -> (Tensor, State) {
        of.layer(cell(name), p, input, &first(name, p, input), &mut Streams::beside(&rng()))
    }

    fn plain(
        cell: &'static dyn Cell,
        name: CellName,
        p: &LayerParameters,
        input: &Tensor,
    ) -> (Tensor, State) {
        engine(EngineName::Fused).layer(cell, p, input, &first(name, p, input))
    }

    fn assert_close(found: &Tensor, expected: &Tensor, about: &str) {
        assert!(found.allclose(expected, 0.0, 1e-12, false), "{about}: {found:?} {expected:?}");
    }

    #[test]
    fn layer_without_interventions_is_that_of_the_engine() {
        let input = normal(&[4, 3, 2]);
        for name in CellName::ALL.iter().copied() {
            let p = layer(name, 2);
            let (found, expected) = (trained(OFF, name, &p, &input), plain(cell(name), name, &p, &input));
            assert_close(&found.0, &expected.0, name.as_str());
            for (found, expected) in found.1.tensors().into_iter().zip(expected.1.tensors()) {
                assert_close(found, expected, name.as_str());
            }
        }
    }

    /// A mask of h is one of the columns of the recurrent matrices, for a single sequence.
    #[test]
    fn layer_recurrent_dropout_is_a_network_without_some_columns() {
        let input = normal(&[6, 1, 2]);
        for name in [CellName::Rnn, CellName::Lstm, CellName::Gru] {
            let mut p = layer(name, 2);
            let found = trained(Interventions { recurrent_dropout: 0.5, ..OFF }, name, &p, &input);
            let mask = dropout_mask(&normal(&[1, 5]), 0.5, &mut Streams::beside(&rng()).dropout);
            let kept = mask.sum(Kind::Double).double_value(&[]);
            assert!(kept > 0.0 && kept < 10.0, "the mask has both values");
            p.w_hh = &p.w_hh * &mask;
            assert_close(&found.0, &plain(cell(name), name, &p, &input).0, name.as_str());
        }
    }

    /// With h as a constant input, only the path along c is left.
    #[test]
    fn layer_h_detach_leaves_the_gradient_along_c() {
        let (name, input) = (CellName::Lstm, normal(&[6, 2, 2]).set_requires_grad(true));
        let p = layer(name, 2);
        let (output, _) = trained(Interventions { h_detach: 1.0, ..OFF }, name, &p, &input);
        let found = gradients(&output.get(-1).sum(Kind::Double), &[&input]).remove(0);

        let (states, _) = plain(cell(name), name, &p, &input.detach());
        assert_close(&output.detach(), &states, "values do not change");
        let earlier = Tensor::cat(&[first(name, &p, &input).h.unsqueeze(0), states.narrow(0, 0, 5)], 0);
        let leaf = Tensor::cat(&[input.detach(), earlier], 2).set_requires_grad(true);
        let constant = LayerParameters {
            w_ih: Tensor::cat(&[&p.w_ih, &p.w_hh], 1),
            w_hh: p.w_hh.zeros_like(),
            ..p.shallow_clone()
        };
        let (output, _) = plain(cell(name), name, &constant, &leaf);
        let expected = gradients(&output.get(-1).sum(Kind::Double), &[&leaf]).remove(0).narrow(2, 0, 2);
        assert_close(&found, &expected, "gradient of the input");
        assert!(found.get(0).abs().max().double_value(&[]) > 1e-6);
    }

    /// The gradient of an RNN ends at the last step that was cut.
    #[test]
    fn layer_h_detach_cuts_an_rnn_at_the_drawn_steps() {
        let (name, input) = (CellName::Rnn, normal(&[10, 1, 2]).set_requires_grad(true));
        let (output, _) = trained(Interventions { h_detach: 0.3, ..OFF }, name, &layer(name, 2), &input);
        let gradient = gradients(&output.get(-1).sum(Kind::Double), &[&input]).remove(0);
        let mut draws = Streams::beside(&rng()).detach;
        let cut: Vec<bool> = (0..10).map(|_| draws.random::<f64>() < 0.3).collect();
        let last = cut.iter().rposition(|cut| *cut).expect("a step is cut");
        assert!(last > 0 && last < 9, "{cut:?}");
        for t in 0..10 {
            let is_zero = gradient.get(t as i64).abs().max().double_value(&[]) == 0.0;
            assert_eq!(is_zero, t < last, "step {t} of {cut:?}");
        }
    }

    #[test]
    fn layer_zoneout_keeps_or_replaces_each_unit() {
        let (name, input) = (CellName::Lstm, normal(&[1, 400, 2]));
        let p = layer(name, 2);
        let before = first(name, &p, &input);
        let of = Interventions { zoneout_h: 0.25, zoneout_c: 0.5, ..OFF };
        let (_, found) = trained(of, name, &p, &input);
        let (_, next) = plain(cell(name), name, &p, &input);
        let tensors = before.tensors().into_iter().zip(next.tensors()).zip(found.tensors());
        for (((old, new), found), share) in tensors.zip([0.25, 0.5]) {
            let kept = found.eq_tensor(old);
            let replaced = (found - new).abs().le(1e-12);
            assert!(bool::try_from(kept.logical_xor(&replaced).all()).unwrap());
            // The mean of 2000 has a standard deviation of at most 0.0112.
            let mean = kept.to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
            assert!((mean - share).abs() < 0.05, "{share}: {mean}");
        }
    }

    #[test]
    fn expected_cell_has_the_mean_of_a_step() {
        let of = Interventions { zoneout_h: 0.25, zoneout_c: 0.5, ..OFF };
        for name in [CellName::Lstm, CellName::Rnn, CellName::LstmLayernorm, CellName::LstmProjected] {
            let (p, input) = (layer(name, 2), normal(&[1, 3, 2]));
            let (before, (_, next)) = (first(name, &p, &input), plain(cell(name), name, &p, &input));
            let (output, found) = plain(of.expected_cell(cell(name)), name, &p, &input);
            assert_close(&output.get(0), &found.h, name.as_str());
            let tensors = before.tensors().into_iter().zip(next.tensors()).zip(found.tensors());
            for (((old, new), found), share) in tensors.zip([0.25, 0.5]) {
                assert_close(found, &(old * share + new * (1.0 - share)), name.as_str());
            }
        }
        assert!(OFF.expected_cell(cell(CellName::Lstm)).name() == Some(CellName::Lstm));
    }
}
