//! Init policies: the distributions that each of them stands for.

use super::paper::{self, PaperInit};
use super::recipe::{Draw, GateBias, LayerSize, Recipe};
use crate::cell::{Cell, CellName, Recurrent, StateSize};

/// The init policy of a stack of layers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Init {
    /// The distribution of weights and biases.
    pub base: BaseInit,
    /// The bias of the retention gate, set after the distribution is drawn.
    pub gate: GateBias,
}

/// The distribution of weights and biases. H is the hidden size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BaseInit {
    /// Weights and biases from U(±1/√H): PyTorch's default.
    Pytorch,
    /// Each gate's matrix from U(±√(6 / (rows + columns))), biases 0 (Glorot & Bengio 2010).
    Xavier,
    /// Each gate's recurrent matrix is orthogonal times `gain`. Input matrices are as for `Xavier`, and
    /// biases are 0 (Saxe et al. 2014).
    Orthogonal {
        /// All singular values of each recurrent matrix.
        gain: f64,
    },
    /// Each gate's recurrent matrix is `gain` times the identity. Input matrices are from N(0, 0.001²),
    /// and biases are 0 (IRNN, Le et al. 2015).
    Identity {
        /// The value on the diagonal.
        gain: f64,
    },
    /// All weights from N(0, std²), biases 0.
    Gaussian {
        /// The standard deviation.
        std: f64,
    },
    /// The default of tch's `nn::lstm`: weights from U(±√(6 / columns)), biases 0.
    Tch,
    /// The init of the cell's paper. `docs/cells.md` lists the cells that have one.
    Paper {
        /// The longest dependency expected, in steps. Some cells need it; the others have no use for it.
        steps: Option<f64>,
    },
}

impl Init {
    /// Returns PyTorch's default: weights and biases from U(±1/√H).
    pub fn pytorch() -> Init {
        Init { base: BaseInit::Pytorch, gate: GateBias::AsBase }
    }

    /// Checks that the policy suits `cell`: a bias of a gate needs a cell with gates, and the init of a paper
    /// needs a paper that names one.
    ///
    /// # Errors
    /// A message for the author of a config.
    pub fn fits(&self, cell: CellName) -> Result<(), String> {
        if let BaseInit::Paper { steps } = self.base {
            match (paper::init(cell), steps) {
                (None, _) => return Err(self.without_paper(cell)),
                (Some(PaperInit::OfSteps(_)), None) => {
                    return Err(format!(
                        "the init of the paper of `{cell}` depends on the longest dependency in steps; \
                         expected a number such as `paper(1000)`, found `{self}`"
                    ));
                }
                (Some(_), _) => {}
            }
        }
        if self.gate == GateBias::AsBase || crate::cell::cell(cell).retention().is_some() {
            return Ok(());
        }
        Err(format!("`{self}` sets a gate's bias, and cell `{cell}` has no gates; {}", self.left_out(cell)))
    }

    fn without_paper(&self, cell: CellName) -> String {
        let known: Vec<String> = CellName::ALL
            .iter()
            .filter(|cell| paper::init(**cell).is_some())
            .map(|cell| format!("`{cell}`"))
            .collect();
        format!(
            "the paper of cell `{cell}` gives no init with all its numbers; these cells have one: {}; {}",
            known.join(", "),
            self.left_out(cell)
        )
    }

    /// Returns the advice to leave a pair of cell and init out of a grid.
    fn left_out(&self, cell: CellName) -> String {
        format!("leave the pair out with exclude = [{{ cell = \"{cell}\", init = \"{self}\" }}]")
    }

    /// Returns the distributions for a layer of a cell.
    ///
    /// # Panics
    /// If the policy does not suit the cell (see [`Init::fits`]).
    pub(super) fn recipe(&self, cell: &dyn Cell, size: LayerSize) -> Recipe {
        let LayerSize { input, state: StateSize { hidden, output }, .. } = size;
        // A unit that sees its own state only is a network of one unit.
        let [rows, columns] =
            if cell.layout().recurrent == Recurrent::Vector { [1, 1] } else { [hidden, output] };
        let by_columns = |columns: i64| Draw::within((6.0 / columns as f64).sqrt());
        let recipe = match self.base {
            BaseInit::Pytorch => Recipe::uniform(hidden),
            BaseInit::Xavier => Recipe::of_weights(Draw::xavier(hidden, input), Draw::xavier(rows, columns)),
            BaseInit::Orthogonal { gain } => {
                Recipe::of_weights(Draw::xavier(hidden, input), Draw::Orthogonal(gain))
            }
            BaseInit::Identity { gain } => Recipe::of_weights(Draw::Normal(0.001), Draw::Identity(gain)),
            BaseInit::Gaussian { std } => Recipe::of_weights(Draw::Normal(std), Draw::Normal(std)),
            BaseInit::Tch => Recipe {
                projection: by_columns(hidden),
                ..Recipe::of_weights(by_columns(input), by_columns(columns))
            },
            BaseInit::Paper { steps } => match (cell.name().and_then(paper::init), steps) {
                (Some(PaperInit::Fixed(recipe)), _) => recipe(size),
                (Some(PaperInit::OfSteps(recipe)), Some(steps)) => recipe(size, steps),
                _ => panic!("`{self}` does not suit the cell {:?}", cell.name()),
            },
        };
        if self.gate == GateBias::AsBase { recipe } else { Recipe { gate: self.gate, ..recipe } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gate_bias_without_gates_is_refused() {
        let init: Init = "pytorch+forget_bias(1)".parse().unwrap();
        assert!(init.fits(CellName::Lstm).is_ok());
        assert!(init.fits(CellName::Rnn).unwrap_err().contains("exclude"));
    }

    #[test]
    fn paper_without_an_init_or_without_its_steps_is_refused() {
        let fits = |init: &str, cell| init.parse::<Init>().unwrap().fits(cell);
        assert!(fits("paper", CellName::Gru).is_ok());
        assert!(fits("paper(100)", CellName::Gru).is_ok());
        assert!(fits("paper(100)", CellName::IndRnn).is_ok());
        let said = fits("paper", CellName::IndRnn).unwrap_err();
        assert!(said.contains("found `paper`") && said.contains("`paper(1000)`"), "{said}");
        let said = fits("paper(100)", CellName::Lstm).unwrap_err();
        assert!(said.contains("`indrnn`, ") && said.contains("init = \"paper(100)\""), "{said}");
        assert!(fits("paper+forget_bias(1)", CellName::ReluRnn).unwrap_err().contains("no gates"));
    }

    /// The policies that look at the shape of a matrix, in a layer with 3 features, 8 units and a P of 4.
    #[test]
    fn recipe_of_a_projection_has_the_bounds_of_its_shapes() {
        let size = LayerSize { input: 3, state: StateSize { hidden: 8, output: 4 }, is_last: true };
        let recipe = |init: &str| {
            let recipe =
                init.parse::<Init>().unwrap().recipe(crate::cell::cell(CellName::LstmProjected), size);
            (recipe.recurrent, recipe.projection)
        };
        let within = |square: f64| Draw::within(square.sqrt());
        let of_units = Draw::within(1.0 / 8f64.sqrt());
        assert_eq!(recipe("pytorch"), (of_units, of_units));
        assert_eq!(recipe("xavier"), (within(6.0 / 12.0), within(6.0 / 12.0)));
        assert_eq!(recipe("tch"), (within(6.0 / 4.0), within(6.0 / 8.0)));
    }
}
