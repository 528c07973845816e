//! Images and their classes.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::csv::{self, CsvLayout};
use super::idx;
use crate::data::catalogue::dataset_of;
use crate::data::dataset::{Dataset, DatasetKind, Format};
use crate::data::verify::require_complete;
use crate::support::checksum;
use crate::support::error::{Error, Result};

/// Grey images of one size, each of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// The dataset's name.
    pub name: String,
    /// Rows of an image.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Number of classes; labels count from 0.
    pub classes: usize,
    /// Largest value of a pixel. 0 is background.
    pub max: u8,
    /// Training images.
    pub train: ImageSplit,
    /// Test images.
    pub test: ImageSplit,
    /// SHA-256 of the pixels of `train`, its labels, the pixels of `test` and its labels. It is the same
    /// for every file format.
    pub sha256: String,
}

/// The images of a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSplit {
    /// `[count, height, width]`, row-major.
    pub pixels: Vec<u8>,
    /// The class of each image.
    pub labels: Vec<u8>,
}

impl ImageSplit {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True if there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

impl Images {
    /// The images of a dataset that has been fetched into `root`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a name that no dataset of images has. [`Error::Data`] for a dataset that is
    /// absent, damaged or of another format. [`Error::Io`] for files that cannot be read.
    pub fn from_dataset(name: &str, root: &Path) -> Result<Images> {
        images_of(dataset_of(DatasetKind::Images, name)?, root)
    }
}

fn images_of(dataset: &Dataset, root: &Path) -> Result<Images> {
    require_complete(dataset, root)?;
    let dir = root.join(&dataset.name);
    let (height, width, classes, max, [train, test]) = match dataset.format {
        Format::Idx { height, width, classes } => {
            let read = |part| idx_split(&dir, part, [height, width], classes);
            (height, width, classes, u8::MAX, [read("train")?, read("t10k")?])
        }
        Format::ImageCsv { height, width, classes, max, train } => {
            let layout = CsvLayout { pixels: height * width, max, classes };
            let [file] = dataset.files.as_slice() else {
                return Err(Error::data(&dir, format!("expected one file, found {}", dataset.files.len())));
            };
            (height, width, classes, max, csv_splits(&dir.join(&file.name), layout, train)?)
        }
        Format::Text => return Err(Error::data(&dir, "expected a dataset of images, found text")),
    };
    let sha256 = checksum::of_parts(&[&train.pixels, &train.labels, &test.pixels, &test.labels]);
    let name = dataset.name.clone();
    Ok(Images { name, height, width, classes: usize::from(classes), max, train, test, sha256 })
}

/// The content of a gzip file.
fn gunzip(path: &Path) -> Result<Vec<u8>> {
    let packed = fs::read(path).map_err(Error::io("read", path))?;
    let mut bytes = Vec::new();
    GzDecoder::new(&packed[..])
        .read_to_end(&mut bytes)
        .map_err(|error| Error::data(path, format!("expected a whole gzip file, found damage: {error}")))?;
    Ok(bytes)
}

/// The images and labels of `part` (`train` or `t10k`), from two IDX files with the names of MNIST's.
fn idx_split(dir: &Path, part: &str, size: [usize; 2], classes: u8) -> Result<ImageSplit> {
    let path = dir.join(format!("{part}-images-idx3-ubyte.gz"));
    let bytes = gunzip(&path)?;
    let images = idx::parse(&bytes, 3).map_err(|problem| Error::data(&path, problem))?;
    if images.shape[1..] != size {
        let ([rows, columns], found) = (size, &images.shape[1..]);
        return Err(Error::data(&path, format!("expected images of {rows} × {columns}, found {found:?}")));
    }
    let path = dir.join(format!("{part}-labels-idx1-ubyte.gz"));
    let bytes = gunzip(&path)?;
    let labels = idx::parse(&bytes, 1).map_err(|problem| Error::data(&path, problem))?;
    if labels.shape[0] != images.shape[0] {
        let (expected, found) = (images.shape[0], labels.shape[0]);
        return Err(Error::data(&path, format!("expected {expected} labels, one an image, found {found}")));
    }
    if let Some(place) = labels.values.iter().position(|label| *label >= classes) {
        let (last, found) = (classes - 1, labels.values[place]);
        let problem = format!("label {place}: expected a class from 0 to {last}, found {found}");
        return Err(Error::data(&path, problem));
    }
    Ok(ImageSplit { pixels: images.values.to_vec(), labels: labels.values.to_vec() })
}

/// The first `train` images of a file, and the others.
fn csv_splits(path: &Path, layout: CsvLayout, train: usize) -> Result<[ImageSplit; 2]> {
    let bytes = gunzip(path)?;
    let (mut pixels, mut labels) =
        csv::parse(&bytes, layout).map_err(|problem| Error::data(path, problem))?;
    if labels.len() <= train {
        let problem = format!("expected more than {train} images, found {}", labels.len());
        return Err(Error::data(path, problem));
    }
    let test =
        ImageSplit { pixels: pixels.split_off(train * layout.pixels), labels: labels.split_off(train) };
    Ok([ImageSplit { pixels, labels }, test])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::data::verify::tests::fetched;

    const TINY: Format = Format::Idx { height: 2, width: 1, classes: 3 };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn idx(shape: &[u8], values: &[u8]) -> Vec<u8> {
        let sizes = shape.iter().flat_map(|size| [0, 0, 0, *size]);
        let head = [0, 0, 8, shape.len() as u8].into_iter();
        gzip(&head.chain(sizes).chain(values.iter().copied()).collect::<Vec<u8>>())
    }

    /// Two training images of 2 × 1 and one test image, with the files in `instead` in place of theirs.
    fn tiny(instead: &[(&str, &[u8])]) -> Result<Images> {
        let whole = [
            ("train-images-idx3-ubyte.gz", idx(&[2, 2, 1], &[1, 2, 3, 255])),
            ("train-labels-idx1-ubyte.gz", idx(&[2], &[2, 0])),
            ("t10k-images-idx3-ubyte.gz", idx(&[1, 2, 1], &[5, 6])),
            ("t10k-labels-idx1-ubyte.gz", idx(&[1], &[1])),
        ];
        let files: Vec<(&str, &[u8])> = whole
            .iter()
            .map(|(name, bytes)| {
                let other = instead.iter().find(|(other, _)| other == name);
                other.copied().unwrap_or((name, bytes))
            })
            .collect();
        let (dataset, root) = fetched(TINY, &files);
        images_of(&dataset, root.path())
    }

    #[test]
    fn idx_files_are_read_as_images() {
        let images = tiny(&[]).unwrap();
        assert_eq!((images.height, images.width, images.classes, images.max), (2, 1, 3, 255));
        assert_eq!(images.train, ImageSplit { pixels: vec![1, 2, 3, 255], labels: vec![2, 0] });
        assert_eq!(images.test, ImageSplit { pixels: vec![5, 6], labels: vec![1] });
        assert_eq!((images.train.len(), images.test.len(), images.test.is_empty()), (2, 1, false));
        assert_eq!(images.sha256, checksum::of_bytes(&[1, 2, 3, 255, 2, 0, 5, 6, 1]));
    }

    #[test]
    fn idx_files_with_damage_are_named() {
        let cut = &idx(&[1], &[1])[..10];
        for (name, bytes, reason) in [
            ("t10k-labels-idx1-ubyte.gz", cut, "expected a whole gzip file"),
            ("t10k-labels-idx1-ubyte.gz", &gzip(b"not idx"), "expected IDX"),
            ("t10k-labels-idx1-ubyte.gz", &idx(&[1], &[3]), "label 0: expected a class from 0 to 2, found 3"),
            ("train-labels-idx1-ubyte.gz", &idx(&[1], &[1]), "expected 2 labels, one an image, found 1"),
            ("train-images-idx3-ubyte.gz", &idx(&[2, 1, 2], &[0; 4]), "images of 2 × 1, found [1, 2]"),
            ("train-images-idx3-ubyte.gz", &idx(&[2, 2, 1], &[0; 3]), "shape [2, 2, 1] has, found 3"),
        ] {
            let error = tiny(&[(name, bytes)]).unwrap_err();
            assert!(error.to_string().contains(name) && error.to_string().contains(reason), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn csv_file_is_split_in_its_order() {
        let format = |train| Format::ImageCsv { height: 1, width: 2, classes: 3, max: 16, train };
        let read = |lines: &[u8], train| {
            let (dataset, root) = fetched(format(train), &[("a.csv.gz", &gzip(lines))]);
            images_of(&dataset, root.path())
        };
        let images = read(b"1,2,0\n3,4,1\n5,16,2\n", 1).unwrap();
        assert_eq!((images.height, images.width, images.classes, images.max), (1, 2, 3, 16));
        assert_eq!(images.train, ImageSplit { pixels: vec![1, 2], labels: vec![0] });
        assert_eq!(images.test, ImageSplit { pixels: vec![3, 4, 5, 16], labels: vec![1, 2] });
        let error = read(b"1,2,0\n3,4,1\n5,16,2\n", 3).unwrap_err().to_string();
        assert!(error.ends_with("a.csv.gz: expected more than 3 images, found 3"), "{error}");
        let error = read(b"1,2,0\n3,17,1\n", 1).unwrap_err().to_string();
        assert!(error.contains("a.csv.gz: line 2, number 2"), "{error}");
    }

    #[test]
    fn absent_dataset_names_the_command_that_fetches_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = Images::from_dataset("digits", dir.path()).unwrap_err().to_string();
        assert!(error.contains("`lstm-lab data fetch digits`"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn gunzip_of_arbitrary_bytes_never_panics(bytes: Vec<u8>, place: usize, value: u8) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.gz");
            let mut damaged = gzip(&bytes);
            let place = place % damaged.len();
            damaged[place] = value;
            for content in [&bytes, &damaged] {
                fs::write(&path, content).unwrap();
                if let Err(error) = gunzip(&path) {
                    proptest::prop_assert_eq!(error.exit_code(), 2);
                }
            }
        }
    }
}
