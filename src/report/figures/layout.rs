//! The layout of a figure: the dimensions that colours, dashes, panels and figures stand for.

use super::dims::{Dim, dims, dims_beside, line};
use super::draw::legend::LineStyle;
use super::draw::shapes::{Colour, SOLID};
use super::draw::style::{
    DARK, DASHES, GREYS, cell_colour, cells, early_to_late, engine_colour, engine_marker, engines, nth_colour,
};
use crate::config::spec::Plot;
use crate::report::fields::{all, labels, without};
use crate::report::group_by::group_by;
use crate::settings::{Settings, field};

/// The largest number of panels in a figure that could have fewer.
const MOST_PANELS: usize = 12;

/// The largest number of lines in a panel with dashes.
const MOST_LINES: usize = 12;

/// The largest number of values that dashes tell apart.
const MOST_DASHES: usize = 3;

/// The number of ordered values from which on they are colours, even where cells could be.
const MANY: usize = 4;

/// The largest number of values that colours tell apart.
const MOST_COLOURS: usize = 10;

/// Settings that have panels rather than figures of their own.
const PANELS: [&str; 5] = ["init", "learning_rate", "clip_norm", "dropout", "train_fraction"];

/// Settings that a heading leaves out: the tables name them.
const UNNAMED: [&str; 4] = ["engine", "dtype", "device", "threads"];

/// The label of a whole training split, which a heading leaves out beside the settings that are off.
const WHOLE: &str = "train=1";

/// The dimensions that are not for the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Colours and dashes are dimensions.
    Curves,
    /// Colours are dimensions, and dashes engines: many curves with bands are not told apart in one panel.
    Steps,
    /// Colours are dimensions; dashes stand for something else.
    Solid,
    /// Colours and dashes stand for something else.
    Own,
}

/// The dimensions of a figure.
#[derive(Debug, Clone)]
pub struct Layout {
    colour: Option<Dim>,
    dash: Option<Dim>,
    panels: Vec<Dim>,
    figures: Vec<Dim>,
    /// The layers that have panels, or figures, of their own.
    layers: Layers,
    lines: Lines,
    cells: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layers {
    One,
    Panels,
    Figures,
}

impl Layout {
    /// The layout of grid points with a number of layers to be shown. `without` is the dimension of the x
    /// axis.
    pub fn new(
        points: &[&Settings],
        layers: usize,
        lines: Lines,
        without: Option<&Dim>,
        plot: &Plot,
    ) -> Layout {
        let mut free = match plot.facet.filter(|_| plot.colour.is_none() && lines != Lines::Own) {
            Some(name) => dims_beside(name, points, MOST_COLOURS),
            None => dims(points),
        };
        free.retain(|dim| Some(dim) != without);
        let mut panels = take(&mut free, |dim| plot.facet.is_some_and(|name| dim.has(name)));
        let colour = if lines == Lines::Own { None } else { colour(&mut free, plot) };
        let dash = match lines {
            Lines::Curves | Lines::Steps => dash(&mut free, colour.as_ref(), lines == Lines::Curves),
            Lines::Solid | Lines::Own => None,
        };
        panels.append(&mut free);
        let mut figures = Vec::new();
        let fixed = usize::from(plot.facet.is_some());
        while panels.len() > 1.max(fixed) && count(&panels, points) > MOST_PANELS {
            let own = panels.iter().skip(fixed).position(|dim| !PANELS.contains(&dim.names[0]));
            figures.push(panels.remove(own.map_or(panels.len() - 1, |at| fixed + at)));
        }
        let layers = match layers {
            0 | 1 => Layers::One,
            _ if count(&panels, points) * layers <= MOST_PANELS => Layers::Panels,
            _ => Layers::Figures,
        };
        let cells = cells(points.iter().map(|point| line(point)));
        Layout { colour, dash, panels, figures, layers, lines, cells }
    }

    /// The members of each figure, with the words that tell it from the others.
    pub fn split<'a, G>(
        &self,
        groups: &[&'a G],
        place: impl Fn(&G) -> (&Settings, usize),
    ) -> Vec<(Vec<String>, Vec<&'a G>)> {
        let words = |group: &&G| {
            let (point, layer) = place(group);
            let of_layer = (self.layers == Layers::Figures).then(|| format!("layer {layer}"));
            self.figures.iter().map(|dim| dim.label(point)).chain(of_layer).collect::<Vec<_>>()
        };
        group_by(groups.iter().copied(), words)
    }

