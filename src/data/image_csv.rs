//! Images as lines of numbers: the pixels of an image, row by row, and its class at the end.

/// What every line must keep to.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Pixels of an image.
    pub pixels: usize,
    /// The value that a pixel may have at most.
    pub max: u8,
    /// Classes there are, counted from 0.
    pub classes: u8,
}

/// All pixels, and the class of each image.
///
/// # Errors
/// A sentence: which line and number, what was expected and what was found.
pub fn parse(bytes: &[u8], form: Line) -> Result<(Vec<u8>, Vec<u8>), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!("expected lines of numbers, found byte 0x{:02x}", bytes[error.valid_up_to()])
    })?;
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let found = line.split(',').count();
        if found != form.pixels + 1 {
            let expected = form.pixels + 1;
            return Err(format!("line {}: expected {expected} numbers, found {found}", number + 1));
        }
        for (column, word) in line.split(',').enumerate() {
            let is_label = column == form.pixels;
            let most = if is_label { form.classes - 1 } else { form.max };
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

    const FORM: Line = Line { pixels: 3, max: 16, classes: 10 };

    #[test]
    fn pixels_and_labels_are_told_apart() {
        assert_eq!(parse(b"0,1,16,9\n2,3,4,0\n", FORM).unwrap(), (vec![0, 1, 16, 2, 3, 4], vec![9, 0]));
        assert_eq!(parse(b"0,1,16,9\r\n2,3,4,0", FORM).unwrap().1, [9, 0]);
    }

    #[test]
    fn damage_is_named_with_its_line() {
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
            let error = parse(bytes, FORM).unwrap_err();
            assert!(error.ends_with(reason), "{error}");
        }
    }
}
