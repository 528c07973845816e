//! Gradient profiles: the norm of a gradient over the steps of a sequence.

use std::ops::Range;

use tch::Tensor;

use super::norm::Norm;
use crate::cell::CarriedState;
use crate::engine::Direction;
use crate::settings::names::Quantity;

/// The contribution of some steps to the loss, as a scalar. The arguments are the output at these steps,
/// `[t, B, H]`, and the steps (from 0). The result is `None` if the loss does not depend on these steps.
/// The loss of a sequence is the sum over its segments.
pub type SegmentLoss<'a> = dyn Fn(&Tensor, Range<usize>) -> Option<Tensor> + 'a;

/// Options of gradient profiles.
#[derive(Debug, Clone, Copy)]
pub struct DiagnosticOptions {
    /// The number of steps between the measured states of an engine that exposes no inner state.
    pub split_every: usize,
    /// True if `analytic` also splits the adjoint of the carried state (c of the LSTM, h of the GRU) by
    /// path.
    ///
    /// `cell_path` follows the state itself through a product of forget gates: the constant error carousel
    /// of Hochreiter & Schmidhuber (1997). `gate_path` is the rest. The sum of both is the adjoint.
    pub split_paths: bool,
}

impl Default for DiagnosticOptions {
    fn default() -> Self {
        DiagnosticOptions { split_every: 1, split_paths: false }
    }
}

/// The norms of one gradient of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The gradient.
    pub quantity: Quantity,
    /// The layer, from 0 (nearest the input).
    pub layer: usize,
    /// The direction of the layer, in a network of both.
    pub direction: Option<Direction>,
    /// The steps (from 1 to T) with their norms.
    pub norms: Vec<(usize, Norm)>,
}

impl Profile {
    /// Returns a profile of the given steps (from 1) and norms.
    pub fn new(
        quantity: Quantity,
        layer: usize,
        steps: impl IntoIterator<Item = usize>,
        norms: Vec<Norm>,
    ) -> Profile {
        Profile { quantity, layer, direction: None, norms: steps.into_iter().zip(norms).collect() }
    }
}

/// Profiles of all layers, filled in segment by segment.
///
/// The memory of a profile is allocated once. Small lists that outlive the large buffers of a segment
/// would keep the allocator from reusing these buffers. At a million steps that would cost over a
/// gigabyte.
pub struct ProfileBuilder {
    steps: usize,
    profiles: Vec<Profile>,
}

impl ProfileBuilder {
    /// Returns empty profiles of sequences of `steps` steps.
    pub fn new(layers: usize, steps: usize) -> ProfileBuilder {
        use Quantity::{CellPath, DirectH, GatePath, LaterH, TotalH};
        let carried = CarriedState::ALL.iter().filter_map(|state| Quantity::total(*state));
        let of_layer: Vec<_> =
            [TotalH].into_iter().chain(carried).chain([DirectH, LaterH, CellPath, GatePath]).collect();
        let of_layers = (0..layers).flat_map(|layer| of_layer.iter().map(move |quantity| (*quantity, layer)));
        let profiles = of_layers.map(|(quantity, layer)| Profile::new(quantity, layer, [], vec![])).collect();
        ProfileBuilder { steps, profiles }
    }

    /// Sets the norms of consecutive steps, from the step `start` (from 0) on.
    pub fn set(&mut self, quantity: Quantity, layer: usize, start: usize, norms: Vec<Norm>) {
        let mut profiles = self.profiles.iter_mut();
        let profile = profiles.find(|profile| (profile.quantity, profile.layer) == (quantity, layer));
        let series = &mut profile.expect("every quantity of every layer has a profile").norms;
        if series.is_empty() {
            *series = (1..=self.steps).map(|t| (t, Norm::Zero)).collect();
        }
        series[start..].iter_mut().zip(norms).for_each(|((_, old), norm)| *old = norm);
    }

    /// Returns the profiles that were set, because no cell has all quantities. `later_h` is left out where it
    /// equals `total_h`.
    pub fn finish(mut self) -> Vec<Profile> {
        let direct = self.profiles.iter().filter(|profile| profile.quantity == Quantity::DirectH);
        let lasting: Vec<usize> = direct
            .filter(|profile| is_at_several_steps(&profile.norms))
            .map(|profile| profile.layer)
            .collect();
        self.profiles.retain(|Profile { quantity, layer, norms, .. }| {
            !norms.is_empty() && (*quantity != Quantity::LaterH || lasting.contains(layer))
        });
        self.profiles
    }
}

/// Returns true if the direct part of a gradient is not 0 at several steps. The part through later steps is
/// the whole gradient otherwise, except at the last step.
pub fn is_at_several_steps(direct: &[(usize, Norm)]) -> bool {
    direct.iter().filter(|(_, norm)| *norm != Norm::Zero).count() > 1
}
