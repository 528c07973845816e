//! A font in a PDF file: the glyphs that occur, with their letters.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use subsetter::{GlyphRemapper, subset};
use ttf_parser::GlyphId;

use super::font::{face, file};

/// The number of objects of a font.
const OBJECTS: i32 = 5;

const SYSTEM: SystemInfo = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The glyphs of a face that a file needs.
pub struct Font {
    bold: bool,
    numbers: GlyphRemapper,
    /// New number → letter and width in thousandths of the size.
    glyphs: BTreeMap<u16, (char, f32)>,
}

impl Font {
    /// A face without glyphs.
    pub fn new(bold: bool) -> Font {
        Font { bold, numbers: GlyphRemapper::new(), glyphs: BTreeMap::new() }
    }

    /// Returns true if no glyph occurs.
    pub fn is_empty(&self) -> bool {
        self.glyphs.is_empty()
    }

    /// The number of a glyph in the file.
    pub fn glyph(&mut self, glyph: GlyphId, letter: char) -> u16 {
        let number = self.numbers.remap(glyph.0);
        let face = face(self.bold);
        let units = f32::from(face.glyph_hor_advance(glyph).unwrap_or(0));
        self.glyphs.insert(number, (letter, 1000.0 * units / f32::from(face.units_per_em())));
        number
    }

    /// The object of the n-th font after `before` other objects.
    pub fn id(&self, before: i32, n: usize) -> Ref {
        Ref::new(before + OBJECTS * n as i32)
    }

    /// Writes the objects of the n-th font after `before` other objects.
    pub fn write(&self, pdf: &mut Pdf, before: i32, n: usize) {
        let font = self.id(before, n);
        let [cid, descriptor, data, letters] = [1, 2, 3, 4].map(|k| Ref::new(font.get() + k));
        // The prefix says that the font is not whole.
        let name = Name(match self.bold {
            true => b"GLYPHS+DejaVuSans-Bold",
            false => b"GLYPHS+DejaVuSans",
        });
        let face = face(self.bold);
        let thousandths = |units: i16| 1000.0 * f32::from(units) / f32::from(face.units_per_em());

        let mut composite = pdf.type0_font(font);
        composite.base_font(name).encoding_predefined(Name(b"Identity-H"));
        composite.descendant_font(cid).to_unicode(letters);
        composite.finish();
        let mut written = pdf.cid_font(cid);
        written.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(descriptor);
        written.cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = written.widths();
        for (number, (_, width)) in &self.glyphs {
            widths.consecutive(*number, [*width]);
        }
        widths.finish();
        written.finish();
        let bounds = face.global_bounding_box();
        let [left, low, right, high] =
            [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(thousandths);
        let mut described = pdf.font_descriptor(descriptor);
        described.name(name).flags(FontFlags::SYMBOLIC).bbox(Rect::new(left, low, right, high));
        described
            .italic_angle(0.0)
            .ascent(thousandths(face.ascender()))
            .descent(thousandths(face.descender()));
        described.cap_height(thousandths(face.capital_height().unwrap_or(0))).stem_v(80.0).font_file2(data);
        described.finish();
        let glyphs =
            subset(file(self.bold), 0, &self.numbers).expect("the fonts of the crate dejavu are valid");
        pdf.stream(data, &compressed(&glyphs)).filter(Filter::FlateDecode);
        let mut map = UnicodeCmap::new(Name(b"Letters"), SYSTEM);
        self.glyphs.iter().for_each(|(number, (letter, _))| map.pair(*number, *letter));
        pdf.cmap(letters, &map.finish());
    }
}

/// Compresses a stream.
pub fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}
