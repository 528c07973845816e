//! Claims and expectations: estimates with intervals beside their bounds, and the times of a claim.

use super::dims::dims;
use super::draw::axis::Scale;
use super::draw::legend::LineStyle;
use super::draw::rows::{self, Block, Mark, Row, Rows};
use super::draw::style::BLACK;
use super::figure::{Chart, Figure};
use crate::config::spec::{Bound, ClaimMetric, Comparison};
use crate::report::estimate::Estimate;
use crate::report::format::with_interval;
use crate::report::group_by::group_by;
use crate::report::judge::{JudgedTest, TestVerdict};
use crate::report::summary::{Section, Statistic};
use crate::settings::Settings;

/// A figure of the tests, and one of times if a test is about them.
pub fn figures(tests: &[JudgedTest], summary: &[Statistic]) -> Vec<Figure> {
    let has_estimate = tests.iter().any(|test| test.estimate.value.is_some());
    let is_about_time = tests.iter().any(|test| test.subject.reading.metric == ClaimMetric::Seconds);
    let caption = "The estimate of each test with its 95 % interval, and the verdict. The claim holds on the \
                   grey side of the bound. An interval without an end is drawn up to the estimate.";
    let forest = has_estimate.then(|| {
        let chart = forest(tests, "The tests of the claim", "the claim holds", TestVerdict::on_claim);
        Figure::new("claim", caption, chart)
    });
    forest.into_iter().chain(seconds(summary).filter(|_| is_about_time)).collect()
}

/// A figure of the expectations; none if they are not judged, or if none has an estimate.
pub fn of_expectations(tests: &[JudgedTest]) -> Option<Figure> {
    let is_shown =
        |test: &JudgedTest| test.estimate.value.is_some() && test.verdict != TestVerdict::NotJudged;
    let caption = "The estimate behind each expectation with its 95 % interval, and the verdict. The \
                   expectation holds on the grey side of the bound. An interval without an end is drawn up \
                   to the estimate.";
    tests.iter().any(is_shown).then(|| {
        let verdict = TestVerdict::on_expectation;
        let chart = forest(tests, "The expectations and what was measured", "the expectation holds", verdict);
        Figure::new("expectations", caption, chart)
    })
}

/// The words for a verdict.
type InWords = fn(TestVerdict) -> &'static str;

fn forest(tests: &[JudgedTest], title: &str, grey: &str, verdict: InWords) -> Chart {
    let blocks = group_by(tests, |test| axis(test));
    let unit = |tests: &[&JudgedTest]| {
        let mut units = tests.iter().map(|test| test.unit.as_str());
        units.find(|unit| !unit.is_empty() && *unit != "1").map(|unit| format!(" ({unit})"))
    };
    let block = |((title, is_ratio), tests): (Axis, Vec<&JudgedTest>)| Block {
        title: String::new(),
        x_title: title + &unit(&tests).unwrap_or_default(),
        scale: if is_ratio { Scale::Logarithmic } else { Scale::Linear },
        reference: None,
        rows: tests.into_iter().map(|test| row(test, verdict)).collect(),
    };
    Chart::Rows(Rows {
        title: title.into(),
        below_title: vec![format!("dot: estimate; bar: 95 % interval; line: bound; grey: {grey}")],
        blocks: blocks.into_iter().flat_map(by_size).map(block).collect(),
        lanes: vec![LineStyle::line("", BLACK, 2.0)],
    })
}

/// Splits the tests of a linear axis on which some would be too small to read beside others.
fn by_size<'t>((axis, tests): (Axis, Vec<&'t JudgedTest<'t>>)) -> Vec<(Axis, Vec<&'t JudgedTest<'t>>)> {
    /// The largest factor between the sizes on one axis.
    const MOST: f64 = 30.0;
    if axis.1 {
        return vec![(axis, tests)];
    }
    let size = |test: &JudgedTest| {
        let numbers =
            [Some(test.subject.bound.number()), test.estimate.value, test.estimate.low, test.estimate.high];
        numbers.into_iter().flatten().map(f64::abs).filter(|number| number.is_finite()).fold(0.0, f64::max)
    };
    let mut parts: Vec<(f64, f64, Vec<&JudgedTest>)> = Vec::new();
    for test in tests {
        let size = size(test);
        match parts.iter_mut().find(|(least, most, _)| most.max(size) <= MOST * least.min(size)) {
            Some((least, most, members)) => {
                (*least, *most) = (least.min(size), most.max(size));
                members.push(test);
            }
            None => parts.push((size, size, vec![test])),
        }
    }
    parts.into_iter().map(|(_, _, members)| (axis.clone(), members)).collect()
}

