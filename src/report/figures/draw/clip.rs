//! Lines cut off at the ends of the y axis.

use super::shapes::Xy;

/// The parts of a line inside `low..=high`. A line that crosses an end stops there.
pub fn clipped(points: &[Xy], (low, high): (f64, f64)) -> Vec<Vec<Xy>> {
    let is_inside = |y: f64| (low..=high).contains(&y);
    if let [point] = points {
        return if is_inside(point.1) { vec![vec![*point]] } else { vec![] };
    }
    let mut parts: Vec<Vec<Xy>> = Vec::new();
    let mut is_open = false;
    for pair in points.windows(2) {
        let Some((from, to)) = inside(pair[0], pair[1], (low, high)) else {
            is_open = false;
            continue;
        };
        match parts.last_mut().filter(|_| is_open) {
            Some(part) => part.push(to),
            None => parts.push(vec![from, to]),
        }
        is_open = is_inside(pair[1].1);
    }
    parts
}

/// The part of a straight line inside; none if it is outside.
fn inside(from: Xy, to: Xy, (low, high): (f64, f64)) -> Option<(Xy, Xy)> {
    if from.1.max(to.1) < low || from.1.min(to.1) > high {
        return None;
    }
    let cut = |(x, y): Xy, other: Xy| {
        let end = y.clamp(low, high);
        if end == y { (x, y) } else { (x + (end - y) / (other.1 - y) * (other.0 - x), end) }
    };
    Some((cut(from, to), cut(to, from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_line_stops_at_the_end_and_goes_on_where_it_returns() {
        let ends = (-1.0, 1.0);
        let line = [(0.0, 0.0), (2.0, -2.0), (3.0, -2.0), (5.0, 0.0)];
        let expected = vec![vec![(0.0, 0.0), (1.0, -1.0)], vec![(4.0, -1.0), (5.0, 0.0)]];
        assert_eq!(clipped(&line, ends), expected);
        assert_eq!(clipped(&line, (-9.0, 9.0)), vec![line.to_vec()]);
        assert_eq!(clipped(&[(0.0, 3.0), (1.0, -3.0)], ends).len(), 1, "it crosses both ends");
        assert!(clipped(&[(0.0, 3.0), (1.0, 4.0)], ends).is_empty());
        assert_eq!(clipped(&[(0.0, 0.5)], ends), vec![vec![(0.0, 0.5)]]);
    }
}