    /// The members of each panel in order, with its title.
    pub fn panels<'a, G>(
        &self,
        groups: &[&'a G],
        place: impl Fn(&G) -> (&Settings, usize),
    ) -> Vec<(String, Vec<&'a G>)> {
        let key = |group: &&G| {
            let (point, layer) = place(group);
            let shown = if self.layers == Layers::Panels { layer } else { 0 };
            let places: Vec<usize> = self.panels.iter().map(|dim| dim.index(point)).collect();
            let of_layer = (self.layers == Layers::Panels).then(|| format!("layer {layer}"));
            let words: Vec<String> = self.panels.iter().map(|dim| dim.label(point)).chain(of_layer).collect();
            ((places, shown), words.join(", "))
        };
        let mut found = group_by(groups.iter().copied(), key);
        found.sort_by(|a, b| a.0.0.cmp(&b.0.0));
        found.into_iter().map(|((_, title), members)| (title, self.in_order(members, &place))).collect()
    }

    /// Lines in the order of the legend.
    fn in_order<'a, G>(
        &self,
        mut members: Vec<&'a G>,
        place: impl Fn(&G) -> (&Settings, usize),
    ) -> Vec<&'a G> {
        let index = |dim: &Option<Dim>, point: &Settings| dim.as_ref().map_or(0, |dim| dim.index(point));
        members.sort_by_key(|group| {
            let (point, _) = place(group);
            (index(&self.colour, point), index(&self.dash, point))
        });
        members
    }

    /// The look of the line of a grid point.
    pub fn style(&self, point: &Settings) -> LineStyle {
        let label = self.colour.as_ref().map_or_else(|| line(point), |dim| dim.label(point));
        let plain = LineStyle::line(label, self.colour_of(point), 2.0);
        match &self.dash {
            // Three colours differ well in grey, so dashes tell the next three from them.
            None if self.lines != Lines::Solid => {
                let place =
                    self.colour.as_ref().filter(|dim| !dim.is_ordered()).map_or(0, |dim| dim.index(point));
                LineStyle { dash: DASHES[place / GREYS % DASHES.len()], ..plain }
            }
            None => plain,
            Some(dim) => {
                let label = if self.colour.is_some() { plain.label.clone() } else { dim.label(point) };
                LineStyle { label, ..dashed(dim, point, plain) }
            }
        }
    }

    /// The full name of the line of a grid point.
    pub fn name(&self, point: &Settings) -> String {
        let dims = self.colour.iter().chain(&self.dash);
        let words: Vec<String> = dims.map(|dim| dim.label(point)).filter(|word| !word.is_empty()).collect();
        if words.is_empty() { line(point) } else { words.join(", ") }
    }

    fn colour_of(&self, point: &Settings) -> Colour {
        const WITHOUT_NUMBER: Colour = Colour::hex(0x8a8a8a);
        let Some(dim) = &self.colour else { return cell_colour(&line(point), &self.cells) };
        let (place, count) = (dim.index(point), dim.values.len());
        match dim.names[0] {
            _ if dim.is_ordered() && dim.number(point).is_none() => WITHOUT_NUMBER,
            _ if dim.is_ordered() => early_to_late(place as f64 / (count.max(2) - 1) as f64),
            "cell" if count <= self.cells.len() => cell_colour(&line(point), &self.cells),
            "engine" => engine_colour(&point.engine.to_string(), &engines(dim.values.iter().cloned())),
            _ => nth_colour(place),
        }
    }

    /// The legend of grid points: an entry per colour, then one per dash.
    pub fn legend<'a>(&self, points: impl Iterator<Item = &'a Settings> + Clone) -> Vec<LineStyle> {
        let mut entries: Vec<(usize, LineStyle)> = Vec::new();
        let mut add = |place: usize, style: LineStyle| {
            if !entries.iter().any(|(_, known)| *known == style) {
                entries.push((place, style));
            }
        };
        for point in points {
            let style = self.style(point);
            let place = self.colour.as_ref().map_or(0, |dim| dim.index(point));
            match &self.dash {
                Some(dim) => {
                    let colour = LineStyle { dash: SOLID, marker: None, ..style };
                    if self.colour.is_some() {
                        add(place, colour);
                    }
                    let plain = LineStyle::line(dim.label(point), DARK, 2.0);
                    if !plain.label.is_empty() {
                        add(self.colour_count() + dim.index(point), dashed(dim, point, plain));
                    }
                }
                None => add(place, style),
            }
        }
        entries.sort_by_key(|(place, _)| *place);
        entries.into_iter().map(|(_, style)| style).collect()
    }

    fn colour_count(&self) -> usize {
        self.colour.as_ref().map_or(0, |dim| dim.values.len())
    }

    /// The labels of the settings that all grid points have in common, without `more`.
    pub fn fixed(&self, point: &Settings, more: &[&str]) -> Vec<String> {
        let dims = self.colour.iter().chain(&self.dash).chain(&self.panels).chain(&self.figures);
        let named: Vec<&str> = dims.flat_map(|dim| dim.names.iter().copied()).collect();
        // Without a dimension of colours, the label of the line is the cell.
        let is_labelled = self.lines != Lines::Own && self.colour.is_none() && self.dash.is_none();
        let cell = (!named.contains(&"cell") && !is_labelled).then(|| line(point));
        let others = without(&all(), &[&named[..], &UNNAMED, more, &["cell", "model"]].concat());
        let is_off = |name: &&str| {
            field(name).zip(point.value(name)).is_some_and(|(field, value)| field.is_off(&value))
        };
        let told: Vec<&str> = others.into_iter().filter(|name| !is_off(name)).collect();
        cell.into_iter().chain(labels(&told, point).into_iter().filter(|label| label != WHOLE)).collect()
    }
}

