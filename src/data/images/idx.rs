//! IDX, the file format of MNIST.
//!
//! Two bytes 0, one byte for the type of the numbers, one byte for the number of dimensions, the size of
//! each dimension as a big-endian integer of four bytes, and then the numbers.

/// An array of bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Idx<'a> {
    /// The shape, with the slowest dimension first.
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    pub values: &'a [u8],
}

/// The type code of unsigned bytes.
const UNSIGNED_BYTES: u8 = 8;

/// Reads an array of bytes with the given number of dimensions.
///
/// # Errors
/// A sentence with the expected and the found content.
pub fn parse(bytes: &[u8], dimensions: u8) -> Result<Idx<'_>, String> {
    let expected = [0, 0, UNSIGNED_BYTES, dimensions];
    let Some((head, rest)) = bytes.split_at_checked(4) else {
        return Err(format!("expected IDX, which begins with {expected:?}, found {} bytes", bytes.len()));
    };
    if head != expected {
        return Err(format!("expected IDX, which begins with {expected:?}, found {head:?}"));
    }
    let Some((sizes, values)) = rest.split_at_checked(4 * usize::from(dimensions)) else {
        return Err(format!("expected {dimensions} sizes of 4 bytes each, found {} bytes", rest.len()));
    };
    let shape: Vec<usize> = sizes
        .chunks_exact(4)
        .map(|size| size.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
        .collect();
    let count = shape.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
    if count != Some(values.len()) {
        return Err(format!("expected as many bytes as the shape {shape:?} has, found {}", values.len()));
    }
    Ok(Idx { shape, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_returns_shape_and_values() {
        let bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255];
        let idx = parse(&bytes, 2).unwrap();
        assert_eq!(idx, Idx { shape: vec![2, 3], values: &[1, 2, 3, 4, 5, 255] });
        let long = [&[0, 0, 8, 1, 0, 0, 1, 2][..], &[7; 258]].concat();
        assert_eq!(parse(&long, 1).unwrap().shape, [258]);
    }

    #[test]
    fn parse_names_damage() {
        let whole = [0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3];
        assert!(parse(&whole, 1).is_ok());
        for (bytes, dimensions, reason) in [
            (&b""[..], 1, "begins with [0, 0, 8, 1], found 0 bytes"),
            (&whole[..3], 1, "found 3 bytes"),
            (&whole[..7], 1, "expected 1 sizes of 4 bytes each, found 3 bytes"),
            (&whole[..10], 1, "the shape [3] has, found 2"),
            (&[&whole[..], &[4]].concat(), 1, "the shape [3] has, found 4"),
            (&whole, 3, "begins with [0, 0, 8, 3], found [0, 0, 8, 1]"),
            (&[0, 0, 13, 1, 0, 0, 0, 0], 1, "found [0, 0, 13, 1]"),
            (b"<html>", 1, "found [60, 104, 116, 109]"),
        ] {
            let error = parse(bytes, dimensions).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        // The product of the sizes overflows.
        let vast = [&[0, 0, 8, 3][..], &[255; 12]].concat();
        assert!(parse(&vast, 3).unwrap_err().ends_with("found 0"));
    }

    proptest::proptest! {
        #[test]
        fn parse_of_arbitrary_bytes_never_panics(tail: Vec<u8>, dimensions: u8, raw: Vec<u8>) {
            let headed = [&[0, 0, 8, dimensions][..], &tail].concat();
            for bytes in [&headed, &raw] {
                if let Ok(idx) = parse(bytes, dimensions) {
                    proptest::prop_assert_eq!(idx.shape.iter().product::<usize>(), idx.values.len());
                }
            }
        }

        #[test]
        fn parse_returns_any_written_array(rows in 0_usize..5, columns in 0_usize..300) {
            let values: Vec<u8> = (0..rows * columns).map(|n| n as u8).collect();
            let size = |n: usize| (n as u32).to_be_bytes();
            let bytes = [&[0, 0, 8, 2][..], &size(rows), &size(columns), &values].concat();
            let expected = Idx { shape: vec![rows, columns], values: &values };
            proptest::prop_assert_eq!(parse(&bytes, 2).unwrap(), expected);
        }
    }
}
