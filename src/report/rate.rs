//! How much a timed pass multiplies.

use super::point::Point;

/// Floating-point operations of the products of a pass over all layers (a multiplication and an addition each): forward
/// 2 T B G H (I + H) a layer, with G gates; three times that with the backward pass, which has two products for each.
/// None for another cell or pass. What is done element by element is left out, as is usual.
pub fn flops(point: &Point, pass: &str) -> Option<f64> {
    let gates = match point.cell.as_str() {
        "rnn" => 1.0,
        "gru" => 3.0,
        "lstm" => 4.0,
        _ => return None,
    };
    let passes = match pass {
        "forward" => 1.0,
        "train" => 3.0,
        _ => return None,
    };
    let [steps, batch, input, hidden, layers] =
        [point.seq_len, point.batch_size, point.input_size, point.hidden_size, point.layers]
            .map(|n| n as f64);
    let columns = input + hidden + (layers - 1.0) * 2.0 * hidden;
    Some(passes * 2.0 * steps * batch * gates * hidden * columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_two_layers_counted_by_hand() {
        let point = Point {
            cell: "lstm".into(),
            seq_len: 3,
            batch_size: 5,
            input_size: 7,
            hidden_size: 2,
            layers: 2,
            ..Point::default()
        };
        // A step of a sequence: 8 × (7 + 2) and 8 × (2 + 2) multiplications.
        assert_eq!(flops(&point, "forward"), Some(2.0 * 15.0 * (72.0 + 32.0)));
        assert_eq!(flops(&point, "train"), Some(6.0 * 15.0 * (72.0 + 32.0)));
        assert_eq!(flops(&point, "walk"), None);
        assert_eq!(flops(&Point { cell: "x".into(), ..point }, "train"), None);
    }
}