/// The style with the dashes of a grid point. Engines have markers: their lines are mostly the same.
fn dashed(dim: &Dim, point: &Settings, plain: LineStyle) -> LineStyle {
    let place = dim.index(point);
    match dim.names[0] {
        _ if dim.label(point).is_empty() => plain,
        "engine" => LineStyle { marker: engine_marker(&dim.values[place], &dim.values), ..plain },
        _ => LineStyle { dash: DASHES[place % DASHES.len()], ..plain },
    }
}

/// Removes the first dimension that fits.
fn take(dims: &mut Vec<Dim>, fits: impl Fn(&Dim) -> bool) -> Vec<Dim> {
    let at = dims.iter().position(fits);
    at.map(|at| dims.remove(at)).into_iter().collect()
}

/// The dimension of colours: the one that the config names; else many ordered values; else cells; else
/// ordered values; else any. A dimension with too many values has panels instead, if there is another.
fn colour(dims: &mut Vec<Dim>, plot: &Plot) -> Option<Dim> {
    let named = take(dims, |dim| plot.colour.is_some_and(|name| dim.has(name)));
    if let Some(dim) = named.into_iter().next() {
        return Some(dim);
    }
    let most = |dims: &[Dim], least: usize| {
        let fits = |dim: &Dim| dim.count_numbers() >= least && dim.values.len() <= MOST_COLOURS;
        let ordered = dims.iter().enumerate().filter(|(_, dim)| fits(dim));
        ordered.max_by_key(|(n, dim)| (dim.values.len(), usize::MAX - n)).map(|(n, _)| n)
    };
    let cell = || dims.iter().position(|dim| dim.names[0] == "cell" && dim.values.len() <= MOST_COLOURS);
    let at = most(dims, MANY).or_else(cell).or_else(|| most(dims, 2));
    let at = at.or_else(|| {
        let fits = |dim: &Dim| dim.names[0] != "engine" && dim.values.len() <= MOST_COLOURS;
        dims.iter().position(fits).or_else(|| dims.iter().position(|dim| dim.names[0] != "engine"))
    });
    at.or_else(|| (!dims.is_empty()).then_some(0)).map(|at| dims.remove(at))
}

/// The dimension of dashes: engines, or with `has_ordered` a few ordered values.
fn dash(dims: &mut Vec<Dim>, colour: Option<&Dim>, has_ordered: bool) -> Option<Dim> {
    let colours = colour.map_or(1, |dim| dim.values.len());
    let fits = |dim: &Dim, most: usize| {
        dim.values.len() <= most && colours * dim.values.len() <= MOST_LINES.max(colours)
    };
    let engine = dims.iter().position(|dim| dim.names[0] == "engine");
    let few =
        dims.iter().enumerate().filter(|(_, dim)| has_ordered && dim.is_ordered() && fits(dim, MOST_DASHES));
    let few = few.max_by_key(|(n, dim)| (dim.values.len(), usize::MAX - n)).map(|(n, _)| n);
    engine.or(few).map(|at| dims.remove(at))
}

/// The number of combinations of dimensions that occur.
fn count(dims: &[Dim], points: &[&Settings]) -> usize {
    let key = |point: &&&Settings| dims.iter().map(|dim| dim.index(point)).collect::<Vec<_>>();
    group_by(points.iter(), key).len()
}