/// The title of an axis, and true for ratios.
type Axis = (String, bool);

fn axis(test: &JudgedTest) -> Axis {
    let metric = test.subject.reading.metric.in_words();
    match test.subject.compares_by() {
        Some(Comparison::Ratio) => (format!("ratio of {metric}"), true),
        Some(Comparison::Difference) => (format!("difference of {metric}"), false),
        None => (metric.to_string(), false),
    }
}

fn row(judged: &JudgedTest, verdict: InWords) -> Row {
    let test = judged.subject;
    let is_ratio = test.compares_by() == Some(Comparison::Ratio);
    let control = if test.control { "control: " } else { "" };
    let number = with_interval(&judged.estimate).replace('-', "−");
    let words: Vec<&str> =
        [number.as_str(), verdict(judged.verdict)].into_iter().filter(|text| !text.is_empty()).collect();
    let bound = match test.bound {
        Bound::Above(bound) => rows::Bound::Above(bound),
        Bound::Below(bound) => rows::Bound::Below(bound),
    };
    Row {
        label: format!("{control}{}", test.name.trim()),
        about: words.join(", "),
        marks: mark(&judged.estimate, is_ratio).into_iter().collect(),
        // A bound of 0 has no place on a logarithmic axis.
        bound: Some(bound).filter(|bound| !is_ratio || bound.number() > 0.0),
    }
}

/// The mark of an estimate; none without one, or if it has no place on a logarithmic axis.
fn mark(estimate: &Estimate, is_log: bool) -> Option<Mark> {
    let is_shown = |number: &f64| number.is_finite() && (!is_log || *number > 0.0);
    let value = estimate.value.filter(is_shown)?;
    let [low, high] = [estimate.low, estimate.high].map(|end| end.filter(is_shown).unwrap_or(value));
    Some(Mark { lane: 0, value, low, high, is_part: false })
}

/// The median time of a run of training at each grid point.
fn seconds(summary: &[Statistic]) -> Option<Figure> {
    let is_time = |row: &&Statistic| row.section == Section::Training && row.metric == "seconds";
    let times: Vec<&Statistic> = summary.iter().filter(is_time).collect();
    let points: Vec<&Settings> = times.iter().map(|row| &row.point).collect();
    let dims = dims(&points);
    let row = |time: &&Statistic| {
        let words = dims.iter().map(|dim| dim.label(&time.point)).filter(|word| !word.is_empty());
        let words: Vec<String> = words.collect();
        let about = format!("{} s", with_interval(&time.estimate));
        let marks = mark(&time.estimate, true).into_iter().collect();
        Row { label: words.join(", "), about, marks, bound: None }
    };
    let block = Block {
        title: String::new(),
        x_title: "seconds of a run".into(),
        scale: Scale::Logarithmic,
        reference: None,
        rows: times.iter().map(row).collect(),
    };
    let chart = Rows {
        title: "Time of a run of training".into(),
        below_title: vec!["dot: median over the seeds; bar: exact 95 % interval, from six seeds on".into()],
        blocks: vec![block],
        lanes: vec![LineStyle::line("", BLACK, 2.0)],
    };
    let caption = "The median wall-clock time of a run at each setting, with its exact 95 % interval from \
                   six seeds on.";
    (!times.is_empty()).then(|| Figure::new("seconds", caption, Chart::Rows(chart)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{judged, test};

    #[test]
    fn forest_tests_of_other_sizes_have_an_axis_of_their_own() {
        let tests = ["a", "b", "c", "d"].map(test);
        let estimates =
            [-1.0, 126.0, -20.0, 50.0].map(|value| Estimate { value: Some(value), ..Estimate::default() });
        let tests = tests.iter().zip(estimates);
        let tests: Vec<JudgedTest> = tests
            .map(|(test, estimate)| JudgedTest { estimate, ..judged(test, TestVerdict::Holds) })
            .collect();
        let axis = ("slope".to_string(), false);
        let blocks = by_size((axis, tests.iter().collect()));
        let names: Vec<Vec<&str>> = blocks
            .iter()
            .map(|(_, tests)| tests.iter().map(|test| test.subject.name.as_str()).collect())
            .collect();
        assert_eq!(names, [vec!["a", "c"], vec!["b", "d"]]);
        let ratio = ("ratio of slope".to_string(), true);
        assert_eq!(by_size((ratio, tests.iter().collect())).len(), 1);
    }
}
