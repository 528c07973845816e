//! Images as lines of numbers. A line has the pixels of an image, row by row, and then its class.

/// The layout of every line.
#[derive(Debug, Clone, Copy)]
pub struct CsvLayout {
    /// Pixels of an image.
    pub pixels: usize,
    /// Largest value of a pixel.
    pub max: u8,
    /// Number of classes, which count from 0.
    pub classes: u8,
}

/// Returns all pixels and the class of each image.
///
/// # Errors
/// A sentence with the line, the place in it, the expected and the found text.
pub fn parse(bytes: &[u8], layout: CsvLayout) -> Result<(Vec<u8>, Vec<u8>), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!("expected lines of numbers, found byte 0x{:02x}", bytes[error.valid_up_to()])
    })?;
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let found = line.split(',').count();
        if found != layout.pixels + 1 {
            let expected = layout.pixels + 1;
            return Err(format!("line {}: expected {expected} numbers, found {found}", number + 1));
        }
        for (column, word) in line.split(',').enumerate() {
            let is_label = column == layout.pixels;
            let most = if is_label { layout.classes - 1 } else { layout.max };
            let value = word.parse().ok().filter(|value| *value <= most).ok_or_else(|| {
                let (line, column) = (number + 1, column + 1);
                format!(
                    "line {line}, number {column}: expected a whole number from 0 to {most}, found `{word}`"
                )
            })?;
            if is_label { labels.push(value) } else { pixels.push(value) }
        }
    }
    Ok((pixels, labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: CsvLayout = CsvLayout { pixels: 3, max: 16, classes: 10 };

    #[test]
    fn parse_separates_pixels_and_labels() {
        assert_eq!(parse(b"0,1,16,9\n2,3,4,0\n", LAYOUT).unwrap(), (vec![0, 1, 16, 2, 3, 4], vec![9, 0]));
        assert_eq!(parse(b"0,1,16,9\r\n2,3,4,0", LAYOUT).unwrap().1, [9, 0]);
    }

    #[test]
    fn parse_names_the_line_of_damage() {
        for (bytes, reason) in [
            (&b"0,1,16,9\n2,3,0\n"[..], "line 2: expected 4 numbers, found 3"),
            (b"0,1,16,9,9\n", "line 1: expected 4 numbers, found 5"),
            (b"\n", "line 1: expected 4 numbers, found 1"),
            (b"0,17,0,0", "line 1, number 2: expected a whole number from 0 to 16, found `17`"),
            (b"0,0,0,10", "line 1, number 4: expected a whole number from 0 to 9, found `10`"),
            (b"0,x,0,1", "number 2: expected a whole number from 0 to 16, found `x`"),
            (b"0,-1,0,1", "found `-1`"),
            (b"0,1.0,0,1", "found `1.0`"),
            (b"0,1,0,1\n\xff", "expected lines of numbers, found byte 0xff"),
        ] {
            let error = parse(bytes, LAYOUT).unwrap_err();
            assert!(error.ends_with(reason), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parse_of_arbitrary_bytes_never_panics(bytes: Vec<u8>, text in "[0-9,\n-]{0,40}") {
            for bytes in [&bytes[..], text.as_bytes()] {
                if let Ok((pixels, labels)) = parse(bytes, LAYOUT) {
                    proptest::prop_assert_eq!(pixels.len(), 3 * labels.len());
                }
            }
        }
    }
}
