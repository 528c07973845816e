//! The dimensions in which the grid points of an experiment differ.

use super::draw::style::{cells, engines};
use crate::report::fields::{SHAPE, all, labels, without};
use crate::settings::{Form, Settings, field};
use crate::support::distinct::distinct;

/// One or more settings that vary together, with the values that occur.
#[derive(Debug, Clone, PartialEq)]
pub struct Dim {
    /// The names of the settings. `cell` stands for the cell and the model.
    pub names: Vec<&'static str>,
    /// The labels of the values in their order.
    pub values: Vec<String>,
    /// The numbers behind the values; empty for values without an order. One value may have no number.
    pub numbers: Vec<Option<f64>>,
    /// The name of the numbers.
    pub axis: String,
}

impl Dim {
    fn new(names: Vec<&'static str>, points: &[&Settings]) -> Dim {
        let labels = points.iter().map(|point| label(&names, point)).filter(|label| !label.is_empty());
        let mut values = distinct(labels);
        let (mut numbers, mut axis) = (Vec::new(), String::new());
        match names[0] {
            "cell" => {
                let cell = |value: &String| value.split(' ').next().unwrap_or_default().to_string();
                let order = cells(values.iter().map(cell));
                values.sort_by_key(|value| order.iter().position(|other| *other == cell(value)));
            }
            "engine" => values = engines(values.into_iter()),
            "init" => {
                if let Some((found, name)) = family(&values) {
                    (numbers, axis) = (found, name);
                }
            }
            name => {
                if let Some(field) = field(name).filter(|field| field.form != Form::Word) {
                    let number = |value: &String| {
                        let point = points.iter().find(|point| label(&names, point) == *value)?;
                        field.get(point)?.parse().ok()
                    };
                    numbers = if names.len() == 1 { values.iter().map(number).collect() } else { vec![] };
                    axis = axis_name(name, field.symbol);
                }
            }
        }
        let mut dim = Dim { names, values, numbers, axis };
        dim.sort();
        dim
    }

    /// Sorts the values by their numbers; the value without a number comes first.
    fn sort(&mut self) {
        if !self.is_ordered() {
            return;
        }
        let mut pairs: Vec<_> = self.values.drain(..).zip(self.numbers.drain(..)).collect();
        pairs.sort_by(|a, b| a.1.unwrap_or(f64::NEG_INFINITY).total_cmp(&b.1.unwrap_or(f64::NEG_INFINITY)));
        (self.values, self.numbers) = pairs.into_iter().unzip();
    }

    /// Returns true for values with an order.
    pub fn is_ordered(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// Returns true if the dimension has this setting.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(&if name == "model" { "cell" } else { name })
    }

    /// The label of the value of a grid point.
    pub fn label(&self, point: &Settings) -> String {
        label(&self.names, point)
    }

    /// Returns true for a single setting that is off at a grid point, such as a dropout of 0.
    pub fn is_off(&self, point: &Settings) -> bool {
        let [name] = self.names.as_slice() else { return false };
        field(name).is_some_and(|field| field.get(point).is_some_and(|value| field.is_off(&value)))
    }

    /// The place of the value of a grid point.
    pub fn index(&self, point: &Settings) -> usize {
        let label = self.label(point);
        self.values.iter().position(|value| *value == label).unwrap_or(0)
    }

    /// The number of a grid point.
    pub fn number(&self, point: &Settings) -> Option<f64> {
        *self.numbers.get(self.index(point))?
    }

    /// The count of values with a number.
    pub fn count_numbers(&self) -> usize {
        self.numbers.iter().flatten().count()
    }
}

/// The name of an axis with the numbers of a setting.
fn axis_name(name: &str, symbol: &str) -> String {
    let words = match name {
        "layers" => "layers L",
        "input_size" => "input features I",
        "hidden_size" => "hidden units H",
        "proj_size" => "size of the projection P",
        "seq_len" => "length of the sequence T",
        "batch_size" => "batch size B",
        _ => symbol,
    };
    words.to_string()
}

