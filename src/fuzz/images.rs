//! Files of images.

use super::Target;
use crate::data::images::{csv, idx as idx_format};

/// The reader of IDX.
pub fn idx() -> Target {
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1][..], &[1, 2, 3, 4]].concat();
    let labels = vec![0, 0, 8, 1, 0, 0, 0, 2, 1, 2];
    Target::new(vec![images, labels], |bytes| {
        [1, 3].into_iter().for_each(|dimensions| drop(idx_format::parse(bytes, dimensions)));
    })
}

/// The reader of lines of numbers.
pub fn lines() -> Target {
    let layout = csv::CsvLayout { pixels: 3, max: 16, classes: 10 };
    Target::new(vec![b"0,1,16,9\n2,3,4,0\n".to_vec()], move |bytes| drop(csv::parse(bytes, layout)))
}

#[cfg(test)]
mod tests {
    use crate::fuzz::changes::fuzz;

    #[test]
    fn fuzz_idx_is_read_or_refused() {
        fuzz("idx", super::idx());
    }

    #[test]
    fn fuzz_lines_of_numbers_are_read_or_refused() {
        fuzz("lines", super::lines());
    }
}
