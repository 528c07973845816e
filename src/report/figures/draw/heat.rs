//! A table of numbers, each on a shade of its size.

use super::font::{broken, text_width, widest};
use super::shapes::{Colour, Drawing, Label};
use super::style::{BLACK, MARGIN, Page, SMALL, WHITE, WORDS};

/// A table of numbers.
#[derive(Debug, Clone)]
pub struct Heat {
    /// The title.
    pub title: String,
    /// The words below the title; lines break between them.
    pub below_title: Vec<String>,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The names of the rows, with a number for each column if there is one.
    pub rows: Vec<(String, Vec<Option<Tile>>)>,
}

/// One number.
#[derive(Debug, Clone)]
pub struct Tile {
    /// The number.
    pub value: f64,
    /// The ends of its interval.
    pub ends: (f64, f64),
    /// The number with its interval in words, for the pointer and for a wide column.
    pub text: String,
    /// The number alone with ever fewer digits, for narrow columns.
    pub shorter: Vec<String>,
}

impl Heat {
    /// The table with its columns as rows, if it has fewer rows than columns: numbers need wide columns.
    pub fn upright(self) -> Heat {
        if self.rows.len() >= self.columns.len() {
            return self;
        }
        let (columns, tiles): (Vec<String>, Vec<Vec<Option<Tile>>>) = self.rows.into_iter().unzip();
        let column = |n: usize| tiles.iter().map(|row| row[n].clone()).collect();
        let rows = self.columns.into_iter().enumerate().map(|(n, name)| (name, column(n))).collect();
        Heat { columns, rows, ..self }
    }

    /// The size from which on a number has the darkest shade: the largest, unless it is far from the others.
    fn darkest(&self) -> f64 {
        let tiles = self.rows.iter().flat_map(|(_, tiles)| tiles.iter().flatten());
        let mut sizes: Vec<f64> = tiles.map(|tile| tile.value.abs()).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let darkest = match sizes[..] {
            [largest, next, ..] if next > 0.0 && largest > FAR * next => next,
            [largest, ..] => largest,
            [] => 0.0,
        };
        darkest.max(f64::MIN_POSITIVE)
    }

    /// The first text of the tiles, from 0 for the longest, that fits in all of them: one table has one form.
    fn level(&self, width: f64) -> usize {
        let tiles = || self.rows.iter().flat_map(|(_, tiles)| tiles.iter().flatten());
        let levels = tiles().map(|tile| tile.shorter.len()).min().unwrap_or(0);
        let fits = |level: &usize| tiles().all(|tile| text_width(tile.at(*level), SMALL, false) <= width);
        (0..levels).find(fits).unwrap_or(levels)
    }
}

impl Tile {
    /// The text of a level, from 0 for the longest.
    fn at(&self, level: usize) -> &str {
        level.checked_sub(1).and_then(|n| self.shorter.get(n)).unwrap_or(&self.text)
    }
}

/// The ratio to the second largest number above which the largest does not set the shades.
const FAR: f64 = 2.0;

/// The height of a row.
const ROW: f64 = 30.0;
/// Numbers below 0, from small to large.
const FALLS: (Colour, Colour) = (Colour::hex(0xf1f6fb), Colour::hex(0x084a8c));
/// Numbers above 0, from small to large.
const RISES: (Colour, Colour) = (Colour::hex(0xfdf1e6), Colour::hex(0xa63a00));
/// An empty place.
const EMPTY: Colour = Colour::hex(0xf4f4f4);

/// Draws the table.
pub fn draw(heat: &Heat, page: Page) -> Drawing {
    let mut drawing = page.drawing();
    let top = page.heading(&mut drawing, &heat.title, &heat.below_title);
    let room = drawing.width - 2.0 * MARGIN;
    let names = (widest(heat.rows.iter().map(|(name, _)| name.as_str()), SMALL) + 0.1).min(0.42 * room);
    let left = MARGIN + names + 12.0;
    let width = ((drawing.width - MARGIN - left) / heat.columns.len().max(1) as f64).min(300.0);
    let heads: Vec<Vec<String>> =
        heat.columns.iter().map(|name| broken(name, WORDS, true, width - 8.0)).collect();
    let head_lines = heads.iter().map(Vec::len).max().unwrap_or(0);
    let top = top + 1.25 * WORDS * head_lines as f64 + 4.0;
    for (n, head) in heads.iter().enumerate() {
        for (line, words) in head.iter().rev().enumerate() {
            let place = (left + width * (n as f64 + 0.5), top - 7.0 - 1.25 * WORDS * line as f64);
            drawing
                .label(Label::new(place, words.clone(), WORDS, BLACK).bold().centred().within(width - 8.0));
        }
    }
    let darkest = heat.darkest();
    let level = heat.level(width - 6.0);
    let mut y = top;
    for (name, tiles) in &heat.rows {
        let words = broken(name, SMALL, false, names + 0.1);
        let height = ROW.max(1.3 * SMALL * words.len() as f64 + 6.0);
        for (line, word) in words.iter().enumerate() {
            let shift = 1.3 * SMALL * (line as f64 - (words.len() as f64 - 1.0) / 2.0);
            drawing
                .label(Label::new((MARGIN, y + height / 2.0 + shift), word.clone(), SMALL, BLACK).middle());
        }
        for (n, tile) in tiles.iter().enumerate() {
            let about = |tile: &Tile| format!("{name}, {}: {}", heat.columns[n], tile.text);
            let about = tile.as_ref().map(about).unwrap_or_default();
            let corner = (left + width * n as f64, y);
            draw_tile(&mut drawing, (tile.as_ref(), about, level), corner, (width, height), darkest);
        }
        y += height;
    }
    drawing.height = (y + MARGIN).ceil();
    drawing
}