/// The name of a line: the cell with the model, where it is not the usual one.
pub fn line(point: &Settings) -> String {
    let cell = point.cell.map(|cell| cell.to_string());
    let model = point.model.map(|model| model.to_string()).filter(|model| model != "recurrent");
    cell.into_iter().chain(model).collect::<Vec<_>>().join(" ")
}

fn label(names: &[&'static str], point: &Settings) -> String {
    let of = |name: &&'static str| match *name {
        "cell" => line(point),
        name => labels(&[name], point).concat(),
    };
    names.iter().map(of).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Settings that often follow another one, such as the hidden size of models with one number of parameters.
const FOLLOWERS: [&str; 5] = ["hidden_size", "proj_size", "input_size", "batch_size", "learning_rate"];

/// The dimensions of grid points. A setting that another one determines belongs to the dimension of that, and
/// sizes that vary together are one dimension.
pub fn dims(points: &[&Settings]) -> Vec<Dim> {
    let count = |names: &[&'static str]| count_labels(names, points);
    // A setting that some grid points lack, and the others have in common, tells nothing apart.
    let is_absent = |name: &&'static str| points.iter().any(|point| label(&[*name], point).is_empty());
    let varying = without(&all(), &["model"]).into_iter();
    let varying = varying.filter(|name| count(&[*name]) > 1 + usize::from(is_absent(name)));
    let mut groups: Vec<Vec<&'static str>> = varying.map(|name| vec![name]).collect();
    // The engine that `auto` takes says nothing about a grid point that the other settings determine.
    let others: Vec<&str> = groups.iter().flatten().copied().filter(|name| *name != "engine").collect();
    if count(&others) == count(&[&others[..], &["engine"]].concat()) {
        groups.retain(|names| names != &["engine"]);
    }
    for follower in FOLLOWERS {
        let Some(at) = groups.iter().position(|names| names == &[follower]) else { continue };
        let leads = |names: &Vec<&'static str>| {
            names != &[follower] && count(names) == count(&[&names[..], &[follower]].concat())
        };
        if let Some(leader) = groups.iter().position(leads) {
            groups[leader].push(follower);
            groups.remove(at);
        }
    }
    let is_size = |names: &Vec<&'static str>| names.iter().all(|name| SHAPE.contains(name));
    let sizes: Vec<&'static str> = groups.iter().filter(|names| is_size(names)).flatten().copied().collect();
    let product: usize = groups.iter().filter(|names| is_size(names)).map(|names| count(names)).product();
    if sizes.len() > 1 && count(&sizes) < product {
        groups.retain(|names| !is_size(names));
        groups.push(SHAPE.into_iter().filter(|name| sizes.contains(name)).collect());
    }
    groups.into_iter().map(|names| Dim::new(names, points)).collect()
}

/// The number of values of settings together.
fn count_labels(names: &[&'static str], points: &[&Settings]) -> usize {
    distinct(points.iter().map(|point| label(names, point))).len()
}

/// The dimensions of grid points, with a setting for panels on its own. The others are one dimension if at
/// most half of their combinations occur: then every panel has the lines that are to be compared.
pub fn dims_beside(name: &'static str, points: &[&Settings], most: usize) -> Vec<Dim> {
    let found = dims(points);
    let names = || found.iter().flat_map(|dim| dim.names.iter().copied());
    if !names().any(|other| other == name) {
        return found;
    }
    let others: Vec<&'static str> = names().filter(|other| *other != name).collect();
    if others.len() < 2 {
        return found;
    }
    let sizes = others.iter().map(|other| count_labels(&[*other], points));
    let (combinations, joined) = (sizes.product::<usize>(), Dim::new(others.clone(), points));
    let is_sparse = 2 * joined.values.len() <= combinations && joined.values.len() <= most;
    if is_sparse { vec![joined, Dim::new(vec![name], points)] } else { found }
}

/// The numbers of init policies that differ in one number, and the name of the number. One policy may be of
/// another form.
fn family(values: &[String]) -> Option<(Vec<Option<f64>>, String)> {
    let parsed: Vec<(Vec<&str>, Vec<f64>)> = values.iter().map(|value| parts(value)).collect();
    let most =
        parsed.iter().max_by_key(|(form, _)| parsed.iter().filter(|other| other.0 == *form).count())?;
    let form = &most.0;
    let members: Vec<&Vec<f64>> =
        parsed.iter().filter(|(other, _)| other == form).map(|(_, numbers)| numbers).collect();
    let differs = |n: &usize| members.iter().any(|numbers| numbers[*n] != members[0][*n]);
    let varying: Vec<usize> = (0..members[0].len()).filter(differs).collect();
    let [place] = varying[..] else { return None };
    let others = values.len() - members.len();
    if others > 1 || (others == 1 && members.len() < 3) {
        return None;
    }
    let number = |(other, numbers): &(Vec<&str>, Vec<f64>)| (other == form).then(|| numbers[place]);
    let fixed = |n: usize| if n == place { "x".to_string() } else { members[0][n].to_string() };
    let mut name = String::from("x in ");
    for (n, words) in form.iter().enumerate() {
        name += words;
        name += &if n + 1 < form.len() { fixed(n) } else { String::new() };
    }
    Some((parsed.iter().map(number).collect(), name))
}

/// A text around its numbers in brackets, and the numbers: `a(1)+b(2)` is `a(`, `)+b(`, `)` and 1, 2.
fn parts(text: &str) -> (Vec<&str>, Vec<f64>) {
    let (mut words, mut numbers, mut start) = (Vec::new(), Vec::new(), 0);
    for (open, _) in text.match_indices('(') {
        let close = text[open..].find(')').map_or(text.len(), |length| open + length);
        if let Ok(number) = text[open + 1..close].parse() {
            words.push(&text[start..=open]);
            numbers.push(number);
            start = close;
        }
    }
    words.push(&text[start..]);
    (words, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Lstm, Rnn};
    use crate::engine::EngineName;
    use crate::report::fixtures::run;
    use crate::settings::Engines;

    fn points(count: usize, change: impl Fn(usize, &mut Settings)) -> Vec<Settings> {
        let mut points: Vec<Settings> = (0..count).map(|_| run("a", 1).settings).collect();
        points.iter_mut().enumerate().for_each(|(n, point)| change(n, point));
        points
    }

    fn dims_of(points: &[Settings]) -> Vec<Dim> {
        dims(&points.iter().collect::<Vec<_>>())
    }

    #[test]
    fn dims_hidden_size_that_follows_the_cell_belongs_to_it() {
        let sized =
            points(2, |n, point| (point.cell, point.hidden_size) = (Some([Rnn, Lstm][n]), [16, 8][n]));
        let found = dims_of(&sized);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (&found[0].names[..], &found[0].values[..]),
            (&["cell", "hidden_size"][..], &["rnn H16".to_string(), "lstm H8".to_string()][..])
        );
        let crossed = points(4, |n, point| {
            (point.cell, point.hidden_size) = (Some([Rnn, Lstm][n % 2]), [16, 8][n / 2])
        });
        let found = dims_of(&crossed);
        assert_eq!(found.iter().map(|dim| dim.names.concat()).collect::<Vec<_>>(), ["cell", "hidden_size"]);
        assert_eq!(found[1].values, ["H8", "H16"], "numbers are in their order");
    }

    #[test]
    fn dims_engine_is_one_only_if_the_other_settings_leave_it_open() {
        let engines = [EngineName::Simd, EngineName::Fused];
        let names = |points: &[Settings]| -> Vec<String> {
            dims_of(points).iter().map(|dim| dim.names.concat()).collect()
        };
        let following = points(4, |n, point| {
            (point.hidden_size, point.zoneout_h) = (8 << (n % 2), Some([0.0, 0.1][n / 2]));
            point.engine = Engines::one(engines[n / 2]);
        });
        assert_eq!(names(&following), ["hidden_size", "zoneout_h"]);
        let crossed = points(4, |n, point| {
            (point.hidden_size, point.engine) = (8 << (n % 2), Engines::one(engines[n / 2]));
        });
        assert_eq!(names(&crossed), ["engine", "hidden_size"]);
    }

    #[test]
    fn dims_setting_that_a_model_lacks_is_none() {
        let mixed = points(2, |n, point| {
            if n == 0 {
                (point.cell, point.init) = (None, None);
                point.model = Some(crate::settings::names::ModelName::Transformer);
            }
        });
        let found = dims_of(&mixed);
        assert_eq!(found.iter().map(|dim| dim.names.concat()).collect::<Vec<_>>(), ["cell"]);
        assert_eq!(found[0].values, ["lstm", "transformer"]);
    }

    #[test]
    fn dims_sizes_that_vary_together_are_one() {
        let shapes = points(3, |n, point| {
            (point.seq_len, point.hidden_size) = ([10, 20, 20][n], [8, 8, 16][n]);
        });
        let found = dims_of(&shapes);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].values, ["T10 H8", "T20 H8", "T20 H16"]);
    }

    #[test]
    fn dims_beside_a_panel_are_one_in_a_sparse_grid() {
        let grid = [(Rnn, "pytorch", 100), (Rnn, "identity(1)", 200), (Lstm, "pytorch", 200)];
        let sparse = points(3, |n, point| {
            (point.cell, point.init, point.seq_len) = (Some(grid[n].0), grid[n].1.parse().ok(), grid[n].2);
            point.hidden_size = [8, 16, 8][n];
        });
        let points: Vec<&Settings> = sparse.iter().collect();
        let found = dims_beside("seq_len", &points, 10);
        let values: Vec<&[String]> = found.iter().map(|dim| &dim.values[..]).collect();
        assert_eq!(values[0], ["rnn pytorch H8", "rnn identity(1) H16", "lstm pytorch H8"]);
        assert_eq!(values[1..], [["T100", "T200"]]);
        assert_eq!(dims_beside("seq_len", &points, 2), dims(&points), "too many lines");
        assert_eq!(dims_beside("layers", &points, 10), dims(&points), "it does not vary");
    }

    #[test]
    fn dims_inits_that_differ_in_one_number_are_ordered() {
        let of = |inits: &[&str]| {
            let points = points(inits.len(), |n, point| point.init = Some(inits[n].parse().unwrap()));
            dims_of(&points).remove(0)
        };
        let gains = of(&["orthogonal(2)", "orthogonal(0.5)"]);
        assert_eq!(
            (&gains.numbers[..], gains.axis.as_str()),
            (&[Some(0.5), Some(2.0)][..], "x in orthogonal(x)")
        );
        let biases =
            of(&["pytorch+forget_bias(1)", "pytorch", "pytorch+forget_bias(-1)", "pytorch+forget_bias(3)"]);
        assert_eq!(biases.numbers, [None, Some(-1.0), Some(1.0), Some(3.0)]);
        assert_eq!(biases.axis, "x in pytorch+forget_bias(x)");
        assert!(!of(&["pytorch", "xavier", "orthogonal(1)"]).is_ordered());
        assert!(
            !of(&["pytorch", "pytorch+chrono(10)", "pytorch+chrono(20)"]).is_ordered(),
            "two are no family"
        );
        let gain = of(&["orthogonal(1)+forget_bias(3)", "orthogonal(2)+forget_bias(3)"]);
        assert_eq!(gain.axis, "x in orthogonal(x)+forget_bias(3)");
    }
}
