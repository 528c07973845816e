//! The adjoint split by path: along the carried state, or through the gates.

use lstm_lab::cell::CellName;
use lstm_lab::cell::{LayerParameters, Products, State, cell};
use lstm_lab::diagnostics::{DiagnosticOptions, Norm, exact, norms};
use lstm_lab::engine::EngineName;
use lstm_lab::engine::{Engine, engine};
use lstm_lab::settings::names::Quantity;
use tch::{Kind, Tensor};

use crate::support::{Case, EXACT, log10, norms_of};

const SPLIT: DiagnosticOptions = DiagnosticOptions { split_every: 1, split_paths: true };

/// Returns the carried state of a step: c of the LSTM, h of the GRU.
fn carried(state: &State) -> Vec<&Tensor> {
    if state.carried.is_empty() { vec![&state.h] } else { state.carried.iter().collect() }
}

/// Returns the states of a layer with the truncated gradient of Hochreiter & Schmidhuber (1997). No
/// gradient flows back through the gates, so that only the path along the carried state remains.
fn truncated(name: CellName, p: &LayerParameters, input: &Tensor) -> Vec<State> {
    let cell = cell(name);
    let layer = cell.prepare(p);
    let mut last = cell.zero_state(p, input.size()[1]);
    let mut states = Vec::new();
    for x in input.unbind(0) {
        let constant = last.map(Tensor::detach);
        let products = Products::separate(&layer, &x, &constant.h);
        let state = cell.update(&cell.activations(&products, &constant), &last);
        states.push(state.shallow_clone());
        last = state;
    }
    states
}

/// Returns the gradients of Σ direct · h with respect to each carried state, `[T, B, H]`, and to `input`.
fn gradients(states: &[State], direct: &Tensor, input: &Tensor) -> (Tensor, Tensor) {
    let output = Tensor::stack(&states.iter().map(|state| &state.h).collect::<Vec<_>>(), 0);
    let mut nodes: Vec<&Tensor> = states.iter().flat_map(carried).collect();
    nodes.push(input);
    let mut found = lstm_lab::engine::gradients(&(output * direct).sum(Kind::Double), &nodes);
    let of_input = found.pop().unwrap();
    let of_steps: Vec<Tensor> =
        found.chunks(carried(&states[0]).len()).map(|state| Tensor::cat(state, 1)).collect();
    (Tensor::stack(&of_steps, 0), of_input)
}

/// Compares the norms of both paths and of the total with vectors from autograd, to 1e-10 of the total.
/// The gate path is the difference between the total and the cell path.
#[test]
fn path_split_norms_equal_truncated_and_full_autograd() {
    let gated = CellName::ALL.iter().filter(|name| cell(**name).has_direct_path());
    let served = |name: CellName| EXACT.into_iter().filter(move |method| engine(*method).serves(cell(name)));
    for (name, method) in gated.flat_map(|name| served(*name).map(|method| (*name, method))) {
        // The norm of several carried states together is no quantity of its own.
        let total_quantity = match cell(name).carried() {
            [] => Some(Quantity::TotalH),
            [state] => Quantity::total(*state),
            _ => None,
        };
        for layers in [1, 3] {
            let case = Case::new(name, layers, 40, Kind::Double);
            let (p, cotangent) = (case.parameters(), case.cotangent());
            let found = exact::profiles(method, &p, &case.input(), None, SPLIT, &|output, segment| {
                let part = cotangent.narrow(0, segment.start as i64, segment.len() as i64);
                Some((output * part).sum(Kind::Double))
            })
            .unwrap();
            let p = p.leaves();
            let stepwise: &dyn Engine = engine(EngineName::Stepwise);
            let leaf = |tensor: &Tensor| tensor.detach().set_requires_grad(true);
            let zeros = p.cell.zero_state(&p.layers[0], case.batch);
            let states = |layer: usize, input: &Tensor| {
                stepwise.states(p.cell, &p.layers[layer], input, &zeros).unwrap()
            };
            let mut inputs = vec![leaf(&case.input())];
            for layer in 1..layers {
                let below = states(layer - 1, &inputs[layer - 1]);
                inputs.push(leaf(&Tensor::stack(&below.iter().map(|s| &s.h).collect::<Vec<_>>(), 0)));
            }
            // The loop begins at the top layer: the gradient of a layer's input is the direct part of the
            // layer below.
            let mut direct = cotangent.shallow_clone();
            for layer in (0..layers).rev() {
                let input = &inputs[layer];
                let (along, _) = gradients(&truncated(name, &p.layers[layer], input), &direct, input);
                let (total, of_input) = gradients(&states(layer, input), &direct, input);
                let whole = norms(&total);
                let paths = [(Quantity::CellPath, along.copy()), (Quantity::GatePath, &total - &along)];
                let totals = total_quantity.map(|quantity| (quantity, total));
                for (quantity, expected) in totals.into_iter().chain(paths) {
                    for ((t, norm), expected) in
                        norms_of(&found, quantity, layer).iter().zip(norms(&expected))
                    {
                        let number = |norm: Norm| 10f64.powf(log10(norm));
                        let error = (number(*norm) - number(expected)).abs() / number(whole[t - 1]);
                        assert!(
                            error < 1e-10,
                            "{method} {name} {quantity} layer {layer} of {layers}, step {t}: {error}"
                        );
                    }
                }
                direct = of_input;
            }
        }
    }
}

/// With the loss at the end, the cell path is the gradient there times the product of the forget gates.
#[test]
fn cell_path_equals_product_of_forget_gates() {
    let case = Case { batch: 1, hidden: 1, ..Case::new(CellName::Lstm, 1, 40, Kind::Double) };
    let (p, input) = (case.parameters(), case.input());
    let last = |output: &Tensor, segment: std::ops::Range<usize>| {
        (segment.end == 40).then(|| output.select(0, -1).sum(Kind::Double))
    };
    let found = exact::profiles(EngineName::Analytic, &p, &input, None, SPLIT, &last).unwrap();
    // The forget gates come from the equations.
    let layer = cell(CellName::Lstm).prepare(&p.layers[0]);
    let mut state = cell(CellName::Lstm).zero_state(&p.layers[0], 1);
    let mut forget = Vec::new();
    for x in input.unbind(0) {
        let products = Products::separate(&layer, &x, &state.h);
        forget.push(products.sum(1).sigmoid().double_value(&[0, 0]));
        state = cell(CellName::Lstm).step(&layer, &x, &state);
    }
    let path = norms_of(&found, Quantity::CellPath, 0);
    for t in 0..39 {
        let product: f64 = forget[t + 1..].iter().map(|f| f.log10()).sum();
        assert!((log10(path[t].1) - log10(path[39].1) - product).abs() < 1e-11, "step {}", t + 1);
    }
    assert_eq!(
        norms_of(&found, Quantity::GatePath, 0)[39].1,
        Norm::Zero,
        "no gradient has passed the gates at the end"
    );
}