/// Draws one place. The shade grows with the root of the number, so that small numbers differ, too.
fn draw_tile(
    drawing: &mut Drawing,
    (tile, about, level): (Option<&Tile>, String, usize),
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    darkest: f64,
) {
    let share = tile.map_or(0.0, |tile| (tile.value.abs() / darkest).sqrt().min(1.0));
    let (pale, dark) = if tile.is_some_and(|tile| tile.value > 0.0) { RISES } else { FALLS };
    let colour = if tile.is_some() { pale.towards(dark, share) } else { EMPTY };
    let (right, bottom) = (x + width - 2.0, y + height - 2.0);
    drawing.tile(vec![(x, y), (right, y), (right, bottom), (x, bottom)], colour, about);
    let Some(tile) = tile else { return };
    let ink = if share > 0.55 { WHITE } else { BLACK };
    let place = (x + width / 2.0 - 1.0, y + height / 2.0 - 1.0);
    drawing.label(Label::new(place, tile.at(level), SMALL, ink).centred().middle().within(width - 2.0));
}

#[cfg(test)]
mod tests {
    use super::super::shapes::Shape;
    use super::*;
    use crate::report::figures::draw::layout_check::faults;
    use crate::report::format::significant;

    #[test]
    fn darkest_is_not_that_of_a_number_far_beyond_the_others() {
        let of = |values: &[f64]| {
            let tile = |value: &f64| {
                let (value, text) = (*value, String::new());
                Some(Tile { value, ends: (value, value), text, shorter: vec![] })
            };
            let rows = vec![(String::new(), values.iter().map(tile).collect())];
            Heat { title: String::new(), below_title: vec![], columns: vec![], rows }.darkest()
        };
        assert_eq!([of(&[-1.33, 0.4, -0.3]), of(&[-0.7, 0.4, -0.3]), of(&[-1.0])], [0.4, 0.7, 1.0]);
        assert!(of(&[]) > 0.0 && of(&[0.0]) > 0.0);
    }

    #[test]
    fn draw_long_names_and_missing_numbers_fit_the_page() {
        let tile = |value: f64| {
            let text = format!("{value:.3} [−0.123, −0.111]");
            (value != 0.0)
                .then_some(Tile { value, ends: (value, value), text, shorter: vec!["−0.1".into()] })
        };
        let row = |n: i32| {
            let values = [-0.2 * f64::from(n), 0.0, 0.01, -1e-6];
            (format!("orthogonal(1.{n})+forget_bias(1), L{n}, T100"), values.map(tile).to_vec())
        };
        let columns = ["rnn", "gru", "lstm attention", "transformer"].map(String::from).to_vec();
        let heat =
            Heat { title: "Slope".into(), below_title: vec![], columns, rows: (0..12).map(row).collect() };
        for inches in [7.0, 3.5] {
            assert_eq!(faults(&draw(&heat, Page { inches, has_title: true })), Vec::<String>::new());
        }
    }

    #[test]
    fn draw_table_with_many_columns_stands_upright_and_no_number_is_cut() {
        let tile = |value: f64| {
            let shorter = [3, 2, 1].map(|digits| significant(value, digits)).to_vec();
            Some(Tile { value, ends: (value, value), text: format!("{value} [{value}, {value}]"), shorter })
        };
        let columns: Vec<String> = (0..12).map(|n| format!("lstm_peephole{n}")).collect();
        let row = |name: &str| (name.to_string(), vec![tile(-0.000_801); 12]);
        let rows = vec![row("pytorch"), row("identity(1)")];
        let heat = Heat { title: "Slope".into(), below_title: vec![], columns, rows };
        let texts = |heat: &Heat| -> Vec<String> {
            let text = |shape: Shape| match shape {
                Shape::Label(label) => Some(label.text),
                _ => None,
            };
            draw(heat, Page { inches: 7.0, has_title: true }).shapes.into_iter().filter_map(text).collect()
        };
        assert!(texts(&heat).contains(&"-0.00080".to_string()), "{:?}", texts(&heat));
        let upright = heat.upright();
        assert_eq!((upright.columns.len(), upright.rows.len()), (2, 12));
        assert!(texts(&upright).contains(&"-0.000801 [-0.000801, -0.000801]".to_string()));
        assert!(texts(&upright).iter().all(|text| !text.contains('…')), "{:?}", texts(&upright));
    }
}
