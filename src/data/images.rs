//! Images and their classes.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::dataset::{Content, Kind, dataset_of};
use super::image_csv::{self, Line};
use super::{Dataset, checksum, idx, verify};
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
    /// Classes there are; labels count from 0.
    pub classes: usize,
    /// The value that a pixel may have at most. 0 is background.
    pub max: u8,
    /// Images to learn from.
    pub train: ImageSplit,
    /// Images to be judged by.
    pub test: ImageSplit,
    /// SHA-256 of the pixels of `train`, its labels, the pixels of `test`, its labels: of what is used,
    /// however it was packed.
    pub sha256: String,
}

/// A part of the images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSplit {
    /// count × height × width, row-major.
    pub pixels: Vec<u8>,
    /// The class of each image.
    pub labels: Vec<u8>,
}

impl ImageSplit {
    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

impl Images {
    /// A dataset of images that has been fetched into `root`.
    ///
    /// # Errors
    /// [`Error::Usage`] where there is no dataset of images of that name; [`Error::Data`] where it is not here
    /// (the message says which command fetches it), is damaged, or is no such file as it should be;
    /// [`Error::Io`] where its files may not be read.
    pub fn from_dataset(name: &str, root: &Path) -> Result<Images> {
        images_of(dataset_of(Kind::Images, name)?, root)
    }
}

fn images_of(dataset: &Dataset, root: &Path) -> Result<Images> {
    let dir = root.join(dataset.name);
    // Datasets of text are asked for elsewhere.
    let ((height, width), classes, max, [train, test]) = match dataset.content {
        Content::Idx { height, width, classes } => {
            verify::complete(dataset, root)?;
            let read = |part| idx_split(&dir, part, (height, width), classes);
            ((height, width), classes, u8::MAX, [read("train")?, read("t10k")?])
        }
        Content::ImageCsv { file, height, width, classes, max, train } => {
            verify::complete(dataset, root)?;
            let form = Line { pixels: height * width, max, classes };
            ((height, width), classes, max, csv_splits(&dir.join(file), form, train)?)
        }
        Content::Text { .. } => {
            return Err(Error::Usage(format!("expected a dataset of images, found `{}`", dataset.name)));
        }
    };
    let all = [&train.pixels[..], &train.labels, &test.pixels, &test.labels];
    let sha256 = checksum::of_parts(&all);
    let name = dataset.name.to_string();
    Ok(Images { name, height, width, classes: usize::from(classes), max, train, test, sha256 })
}

/// The bytes of a file that is compressed by gzip.
fn gunzip(path: &Path) -> Result<Vec<u8>> {
    let packed = fs::read(path).map_err(Error::io("read", path))?;
    let mut bytes = Vec::new();
    GzDecoder::new(&packed[..])
        .read_to_end(&mut bytes)
        .map_err(|error| Error::data(path, format!("expected a whole gzip file, found damage: {error}")))?;
    Ok(bytes)
}

/// The images and labels of `part`, from two files that are named as MNIST's.
fn idx_split(dir: &Path, part: &str, size: (usize, usize), classes: u8) -> Result<ImageSplit> {
    let path = dir.join(format!("{part}-images-idx3-ubyte.gz"));
    let bytes = gunzip(&path)?;
    let images = idx::parse(&bytes, 3).map_err(|problem| Error::data(&path, problem))?;
    if images.shape[1..] != [size.0, size.1] {
        let (expected, found) = (size, &images.shape[1..]);
        let (rows, columns) = expected;
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
fn csv_splits(path: &Path, form: Line, train: usize) -> Result<[ImageSplit; 2]> {
    let bytes = gunzip(path)?;
    let (mut pixels, mut labels) =
        image_csv::parse(&bytes, form).map_err(|problem| Error::data(path, problem))?;
    if labels.len() <= train {
        let problem = format!("expected more than {train} images, found {}", labels.len());
        return Err(Error::data(path, problem));
    }
    let test = ImageSplit { pixels: pixels.split_off(train * form.pixels), labels: labels.split_off(train) };
    Ok([ImageSplit { pixels, labels }, test])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::super::verify::tests::{LETTERS, fetched};
    use super::*;

    const TINY: Dataset = Dataset { content: Content::Idx { height: 2, width: 1, classes: 3 }, ..LETTERS };

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

    /// Two images of 2 × 1 to learn from and one to be judged by, but for the files in `instead`.
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
        let root = fetched(&files);
        images_of(&TINY, root.path())
    }

    #[test]
    fn idx_files_become_images() {
        let images = tiny(&[]).unwrap();
        assert_eq!((images.height, images.width, images.classes, images.max), (2, 1, 3, 255));
        assert_eq!(images.train, ImageSplit { pixels: vec![1, 2, 3, 255], labels: vec![2, 0] });
        assert_eq!(images.test, ImageSplit { pixels: vec![5, 6], labels: vec![1] });
        assert_eq!((images.train.len(), images.test.len(), images.test.is_empty()), (2, 1, false));
        assert_eq!(images.sha256, checksum::of_bytes(&[1, 2, 3, 255, 2, 0, 5, 6, 1]));
    }

    #[test]
    fn damaged_idx_files_are_named() {
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
    fn lines_of_numbers_become_images_that_are_split_in_their_order() {
        let content =
            |train| Content::ImageCsv { file: "a.csv.gz", height: 1, width: 2, classes: 3, max: 16, train };
        let root = fetched(&[("a.csv.gz", &gzip(b"1,2,0\n3,4,1\n5,16,2\n"))]);
        let images = images_of(&Dataset { content: content(1), ..LETTERS }, root.path()).unwrap();
        assert_eq!((images.height, images.width, images.classes, images.max), (1, 2, 3, 16));
        assert_eq!(images.train, ImageSplit { pixels: vec![1, 2], labels: vec![0] });
        assert_eq!(images.test, ImageSplit { pixels: vec![3, 4, 5, 16], labels: vec![1, 2] });
        let error = images_of(&Dataset { content: content(3), ..LETTERS }, root.path()).unwrap_err();
        assert!(error.to_string().ends_with("a.csv.gz: expected more than 3 images, found 3"), "{error}");

        let root = fetched(&[("a.csv.gz", &gzip(b"1,2,0\n3,17,1\n"))]);
        let error = images_of(&Dataset { content: content(1), ..LETTERS }, root.path()).unwrap_err();
        assert!(error.to_string().contains("a.csv.gz: line 2, number 2"), "{error}");
    }

    #[test]
    fn images_that_are_absent_or_no_images_are_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = Images::from_dataset("digits", dir.path()).unwrap_err().to_string();
        assert!(error.contains("`lstm-lab data fetch digits`"), "{error}");
        let error = Images::from_dataset("sotu", dir.path()).unwrap_err().to_string();
        assert!(error.contains("expected a dataset of images (`fashion_mnist`, `digits`)"), "{error}");
        let error = super::super::text("digits", dir.path()).unwrap_err().to_string();
        assert!(error.contains("expected a dataset of text (`shakespeare`, `sotu`)"), "{error}");
    }
}
