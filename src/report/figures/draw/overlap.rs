//! Lines on top of each other: the lower ones are wider, so that all of them are seen.

use super::chart::Series;
use super::shapes::Xy;

/// The distance in pixels up to which two lines are on top of each other.
const NEAR: f64 = 1.5;

/// The share of a line's points from which on it counts as covered.
const COVERED: f64 = 0.25;

/// The width that a line has more than the one on top of it.
const WIDER: f64 = 2.4;

/// The largest width that a line has more than its own.
const MOST: f64 = 2.0 * WIDER;

/// The width of each line. `lines` are the pixels of the series.
pub fn widened(series: &[Series], lines: &[Vec<Vec<Xy>>]) -> Vec<f64> {
    let mut widths: Vec<f64> = series.iter().map(|series| series.style.width).collect();
    for n in (0..series.len()).rev() {
        let above = (n + 1..series.len()).filter(|m| covers(&lines[*m], &lines[n]));
        let widest = above.map(|m| widths[m] + WIDER).fold(widths[n], f64::max);
        widths[n] = widest.min(series[n].style.width + MOST);
    }
    widths
}

fn covers(upper: &[Vec<Xy>], lower: &[Vec<Xy>]) -> bool {
    let upper: Vec<Xy> = upper.concat();
    let lower: Vec<Xy> = lower.concat();
    let is_covered = |(x, y): &&Xy| {
        let next = upper.partition_point(|(other, _)| other < x);
        let around = upper.get(next.saturating_sub(1)).zip(upper.get(next));
        around.is_some_and(|((x1, y1), (x2, y2))| {
            let share = if x2 > x1 { (x - x1) / (x2 - x1) } else { 1.0 };
            (y1 + share * (y2 - y1) - y).abs() < NEAR
        })
    };
    let count = lower.iter().filter(is_covered).count();
    lower.len() > 1 && count as f64 > COVERED * lower.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::chart::Spread;
    use super::super::legend::LineStyle;
    use super::super::shapes::Colour;
    use super::*;

    #[test]
    fn widened_covered_lines_are_wider_than_the_lines_on_top() {
        let style = || LineStyle::line("x", Colour::hex(0), 2.0);
        let series: Vec<Series> = (0..3)
            .map(|n| Series { name: n.to_string(), style: style(), spread: Spread::Band, segments: vec![] })
            .collect();
        let line = |slope: f64| vec![(0..20).map(|x| (x as f64, slope * x as f64)).collect::<Vec<Xy>>()];
        assert_eq!(widened(&series, &[line(1.0), line(5.0), line(1.0)]), [2.0 + WIDER, 2.0, 2.0]);
        let all = widened(&series, &[line(1.0), line(1.01), line(1.0)]);
        assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "{all:?}");
    }
}
