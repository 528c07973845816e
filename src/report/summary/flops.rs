//! Floating-point operations of a timed pass.

use crate::cell::{Further, FurtherShape, Recurrent, StateSize, cell};
use crate::settings::Settings;

/// Floating-point operations of the matrix products of a pass over all layers: forward 2 T B G H (I + H)
/// per layer, with G gates, and 2 T B H² for each further matrix of a state; three times that for training,
/// since the backward pass has two products for each. With a projection, they are 2 T B G H (I + P) and 2 T B
/// P H. None for another pass, and for a cell without recurrent matrices. Element-wise operations are not
/// counted, as is usual.
pub fn flops(point: &Settings, pass: &str) -> Option<f64> {
    let cell = cell(point.cell?);
    if cell.layout().recurrent != Recurrent::Matrices {
        return None;
    }
    let gates = cell.gates().len() as f64;
    let passes = match pass {
        "forward" => 1.0,
        "train" => 3.0,
        _ => return None,
    };
    let [steps, batch, input, layers] =
        [point.seq_len, point.batch_size, point.input_size, point.layers].map(|n| n as f64);
    let StateSize { hidden, output } = point.state_size();
    let [hidden, output] = [hidden, output].map(|n| n as f64);
    let columns = input + output + (layers - 1.0) * 2.0 * output;
    let rows = |further: &Further| match further.shape {
        FurtherShape::Matrix => hidden,
        FurtherShape::Projection => output,
        FurtherShape::Units | FurtherShape::Gates => 0.0,
    };
    let further = cell.layout().further.iter().map(rows).sum::<f64>() * layers;
    Some(passes * 2.0 * steps * batch * hidden * (gates * columns + further))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::settings::names::ExperimentKind;

    #[test]
    fn flops_two_layers_equal_count_by_hand() {
        let point = Settings {
            cell: Some(CellName::Lstm),
            seq_len: 3,
            batch_size: 5,
            input_size: 7,
            hidden_size: 2,
            layers: 2,
            ..Settings::blank(ExperimentKind::Speed)
        };
        // A step of a sequence: 8 × (7 + 2) and 8 × (2 + 2) multiplications.
        assert_eq!(flops(&point, "forward"), Some(2.0 * 15.0 * (72.0 + 32.0)));
        assert_eq!(flops(&point, "train"), Some(6.0 * 15.0 * (72.0 + 32.0)));
        assert_eq!(flops(&point, "walk"), None);
        assert_eq!(flops(&Settings { cell: None, ..point }, "train"), None);
    }

    #[test]
    fn flops_of_a_projection_equal_count_by_hand() {
        let point = Settings {
            cell: Some(CellName::LstmProjected),
            seq_len: 3,
            batch_size: 5,
            input_size: 7,
            hidden_size: 4,
            proj_size: Some(2),
            layers: 2,
            ..Settings::blank(ExperimentKind::Speed)
        };
        // A step of a sequence: 16 × (7 + 2) and 16 × (2 + 2) multiplications, and 2 × 4 of each projection.
        assert_eq!(flops(&point, "forward"), Some(2.0 * 15.0 * (144.0 + 64.0 + 16.0)));
    }
}
